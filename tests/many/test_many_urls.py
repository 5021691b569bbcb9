"""convert_many() of URLs: files of a server or of this process, read and written through fsspec."""

from __future__ import annotations

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

import tfonnx_lab as lab
from tfonnx_lab.many import places


def test_urls_of_fsspec(folder: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/in/a/digits_float.tflite", Path(lab.samples.path("digits_float")).read_bytes())
    found = places.found(["memory://in"])
    assert [source for source, _ in found] == ["memory:///in/a/digits_float.tflite"]
    with places.readable(found[0][0]) as path:
        assert Path(path).name == "digits_float.tflite" and Path(path).stat().st_size > 10_000
    places.write("memory://out/a/x.onnx", b"abc")
    assert memory.cat("/out/a/x.onnx") == b"abc" and memory.find("/out") == ["/out/a/x.onnx"]
    with pytest.raises(lab.ConversionError, match="no model there"):
        places.found(["memory://out"])
    with pytest.raises(lab.ConversionError, match="nowhere"):
        places.found(["nowhere://out"])


def test_a_url_as_source_and_output(folder: Path, tmp_path: Path) -> None:
    out = f"file://{tmp_path}/out"
    sweep = lab.convert_many(f"file://{folder}/**/*.tflite", out, workers=1, verdict=False)
    assert sweep.counts == {"converted": 2, "refused": 1}
    assert (tmp_path / "out" / "deep" / "digits_int8.onnx").stat().st_size > 1000
    assert len((tmp_path / "out" / "report.jsonl").read_text("utf-8").splitlines()) == 3
    assert 'href="deep/digits_int8.onnx.html"' in (tmp_path / "out" / "index.html").read_text("utf-8")


def test_a_server_as_source(folder: Path, tmp_path: Path) -> None:
    """Over HTTP, from a server of this machine's: one file, and the folder that it lists."""
    handle = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handle) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{server.server_port}"
        one = lab.convert_many(f"{there}/digits_float.tflite", tmp_path / "one", workers=1, verdict=False, pages=False)
        more = lab.convert_many(f"{there}/*.tflite", tmp_path / "more", workers=1, verdict=False, pages=False)
        server.shutdown()
    assert [(row["source"], row["status"]) for row in one.rows] == [(f"{there}/digits_float.tflite", "converted")]
    assert more.counts == {"converted": 1, "refused": 1}
    assert (tmp_path / "more" / "digits_float.onnx").read_bytes() == (
        tmp_path / "one" / "digits_float.onnx"
    ).read_bytes()


def test_the_memory_of_this_process_as_source_and_output() -> None:
    """No other process sees it, so the files are lent to the one that converts."""
    memory = fsspec.filesystem("memory")
    for name in ("digits_float", "digits_int8"):
        memory.pipe_file(f"/from/{name}.tflite", Path(lab.samples.path(name)).read_bytes())
    sweep = lab.convert_many("memory://from", "memory://to", workers=1, verdict=False)
    assert sweep.counts == {"converted": 2}
    assert {row["source"] for row in sweep.rows} == {
        f"memory:///from/{n}.tflite" for n in ("digits_float", "digits_int8")
    }
    assert memory.size("/to/digits_int8.onnx") == sweep.rows[1]["bytes"] > 1000
    assert memory.cat("/to/digits_float.onnx.html").startswith(b"<!doctype html>")
    assert len(memory.cat("/to/report.jsonl").splitlines()) == 2 and memory.exists("/to/index.html")
