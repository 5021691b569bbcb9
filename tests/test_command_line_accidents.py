"""Nearly two hundred accidents on the command line: each ends in one clear error, and every file is as it was."""

from __future__ import annotations

import gzip
import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from test_bad_input import onnx_bytes
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main

FILES: dict[str, bytes] = {
    "m.tflite": samples.path("digits_float").read_bytes(),
    "custom.tflite": samples.path("digits_unsupported").read_bytes(),
    "half.tflite": samples.path("digits_float").read_bytes()[:5000],
    "empty.tflite": b"",
    "page.tflite": b"<!DOCTYPE html><html></html>",
    "lfs.tflite": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "model.onnx": onnx_bytes(),
    "model.h5": b"not HDF5",
    "model.keras": b"not a zip file",
    "model.pb": b"\x0a\xff\xff\xff",
    "model.meta": b"\x0a\xff\xff\xff",
    "notes.txt": b"what a day",
    "wrong.py": b"x = 1 / 0\n",
    "syntax.py": b"def (:\n",
    "missing.py": b"import no_such_module_at_all\n",
    "nothing.py": b"@handler\ndef f(): pass\n",
    "wide.npy": b"\x93NUMPY nonsense",
    "cat.jpg": b"\xff\xd8\xff no picture",
    "trace.tfltrace": b"{}",
    "second.tflite": samples.path("digits_int8").read_bytes(),
    "gz.tflite": gzip.compress(samples.path("digits_float").read_bytes(), mtime=0),
    "zeros.tflite": bytes(5000),
}

unclear: Any = importlib.import_module("benchmarks.fuzz_texts").unclear

ACCIDENTS = """
convert
convert nothing.tflite
convert ''
convert folder
convert pipe.tflite
convert empty.tflite
convert half.tflite
convert page.tflite
convert lfs.tflite
convert model.onnx
convert notes.txt
convert trace.tfltrace
convert model.h5
convert model.keras
convert model.pb
convert model.meta
convert custom.tflite
convert m.tflite half.tflite
convert --tflite
convert --tflite m.tflite --keras model.keras
convert --tflite nothing.tflite
convert --saved-model folder
convert --saved-model nothing
convert --checkpoint nothing.meta
convert m.tflite --output
convert m.tflite --output m.tflite
convert m.tflite --output ./folder/../m.tflite
convert m.tflite --output link.tflite
convert m.tflite --output hard.tflite
convert m.tflite --output folder
convert m.tflite --output pipe.tflite
convert m.tflite --output no/such/folder/x.onnx
convert m.tflite --output m.tflite/x.onnx
convert m.tflite --output x.ort --trace x.ort
convert m.tflite --output x.onnx --trace x.onnx
convert m.tflite --output x.onnx --trace m.tflite
convert m.tflite --output x.onnx --trace folder
convert m.tflite --output x.onnx --trace no/such/t.tfltrace
convert m.tflite --output x.onnx --trace pipe.tflite
convert m.tflite --output x.onnx --trace t.tfltrace --no-trace
convert m.tflite --outptu x.onnx
convert m.tflite --opset
convert m.tflite --opset twelve
convert m.tflite --opset 12
convert m.tflite --opset 99
convert m.tflite --opset -1
convert m.tflite --opset 18.5
convert m.tflite --opset 999999999999999999999999
convert m.tflite --target x86
convert m.tflite --target
convert m.tflite --target nnapi --exact bits
convert m.tflite --target nnapi --opset 27
convert m.tflite --exact bit --output x.onnx
convert m.tflite --exact=almost
convert m.tflite --exact bits --dequantize
convert m.tflite --hybrid sometimes
convert m.tflite --infer-relu maybe
convert m.tflite --verify never
convert m.tflite --memory -5
convert m.tflite --memory lots
convert m.tflite --inputs image[1,8,8
convert m.tflite --inputs image[]
convert m.tflite --inputs nothing[1,8,8,1]
convert m.tflite --inputs image[1,8,8,1,1]
convert m.tflite --inputs image[0,8,8,1]
convert m.tflite --inputs image[99999999999,8,8,1]
convert m.tflite --inputs image[-7,8,8,1]
convert m.tflite --outputs nothing
convert m.tflite --inputs-as-nchw nothing
convert m.tflite --outputs-as-nchw probabilities,nothing
convert m.tflite --rename-inputs a,b
convert m.tflite --rename-outputs image
convert m.tflite --rename-inputs a,a
convert m.tflite --signature_def nothing
convert m.tflite --extra_opset com.example
convert m.tflite --extra_opset com.example:99999999999999999999
convert m.tflite --extra_opset com.example:-1
convert m.tflite --handlers
convert m.tflite --handlers nothing_here.py
convert m.tflite --handlers wrong.py
convert m.tflite --handlers syntax.py
convert m.tflite --handlers missing.py
convert m.tflite --handlers nothing.py
convert m.tflite --handlers no.such.module
convert m.tflite --handlers folder
convert m.tflite --tfjs model.json
convert m.tflite --load_op_libraries x.so
convert m.tflite --dequantise
convert m.tflite --concrete_function x
convrt m.tflite
-convert m.tflite
--convert m.tflite
compare
compare nothing.tflite
compare half.tflite -q
compare model.onnx
compare m.tflite --input nothing.npy
compare m.tflite --input wide.npy
compare m.tflite --input cat.jpg
compare m.tflite --input folder
compare m.tflite --input m.tflite
compare m.tflite --input small.npy
compare m.tflite --inptu small.npy
mobile
mobile nothing.tflite
mobile half.tflite
mobile notes.txt
mobile m.tflite --output m.tflite
mobile m.tflite --level most
mobile m.tflite --nnapi-level 12
mobile m.tflite --json no/such/x.json
mobile m.tflite --json m.tflite
mobile m.tflite --html ./m.tflite
mobile m.tflite --html pipe.tflite
mobile m.tflite --json hard.tflite
convert-many
convert-many folder
convert-many m.tflite
convert-many nothing --output many
convert-many m.tflite --output m.tflite
convert-many m.tflite --output many --workers many
convert-many m.tflite --output many --memory-limit lots
convert-many m.tflite --output many --against nothing
ops NO_SUCH_OP
ops CONV_2
demo --no-browsr
convert loop
convert https://example.org/m.tflite
convert file:///m.tflite
convert ~nobody/m.tflite
convert -m.tflite
convert gz.tflite
convert zeros.tflite
convert m.tflite --output ''
convert m.tflite --output .
convert m.tflite --output -
convert m.tflite --output x.onnx --trace -
convert -
convert --tflite -
convert-many m.tflite --output -
mobile m.tflite --output -
convert m.tflite --output loop
convert m.tflite --output second.tflite
convert m.tflite --output dangling.onnx
convert m.tflite --output m.tflite/
convert m.tflite --output LONG.onnx
convert m.tflite --output DEEP/x.onnx
convert LONG.tflite
convert m.tflite --output x.onnx --trace ./folder/../x.onnx
convert m.tflite --output x.onnx --trace ''
convert m.tflite --inputs
convert m.tflite --inputs ''
convert m.tflite --inputs image=1,8,8,1
convert m.tflite --inputs image[1.5,8,8,1]
convert m.tflite --inputs image[1e3,8,8,1]
convert m.tflite --inputs image[+-1,8,8,1]
convert m.tflite --inputs image[1,8,8,1],image[2,8,8,1]
convert m.tflite --outputs ''
convert m.tflite --outputs ,
convert m.tflite --outputs probabilities,probabilities
convert m.tflite --rename-inputs ''
convert m.tflite --custom-ops
convert m.tflite --custom-ops ''
convert m.tflite --signature ''
convert m.tflite --opset=18=19
convert m.tflite --opset ''
convert m.tflite --memory 0
convert m.tflite --memory 1e99
convert m.tflite --memory nan
convert m.tflite --exact=''
compare m.tflite second.tflite
compare m.tflite --input image=nothing.npy
compare m.tflite --runs 0
mobile m.tflite --output ''
mobile m.tflite --output model.onnx/x
mobile m.tflite --html ''
convert-many m.tflite --output ''
convert-many m.tflite --output loop
convert-many m.tflite --output many --workers 0
convert-many m.tflite --output many --workers -1
convert-many m.tflite --output many --workers 1.5
convert-many m.tflite --output many --time-limit 0
convert-many m.tflite --output many --time-limit -5
convert-many m.tflite --output many --time-limit nan
convert-many m.tflite --output many --inputs image[
ops --all --none
lab m.tflite
version
help convert
""".strip().splitlines()


def contents(folder: Path) -> dict[str, object]:
    """Every file of the folder: its bytes, or what kind of thing it is."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if "__pycache__" not in path.parts:
            kind = path.lstat()
            found[str(path.relative_to(folder))] = (
                kind.st_mode,
                kind.st_nlink,
                path.read_bytes() if path.is_file() else b"",
            )
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.tflite").symlink_to("m.tflite")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling.onnx").symlink_to("nowhere/x.onnx")
    os.link(tmp_path / "m.tflite", tmp_path / "hard.tflite")
    os.mkfifo(tmp_path / "pipe.tflite")
    np.save(tmp_path / "small.npy", np.zeros([3, 2], np.float32))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


@pytest.mark.parametrize("line", ACCIDENTS)
def test_an_accident_is_one_clear_error(line: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(folder)
    line = line.replace("LONG", "n" * 300).replace("DEEP", "d/" * 2100)
    words = [word.replace("''", "") for word in line.split()]
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr()
    assert end.value.code in (1, 2), (end.value.code, said)
    told = said.err.strip() or said.out.strip()
    assert told and "Traceback" not in told
    if "wrong.py" not in line and "syntax.py" not in line and "missing.py" not in line and "nothing.py" not in line:
        assert not unclear(re.sub(r"(?s)^usage:.*?(?=\n\S+( \S+)?: error)", "", told)), told
    assert contents(folder) == before
