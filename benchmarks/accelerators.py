"""What NNAPI and CoreML run of models, before and after `target=`: `python benchmarks/accelerators.py FOLDER_OR_FILE
...`.

For each model: nodes that the provider takes of all, partitions, and whether a session is created, of the default
conversion and of that for the provider; nrmse of the outputs against LiteRT's reference kernels of both (`--parity`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Literal

import tfonnx_lab as lab
from tfonnx_lab.mobile.answer import CREATED, ProviderAnswer

Target = Literal["x86_64", "nnapi", "coreml"]


def stands(answer: ProviderAnswer) -> str:
    """Taken/all nodes, partitions, a dash where no session is created."""
    taken = sum(n.supported for n in answer.nodes)
    return f"{taken}/{len(answer.nodes)} in {len(answer.partitions)}{'' if answer.session == CREATED else ' -'}"


def measured(path: Path, parity: bool) -> list[str]:
    """The cells of a model's row."""
    results = {t: lab.convert(path, target=t) for t in ("x86_64", "nnapi", "coreml")}
    asked = {t: r.mobile() for t, r in results.items()}
    cells = [
        stands(asked["x86_64"].nnapi()), stands(asked["nnapi"].nnapi()),
        stands(asked["x86_64"].coreml()), stands(asked["coreml"].coreml()),
    ]  # fmt: skip
    return cells + ([distance(r) for r in results.values()] if parity else [])


def distance(result: Any) -> str:
    """The largest nrmse of an output; a question mark where LiteRT does not run the model."""
    try:
        return f"{max(row.nrmse for row in lab.compare(result, band=False).outputs):.3g}"
    except (lab.ConversionError, ValueError):
        return "?"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--parity", action="store_true")
    given = parser.parse_args()
    paths = [p for m in given.models for p in (sorted(m.glob("*.tflite")) if m.is_dir() else [m])]
    head = ["model", "NNAPI 31, default", 'target="nnapi"', "CoreML 7, default", 'target="coreml"']
    head += ["nrmse, default", "nnapi", "coreml"] if given.parity else []
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for path in paths:
        try:
            print(f"| {path.stem} | {' | '.join(measured(path, given.parity))} |", flush=True)
        except lab.ConversionError as error:
            print(f"{path.stem}: {str(error).splitlines()[0]}", file=sys.stderr)


if __name__ == "__main__":
    main()
