"""The table of truth: faults to plant, options to convert with, the lines that come of it."""
