"""One widget that holds others: parts speak over its comm, are linked in Python, and can be shown by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.widgets._inside import InsideComm
from widgets.front import Front


@pytest.fixture(scope="module")
def result() -> lab.Conversion:
    return lab.convert(samples.path("digits_int8"))


@pytest.fixture
def it(result: lab.Conversion) -> Iterator[lab.Lab]:
    made = lab.Lab(result)
    yield made
    made.close()


def test_a_part_is_handed_over_whole_and_has_no_comm_of_its_own(it: lab.Lab) -> None:
    front = Front(it)
    opened = front.opened("Steps")
    assert opened["front"] == "stepper" and opened["state"]["index"] == it.index
    assert opened["buffer_paths"] == [["trace"]] and front.sent[-1][1] == [it.view("Steps").trace]
    assert not {"_esm", "_code", "layout", "trace"} & opened["state"].keys()
    for name in it.tabs:
        assert isinstance(it.view(name).comm, InsideComm), name


def test_what_is_done_in_one_part_reaches_the_others(it: lab.Lab) -> None:
    front = Front(it)
    for name in ("Handlers", "Parity"):
        front.opened(name)
    said = front.set("Parity", selection=4)
    echo = [m for m in said if m.get("data", {}).get("method") == "echo_update"]
    assert echo == [{"part": "Parity", "data": echo[0]["data"], "from": "me"}], "whoever did it knows its own echo"
    assert echo[0]["data"]["state"] == {"selection": 4}
    told = {m["part"]: m["data"]["state"] for m in said if m["part"] in ("Handlers", "about") and "state" in m["data"]}
    assert told["Handlers"].keys() >= {"detail"} or any("detail" in m["data"].get("state", {}) for m in said)
    assert it.selection == 4 and it.view("Handlers").detail["op"] == 4


def test_a_message_to_a_part_is_answered_by_it(it: lab.Lab) -> None:
    front = Front(it)
    front.opened("Handlers")
    said = front.say({"part": "Handlers", "from": "me", "data": {"method": "custom", "content": {"do": "nothing"}}})
    assert [m["data"]["content"] for m in said] == [{"done": "nothing"}]


def test_only_traits_that_are_shared_are_set(it: lab.Lab) -> None:
    front = Front(it)
    front.opened("Handlers")
    front.set("Handlers", folder="/etc", result=None)
    assert it.view("Handlers").result is it.result and str(it.view("Handlers").folder) == "."
    said = front.say({"part": "no tab", "open": True})[-1]["failed"]
    assert "the lab has no tab 'no tab'; there are Handlers" in said


def test_a_part_is_shown_by_itself_as_well(it: lab.Lab) -> None:
    before = len(ipywidgets.widgets.widget._instances)
    view = it.view("Handlers")
    bundle = view._repr_mimebundle_()[0]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
    sent: list[object] = []
    assert isinstance(view.comm, InsideComm)
    view.comm._own.send = lambda **message: sent.append(message)
    view.selection = 3
    assert sent, "its own comm hears what the lab's does"
    assert len(ipywidgets.widgets.widget._instances) <= before + 2


def test_every_view_alone_in_a_cell_has_a_form_without_a_front_end(result: lab.Conversion) -> None:
    views = [
        lab.QuantizationView(result),
        lab.QuantizationView(lab.convert(samples.path("digits_float"))),
        lab.NetronPair(result),
        lab.Compare(result, result),
        lab.Lab(result),
    ]
    for view in views:
        bundle = view._repr_mimebundle_()[0]
        assert bundle["text/plain"] and bundle["text/html"].startswith("<"), type(view)
        view.close()
