"""convert_many(): a row for each model, whatever happens to it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnx
import psutil
import pytest

import tfonnx_lab as lab
from tfonnx_lab.commands.cli import main
from tfonnx_lab.many import guard, places
from tfonnx_lab.many.job import Job
from tfonnx_lab.many.table import Sweep


def test_a_row_a_model_and_files_that_load(folder: Path, tmp_path: Path) -> None:
    sweep = lab.convert_many(folder, tmp_path / "out", workers=1)
    found = {row["name"]: row for row in sweep.rows}
    assert list(found) == sorted(found) and set(found) == {"digits_float", "deep/digits_int8", "digits_unsupported"}
    assert sweep.counts == {"right": 2, "refused": 1} and not sweep.ok
    assert "could not be converted" in found["digits_unsupported"]["error"]
    for name in ("digits_float", "deep/digits_int8"):
        onnx.checker.check_model(onnx.load(tmp_path / "out" / f"{name}.onnx"), full_check=True)
        assert found[name]["bytes"] == (tmp_path / "out" / f"{name}.onnx").stat().st_size
        assert (tmp_path / "out" / f"{name}.onnx.html").read_text("utf-8").startswith("<!doctype html>")
        assert "no op is wrong by itself" in found[name]["verdict"]
    assert not (tmp_path / "out" / "digits_unsupported.onnx").exists()
    lines = [json.loads(line) for line in (tmp_path / "out" / "report.jsonl").read_text("utf-8").splitlines()]
    assert {line["name"] for line in lines} == set(found)


def test_a_second_run_takes_over_what_still_holds(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    heard: list[str] = []

    def hear(row: dict[str, Any], count: int, total: int) -> None:
        heard.append(row["name"])
        assert total == 3

    lab.convert_many(folder, out, workers=1, verdict=False, pages=False, heard=hear)
    assert sorted(heard) == ["deep/digits_int8", "digits_float", "digits_unsupported"]
    heard.clear()
    lab.convert_many(folder, out, workers=1, verdict=False, pages=False, heard=hear)
    assert heard == []
    (out / "digits_float.onnx").unlink()
    os.utime(folder / "deep" / "digits_int8.tflite", (1, 1))
    lab.convert_many(folder, out, workers=1, verdict=False, pages=False, heard=hear)
    assert sorted(heard) == ["deep/digits_int8", "digits_float"], "what is gone and what has changed"
    heard.clear()
    lab.convert_many(folder, out, workers=1, verdict=False, pages=False, heard=hear, opset=17)
    assert len(heard) == 3, "other options"
    heard.clear()
    lab.convert_many(folder, out, workers=1, verdict=False, pages=False, heard=hear, opset=17, fresh=True)
    assert len(heard) == 3, "all anew"


def test_a_run_that_was_cut_short_goes_on(folder: Path, tmp_path: Path) -> None:
    """As after a kill: the report ends in half a line, and the rest is converted."""
    out = tmp_path / "out"
    lab.convert_many(folder, out, workers=1, verdict=False, pages=False)
    lines = (out / "report.jsonl").read_text("utf-8").splitlines(keepends=True)
    (out / "report.jsonl").write_text(lines[0] + lines[1][:40], "utf-8")
    heard: list[str] = []
    sweep = lab.convert_many(
        folder, out, workers=1, verdict=False, pages=False, heard=lambda row, count, total: heard.append(row["name"])
    )
    assert len(heard) == 2 and len(sweep.rows) == 3
    (out / "report.jsonl").write_text(f"{lines[0][:40]}\n{lines[1]}", "utf-8")
    with pytest.raises(lab.ConversionError, match=r"report\.jsonl: line 1 is no row of a sweep"):
        lab.Sweep.load(out)


def test_a_process_that_is_killed_is_one_row(folder: Path, tmp_path: Path) -> None:
    rule = tmp_path / "rule.py"
    rule.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    sweep = lab.convert_many(folder / "deep", tmp_path / "out", workers=1, handlers=[rule])
    assert [row["status"] for row in sweep.rows] == ["crashed"] and "SIGKILL" in sweep.rows[0]["error"]


def _killed_while_it_runs(count: list[int]) -> None:
    """Kill the first converting process that is there."""
    for _ in range(600):
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):  # one that ends while it is looked at
                if any(part.endswith("many/process.py") for part in child.cmdline()):
                    child.send_signal(signal.SIGKILL)
                    count.append(child.pid)
                    return
        time.sleep(0.05)


def test_a_worker_killed_in_the_middle_loses_no_row(folder: Path, tmp_path: Path) -> None:
    guard.close_idle()
    killed: list[int] = []
    thread = threading.Thread(target=_killed_while_it_runs, args=[killed])
    thread.start()
    sweep = lab.convert_many(folder, tmp_path / "out", workers=1, pages=False)
    thread.join()
    assert killed and len(sweep.rows) == 3
    assert sweep.counts.get("crashed") == 1
    again = lab.convert_many(folder, tmp_path / "out", workers=1, pages=False)
    assert again.counts == {"right": 2, "refused": 1}, "what crashed is tried again"


@pytest.mark.parametrize(
    ("code", "limits", "status", "said"),
    [
        ("import time\ntime.sleep(60)\n", {"time_limit": 1.5}, "timeout", "1.5 s"),
        ("x = bytearray(900_000_000)\nimport time\ntime.sleep(60)\n", {"memory_limit": 700_000_000}, "memory", "bytes"),
        ("1 / 0\n", {}, "crashed", "ZeroDivisionError"),
    ],
)
def test_limits(folder: Path, tmp_path: Path, code: str, limits: dict[str, Any], status: str, said: str) -> None:
    rule = tmp_path / "rule.py"
    rule.write_text(code)
    sweep = lab.convert_many(folder / "deep", tmp_path / "out", workers=1, handlers=[rule], **limits)
    assert [row["status"] for row in sweep.rows] == [status] and said in sweep.rows[0]["error"]
    assert not list((tmp_path / "out").glob("*.onnx"))


def test_a_file_that_cannot_be_written_is_one_row(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "digits_float.onnx").mkdir(parents=True)
    sweep = lab.convert_many(folder, out, workers=1, verdict=False, pages=False)
    found = {row["name"]: row["status"] for row in sweep.rows}
    assert found == {"digits_float": "not written", "deep/digits_int8": "converted", "digits_unsupported": "refused"}


def test_handlers_reach_the_processes_and_rules_of_this_one_are_told(folder: Path, tmp_path: Path) -> None:
    rule = tmp_path / "rule.py"
    rule.write_text(
        "from tfonnx_lab import handler\n\n@handler('LabSharpen')\ndef sharpen(op, node, x):\n"
        '    """LabSharpen => Identity."""\n    return op.Identity(x)\n'
    )
    sweep = lab.convert_many(folder, tmp_path / "out", workers=1, verdict=False, pages=False, handlers=[rule])
    assert sweep.counts == {"converted": 3}

    @lab.handler("LabSharpen")
    def of_this_process(op: Any, node: Any, x: Any) -> Any:
        """LabSharpen => Identity."""
        return op.Identity(x)

    try:
        with pytest.raises(ValueError, match="of_this_process"):
            lab.convert_many(folder, tmp_path / "more", workers=1)
    finally:
        lab.restore()


def test_a_full_disk_loses_no_row(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that does not fit leaves no half of it; the sweep goes on, has all rows, and says what is missing."""
    full = {"left": 1}
    write, sync = places.write, os.fsync

    def fsync(number: int) -> None:
        full["left"] -= 1
        if full["left"] < 0:
            raise OSError(28, "No space left on device")
        sync(number)

    def no_page(target: str, data: bytes) -> None:
        if target.endswith("index.html"):
            raise lab.ConversionError(f"{target}: not written: the disk is full")
        write(target, data)

    monkeypatch.setattr(places, "os", SimpleNamespace(**{**vars(os), "fsync": fsync}))
    monkeypatch.setattr(places, "write", no_page)
    sweep = lab.convert_many(folder, tmp_path / "out", workers=1, verdict=False, pages=False)
    assert sweep.counts == {"converted": 2, "refused": 1}
    assert not sweep.ok and "index.html: not written: the disk is full" in str(sweep)
    found = Sweep.load(tmp_path / "out")
    assert {row["name"] for row in found.rows} == {row["name"] for row in sweep.rows}, "written anew at the end"


def test_any_executor(folder: Path, tmp_path: Path) -> None:
    class Broken(ThreadPoolExecutor):
        """Takes one job and no more."""

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
            if getattr(self, "taken", False):
                raise RuntimeError("broken")
            self.taken = True
            return super().submit(function, *args, **kwargs)

    with ThreadPoolExecutor(1) as threads:
        sweep = lab.convert_many(folder, tmp_path / "a", executor=threads, verdict=False, pages=False)
    assert sweep.counts == {"converted": 2, "refused": 1}
    with Broken(1) as threads:
        sweep = lab.convert_many(folder, tmp_path / "b", executor=threads, verdict=False, pages=False)
    assert sweep.counts["lost"] == 2 and len(sweep.rows) == 3
    with pytest.raises(ValueError, match="one of them"):
        lab.convert_many(folder, tmp_path / "b", executor=threads, scheduler="tcp://x:1")


def test_a_dask_cluster(folder: Path, tmp_path: Path) -> None:
    """A real scheduler with a worker in a process of its own, reached by its address."""
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
    ) as cluster:
        sweep = lab.convert_many(
            folder, tmp_path / "out", scheduler=cluster.scheduler_address, verdict=False, pages=False
        )
    assert sweep.counts == {"converted": 2, "refused": 1}
    assert (tmp_path / "out" / "digits_float.onnx").stat().st_size > 10_000


def test_two_sweeps_are_compared(folder: Path, tmp_path: Path) -> None:
    old = lab.convert_many(folder, tmp_path / "old", workers=1, verdict=False, pages=False)
    (folder / "digits_unsupported.tflite").unlink()
    new = lab.convert_many(
        folder, tmp_path / "new", workers=1, verdict=False, pages=False, dequantize=True, against=tmp_path / "old"
    )
    assert old.changes == []
    found = {change.name: change for change in new.changes}
    assert found["digits_unsupported"].only == "before"
    assert set(found) == {"digits_unsupported", "deep/digits_int8"}, "the float model is the same"
    assert "nodes" in found["deep/digits_int8"].fields
    assert "different from the sweep before" in str(new)
    assert "digits_unsupported" in (tmp_path / "new" / "index.html").read_text("utf-8")


def test_names() -> None:
    assert places.named(["/a/b/c.tflite", "/a/d.tflite"]) == ["b/c", "d"]
    assert places.named(["/a/c.tflite", "/a/c.keras"]) == ["c.tflite", "c.keras"]
    assert places.named(["s3://x/y/a.tflite", "/z/a.tflite"]) == ["x/y/a", "z/a"]


def test_nothing_is_overwritten_or_missing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(lab.ConversionError, match="No such file"):
        lab.convert_many(tmp_path / "none.tflite", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(lab.ConversionError, match="no model there"):
        lab.convert_many(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(lab.ConversionError, match="no model there"):
        lab.convert_many(tmp_path / "*.none", tmp_path / "out")
    with pytest.raises(ValueError, match="max_workers"):
        lab.convert_many(folder, tmp_path / "out", workers=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(lab.ConversionError, match="is a file; name a folder"):
        lab.convert_many(folder, tmp_path / "file", workers=1)
    assert (tmp_path / "file").read_text() == ""


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["convert-many", str(folder / "deep"), "--output", str(tmp_path / "out"), "--workers", "1"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--latency", "--memory-limit", "4G"])
    assert ended.value.code == 0
    assert "1 model: 1 right" in capsys.readouterr().out
    row = json.loads((tmp_path / "out" / "report.jsonl").read_text("utf-8"))
    assert row["latency_ms"] > 0 and row["seconds"] > 0
    with pytest.raises(SystemExit) as ended:
        main(["convert-many", str(folder), "--output", str(tmp_path / "o"), "--workers", "1", "--no-verdict"])
    assert ended.value.code == 1
    assert "digits_unsupported: refused" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--memory-limit", "much"])
    assert ended.value.code == 2


def test_a_job_is_plain_data() -> None:
    import pickle

    job = Job("a", "b", "", "a", "1", {"inputs": {"x": (1, 2)}})
    assert pickle.loads(pickle.dumps(job)) == job
    assert json.loads(json.dumps(job.row("right")))["asked"]["options"] == {"inputs": "{'x': (1, 2)}"}


def test_a_model_may_be_called_as_the_table_is(tmp_path: Path) -> None:
    (tmp_path / "index.tflite").write_bytes(Path(lab.samples.path("digits_int8")).read_bytes())
    lab.convert_many(tmp_path / "index.tflite", tmp_path / "out", workers=1, verdict=False)
    assert "tfonnx_lab: 1 models" in (tmp_path / "out" / "index.html").read_text("utf-8")
    assert 'href="index.onnx.html"' in (tmp_path / "out" / "index.html").read_text("utf-8")


def test_the_number_of_processes_counts_where_the_system_tells_no_affinity(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS and Windows."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    with pytest.raises(ValueError, match="max_workers"):
        lab.convert_many(folder, tmp_path / "out", workers=0)


def test_a_table_of_ten_thousand_takes_a_moment() -> None:
    """A column is looked for once, not once a row: that took ten seconds."""
    rows = [{"name": f"m{number}", "status": "right", "nodes": number} for number in range(10_000)]
    began = time.process_time()
    text = Sweep(rows).to_html()
    assert text.count("<tr data-status") == 10_000 and time.process_time() - began < 4


def test_the_page_has_a_column_for_what_was_asked_alone() -> None:
    """No latency where none was measured, no word on an older sweep where there is none."""
    row = {"name": "m", "status": "right", "source_bytes": 2000, "bytes": 3000, "nodes": 2, "seconds": 0.1}

    def columns(sweep: Sweep) -> list[str]:
        heads = sweep.to_html().partition("<thead>")[2].partition("</thead>")[0]
        return re.findall(r">([^<>]+)</button>", heads)

    always = columns(Sweep([row]))
    assert "ms" not in always and "before" not in always and {"status", "model", "nodes", "CPU s"} <= set(always)
    assert columns(Sweep([row, {**row, "name": "n", "latency_ms": 0.4}])) == [*always, "ms"]
    assert columns(Sweep([row], Sweep([row]))) == [*always, "before"]
