"""The command line: convert, demo, and what they print."""
