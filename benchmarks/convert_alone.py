"""One conversion by one tool in a process of its own: `python convert_alone.py TOOL MODEL OUTPUT OPSET [TURNS]`.

TOOL: ours, tf2onnx, or floor, which reads the TFLite file and writes an ONNX file that is there already: what no
converter can do without. Prints a line of JSON: `first`, `warm` (the least of TURNS more) in seconds of CPU time. It
runs with any interpreter that has the tool, so it imports nothing else of this folder.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path


def converter(tool: str, model: str, output: str, opset: int) -> Callable[[], None]:
    """What converts once."""
    if tool == "ours":
        import tfonnx_lab as lab

        return lambda: [lab.convert(model, opset).save(output)].clear()
    if tool == "tf2onnx":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        logging.disable(50)
        from tf2onnx import convert

        return lambda: [convert.from_tflite(model, opset=opset, output_path=output)].clear()
    import onnx_ir as ir

    def floor() -> None:
        Path(model).read_bytes()
        ir.save(ir.load(output), f"{output}.again")

    return floor


def main() -> None:
    """Measure and print."""
    tool, model, output, opset = sys.argv[1:5]
    turns = int(sys.argv[5]) if len(sys.argv) > 5 else 3
    run = converter(tool, model, output, int(opset))
    times = []
    for _ in range(turns + 1):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    print(json.dumps({"first": times[0], "warm": min(times[1:]) if turns else times[0]}))


if __name__ == "__main__":
    main()
