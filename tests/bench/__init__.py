"""The parts of `dev/bench`; README.md here describes the files."""
