"""How many codes of quantized networks are LiteRT's: `python -m benchmarks.bits FOLDER_OR_FILE ... [--exact bits]`.

For each network of 8- or 16-bit codes, converted with `exact=` (default: "bits"), on the same random inputs as LiteRT's
reference kernels (BUILTIN_REF): the share of equal elements of its outputs, of all tensors that both have, and the ops
that differ though what flows into them is equal. Ops that compute with real numbers in the file are named: what flows
from them may differ. `--build FOLDER` first writes networks that nobody has seen, by benchmarks/networks.py. Exit
status 1 where a network of codes alone differs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from closing import printed

import tfonnx_lab as lab
from tfonnx_lab.parity.codes import Codes, compare_codes

EXACT: dict[str, Any] = {"false": False, "true": True, "bits": "bits"}
KINDS = ("int8", "per_tensor", "uint8", "int16")


def is_quantized(result: lab.Conversion) -> bool:
    """Whether codes flow through the network: whether any op but those around a float network makes them."""
    quants = [v for node in result.ir_model.graph for v in node.outputs if v.meta.get("quantization") is not None]
    return len(quants) > 1


def rows(paths: Sequence[Path], exact: Any, seeds: int, every: bool) -> Iterator[tuple[str, bool]]:
    """A line for each network, and whether it is as it should be."""
    total = Counter[str]()
    for path in paths:
        try:
            result = lab.convert(path, exact=exact)
            if not every and not is_quantized(result):
                continue
            found = [compare_codes(result, seed=seed) for seed in range(seeds)]
        except lab.ConversionError as error:
            yield f"{path.stem[:44]:45} {str(error).splitlines()[0][:90]}", True
            continue
        whole = all(f.equal for f in found)
        outputs = all(not row.differ for f in found for row in f.outputs)
        floats = Counter(op for op, _, _ in result.inexact)
        total.update(networks=1, outputs=outputs, whole=whole)
        named = ", ".join(f"{op} x {n}" if n > 1 else op for op, n in floats.items())
        yield (
            (
                f"{path.stem[:44]:45}{_share(found, True):>10}{_share(found, False):>10}  {_faults(found)}"
                + (f"  [in real numbers: {named}]" if named else "")
            ),
            whole or bool(floats) or exact != "bits",
        )
    yield (
        f"{total['outputs']} of {total['networks']} networks equal in every output, {total['whole']} in every tensor",
        True,
    )


def _share(found: Sequence[Codes], outputs: bool) -> str:
    chosen = [row for f in found for row in (f.outputs if outputs else f.rows)]
    count, differ = sum(row.count for row in chosen), sum(row.differ for row in chosen)
    return "all" if not differ else f"{1 - differ / max(count, 1):.3%}"


def _faults(found: Sequence[Codes]) -> str:
    off = Counter(row.op for f in found for row in f.faults)
    return ", ".join(f"{op} x {n}" for op, n in off.most_common(6))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--exact", choices=tuple(EXACT), default="bits")
    parser.add_argument("--seeds", type=int, default=1, help="how many random inputs each is run on")
    parser.add_argument("--all", action="store_true", help="float networks and those of dynamic range, too")
    parser.add_argument("--small", action="store_true", help="with --build: small networks, one a family of ops")
    parser.add_argument(
        "--build", type=Path, metavar="FOLDER", help="write networks there first, and measure them, too"
    )
    given = parser.parse_args(arguments)
    folders = list(given.models)
    if given.build is not None:
        given.build.mkdir(parents=True, exist_ok=True)
        script = Path(__file__).with_name("networks.py")
        small = ["--small"] if given.small else []
        subprocess.run([sys.executable, str(script), str(given.build), *small, "--kinds", *KINDS], check=True)
        folders.append(given.build)
    if not folders:
        parser.error("name a folder or a file, or --build FOLDER")
    paths = [p for m in folders for p in (sorted(m.glob("*.tflite")) if m.is_dir() else [m])]
    print(f"{'network':45}{'outputs':>10}{'tensors':>10}  ops that differ, given equal inputs")
    return printed(
        rows(paths, EXACT[given.exact], given.seeds, given.all),
        "networks differ",
        "every network of codes alone is LiteRT's, code by code",
    )


if __name__ == "__main__":
    sys.exit(main())
