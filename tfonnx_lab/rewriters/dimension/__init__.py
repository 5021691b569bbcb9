"""A dimension of an input that gets another size, followed through the ops of the file: `follow.py` first."""
