"""What `newsmill doctor` looks at, and what it concludes."""
