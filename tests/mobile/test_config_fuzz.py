"""2,000 edited config files: each is a config, or an error with a place; what is read is what ONNX Runtime's parser
reads."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tfonnx_lab.mobile.config import KernelConfig
from tfonnx_lab.mobile.config_errors import ConfigError

FILES = [
    "# two versions\nai.onnx;11,12;Add,Mul,Conv\nai.onnx;14;Reshape,Relu\ncom.microsoft;1;FusedConv\n",
    'ai.onnx;13;Cast{"inputs": {"0": ["float", "int32_t"]}, "outputs": {"0": ["float"]}},Gather{"inputs": {"0": '
    '["float"], '
    '"1": ["int64_t"]}},Shape\nai.onnx;11;OneHot{"custom": [["float", "int64_t", "int64_t"]]}\n',
    "!globally_allowed_types;float,int64_t,MLFloat16\nai.onnx;13;Softmax,MatMul\n",
    "!no_ops_specified_means_all_ops_are_required\n",
]
PIECES = [";", ",", "{", "}", '"', "#", "\n", "\r\n", " ", "\t", "\ufeff", "[", "]", ":", "!", "0", "13", "Add",
"ai.onnx", "float",
          "\x00", "\u2028", "é", "{" * 200, "[" * 5000, "9" * 30, "!globally_allowed_types;",
          '{"inputs": {"0": ["float"]}}']  # fmt: skip


def edited(random_: random.Random) -> str:
    """A file with one, two or four edits: pieces put in, cut out, doubled, exchanged, letters changed."""
    text = random_.choice(FILES)
    for _ in range(random_.choice([1, 1, 2, 4])):
        at, end = sorted(random_.randint(0, len(text)) for _ in range(2))
        end = min(end, at + random_.choice([1, 3, 20]))
        kind = random_.randrange(5)
        if kind == 0:
            text = text[:at] + random_.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[end:]
        elif kind == 2:
            text = text[:end] + text[at:]
        elif kind == 3:
            text = text[:at] + "".join(random_.sample(text[at:end], end - at)) + text[end:]
        else:
            text = text[:at] + chr(random_.randint(32, 126)) + text[at + 1 :]
    return text


def test_2000_edited_files() -> None:
    random_ = random.Random(20261127)
    read = refused = 0
    for _ in range(2000):
        text = edited(random_)
        try:
            config = KernelConfig.parse(text)
        except ConfigError as error:
            refused += 1
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            assert error.problems
            for problem in error.problems:
                assert 1 <= problem.line <= len(lines)
                assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
                assert problem.message and problem.text == lines[problem.line - 1]
        else:
            read += 1
            assert KernelConfig.parse(str(config)) == config
    assert read > 150 and refused > 1000


def stock(text: str, folder: Path) -> Any:
    """Operators and type filter as ONNX Runtime's parser reads them, each file by itself."""
    from onnxruntime.tools.reduced_build_config_parser import parse_config

    path = folder / "ops.config"
    path.write_text(text, newline="")
    return parse_config(str(path), True)


def test_what_is_read_is_what_onnx_runtime_reads(tmp_path: Path) -> None:
    """Of the edited files that are configs: the same operators, once our file has a version a line (its bug
    otherwise)."""
    random_ = random.Random(5)
    compared = 0
    while compared < 100:
        text = edited(random_)
        try:
            config = KernelConfig.parse(text)
        except ConfigError:
            continue
        ops, _ = stock(str(config), tmp_path)
        assert (ops is None) == config.keeps_all
        found = {(d, v): frozenset(names) for d, by in (ops or {}).items() for v, names in by.items()}
        assert found == dict(config.ops)
        compared += 1
