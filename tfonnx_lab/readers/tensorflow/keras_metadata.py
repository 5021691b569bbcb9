"""What Keras 2 writes beside a SavedModel: its model's configuration, which has the order of dicts and lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Orders = tuple[tuple[str, ...], ...]


def written_orders(folder: Path) -> Orders:
    """Names in the order of the caller: keys and layers of the inputs, keys and layers of the outputs, as far as there
    are any. A signature's names are one of those. Keras 3 and `model.export()` write no such file.

    folder: of a SavedModel.
    """
    try:
        from tensorflow.python.keras.protobuf import saved_metadata_pb2

        nodes = saved_metadata_pb2.SavedMetadata.FromString((folder / "keras_metadata.pb").read_bytes()).nodes
        config = json.loads(next(node.metadata for node in nodes if node.node_path == "root"))["config"]
        sides = [list(_leaves(config.get(side, ()))) for side in ("input_layers", "output_layers")]
    except Exception:  # no such file, or of another Keras: the signature is all that is known
        return ()
    return tuple(tuple(name[which] for name in side) for side in sides for which in (0, 1))


def _leaves(item: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(key, name of the layer) of `["layer", 0, 0]` in lists and dicts, in the order in which they were written."""
    if isinstance(item, Mapping):
        for name, inner in item.items():
            yield from _leaves(inner, str(name))
    elif isinstance(item, list) and item and isinstance(item[0], str):
        yield key, item[0]
    else:
        for inner in item:
            yield from _leaves(inner, key)
