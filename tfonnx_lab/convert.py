"""`python -m tfonnx_lab.convert`: takes the flags that scripts give to tf2onnx.convert.

Importing it as a module gives nothing; the function is `tfonnx_lab.convert`.
"""

from tfonnx_lab.commands.cli import main

if __name__ == "__main__":
    import sys

    main(["convert", *sys.argv[1:]])
