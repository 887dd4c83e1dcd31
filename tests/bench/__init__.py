"""What `dev/bench` is made of; README.md here says which file is what."""
