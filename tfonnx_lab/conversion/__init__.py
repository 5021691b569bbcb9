"""A model in, plain data out: options, the pipeline of the three stages, its result, the file.

It knows no room above it.
"""
