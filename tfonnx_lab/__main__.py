"""`python -m tfonnx_lab`: the command line."""

from tfonnx_lab.cli import main

main()
