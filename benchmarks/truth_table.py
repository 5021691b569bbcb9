"""How often the verdict is right: on conversions that are, and on conversions with one planted fault.

usage: python -m benchmarks.truth_table [FOLDER] [--count 60] [--seed 0] [--only TEXT] [--kind TEXT] [--jobs N]
[--keep FILE]. Right ones: the models of the folder (default: ../shared/models) by turns with several options. Faulty
ones: a fault of `benchmarks/truth/kinds.py` at one op of one model, drawn at random; it counts where it changes the
numbers that the model returns, which is told by running the two ONNX files side by side, without LiteRT, or where ONNX
Runtime does not run the file any more. A fault in an op of a subgraph is that of the op that runs it. Prints each, how
often the op with the fault is the first named, how often an innocent is accused.
FILE holds what was found; started again with the same file, seed and folder, it goes on from there.
Exit status 1 where one is not right.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

main: Any = importlib.import_module("benchmarks.truth.table").main

if __name__ == "__main__":
    sys.exit(main())
