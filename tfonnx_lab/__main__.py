"""`python -m tfonnx_lab`: the command line."""

from tfonnx_lab.commands.cli import main

main()
