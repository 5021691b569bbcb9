"""Packs measured kernel sizes into tfonnx_lab/mobile/data: `python benchmarks/pack_kernel_sizes.py FOLDER`.

FOLDER holds arm64_minsize.json, arm64_release.json and links.json, as the measurement writes them (how they were
measured is told in tfonnx_lab/mobile/data/README.md). What can be computed from the blocks is left out.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent.parent / "tfonnx_lab" / "mobile" / "data"


def main(folder: Path) -> None:
    """Write kernel_sizes.json.gz and links.json."""
    small, release = (json.loads((folder / f"arm64_{name}.json").read_text()) for name in ("minsize", "release"))
    packed = {
        "minsize": {
            "source": small["source"],
            "base": [small["base"][part] for part in ("text", "rodata", "data")],
            "shared_mlas": small["shared_mlas"],
            "registrations": _registrations(small),
            "blocks": [[block["r"], [], block["b"]] for block in small["blocks"]],
        },
        "release": {
            "source": release["source"],
            "base": [release[f"base_{part}"] for part in ("text", "rodata", "data")],
            "shared_mlas": 0,
            "registrations": _registrations(release),
            "blocks": [[block["r"], block["t"], block["b"][:3]] for block in release["blocks"]],
        },
    }
    text = json.dumps(packed, separators=(",", ":")).encode()
    (_DATA / "kernel_sizes.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    links = json.loads((folder / "links.json").read_text())
    (_DATA / "links.json").write_text(json.dumps(links, indent=1) + "\n")
    for path in sorted(_DATA.iterdir()):
        print(path.name, path.stat().st_size)


def _registrations(table: dict[str, Any]) -> list[list[Any]]:
    return [[r["domain"], r["op"], r["since_version"], r["end_version"], r["type"]] for r in table["registrations"]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
