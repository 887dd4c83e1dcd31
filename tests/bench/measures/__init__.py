"""One measure a file; see README.md in the folder above."""
