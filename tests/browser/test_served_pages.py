"""The server extension's pages by themselves: no other host, no expiry, nothing outside of the server's folder, no
stranger."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import quote

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from playwright.sync_api import Browser, Locator, Page, expect

import tfonnx_lab
from browser.desk import new_page, unharmed
from browser.lab import TOKEN, Lab
from tfonnx_lab import samples

pytestmark = [pytest.mark.browser, pytest.mark.fresh_page]
IN_TEN_YEARS = 2_110_000_000_000


@pytest.fixture(scope="module")
def files(lab: Lab) -> Path:
    """A folder with a model and its trace."""
    folder = lab.root / "pages"
    folder.mkdir(exist_ok=True)
    (folder / "digits.tflite").write_bytes(samples.path("digits_int8").read_bytes())
    tfonnx_lab.convert(folder / "digits.tflite").trace.save(folder / "digits.tfltrace")
    return folder


@pytest.fixture
def member(lab: Lab, page: Page, files: Path) -> Page:
    """A page of somebody who is logged in."""
    page.goto(f"{lab.url}api/status?token={TOKEN}")
    return page


def model(lab: Lab, path: str) -> str:
    return f"{lab.url}tfonnx_lab/netron/?path={quote(path, safe='')}"


def nodes(page: Page) -> Locator:
    return page.frame_locator("iframe.tl-netron").locator(".graph-node")


def test_netron_still_opens_in_ten_years(lab: Lab, member: Page) -> None:
    member.add_init_script(
        f"Date.now = () => {IN_TEN_YEARS}; Date = class extends Date "
        f"{{ constructor(...a) {{ super(...(a.length ? a : [{IN_TEN_YEARS}])); }} }}"
    )
    member.goto(model(lab, "pages/digits.tflite"))
    nodes(member).first.wait_for()
    expect(member.frame_locator("iframe.tl-netron").locator("#message-text")).to_be_hidden()


def test_a_link_cannot_make_netron_ask_another_host(lab: Lab, member: Page) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.setblocking(False)
        member.goto(model(lab, f"http://127.0.0.1:{stranger.getsockname()[1]}/model.tflite"))
        expect(member.get_by_role("alert")).to_contain_text("cannot be shown")
        assert nodes(member).count() == 0
        with pytest.raises(BlockingIOError):  # nobody is waiting to be answered
            stranger.accept()


@pytest.mark.parametrize(
    "path",
    ["../api/contents", "../../../etc/passwd", "a/../../lab", "//127.0.0.2:9/x.tfltrace", "http://127.0.0.2:9/x", ""],
)
@pytest.mark.parametrize("name", ["stepper", "netron"])
def test_a_page_reads_inside_of_the_server_s_folder_only(lab: Lab, member: Page, name: str, path: str) -> None:
    asked: list[str] = []
    member.goto("about:blank")
    member.on("request", lambda request: asked.append(request.url))
    member.goto(f"{lab.url}tfonnx_lab/{name}/?path={quote(path, safe='')}")
    expect(member.get_by_role("alert")).to_contain_text("cannot be shown")
    assert asked and all(url.startswith((f"{lab.url}tfonnx_lab/{name}/", f"{lab.url}files/", "data:")) for url in asked)


def test_the_address_holds_the_step(lab: Lab, member: Page) -> None:
    member.goto(f"{lab.url}tfonnx_lab/stepper/?path=pages/digits.tfltrace#17")
    expect(member.locator(".tl-counter")).to_contain_text("17/")
    member.keyboard.press("ArrowRight")
    expect(member.locator(".tl-counter")).to_contain_text("18/")
    member.reload()
    expect(member.locator(".tl-counter")).to_contain_text("18/")


@pytest.mark.parametrize(
    ("system", "asked", "dark"),
    [("dark", "", True), ("dark", "light", False), ("light", "dark", True), ("light", "", False)],
)
def test_the_theme_that_is_asked_for_wins(lab: Lab, member: Page, system: str, asked: str, dark: bool) -> None:
    member.emulate_media(color_scheme=system)  # type: ignore[arg-type]
    member.goto(f"{lab.url}tfonnx_lab/stepper/?path=pages/digits.tfltrace&theme={asked}")
    member.locator(".tl-root").wait_for()
    assert _is_dark(member, ".tl-root") == dark
    member.goto(model(lab, "pages/digits.tflite") + (f"&theme={asked}" if asked else ""))
    nodes(member).first.wait_for()
    body = expect(member.frame_locator("iframe.tl-netron").locator("body"))
    (body.not_to_have_css if dark else body.to_have_css)("background-color", "rgb(255, 255, 255)")


def _is_dark(page: Page, selector: str) -> bool:
    colour = page.locator(selector).evaluate("(e) => getComputedStyle(e).backgroundColor")
    return sum(int(float(c)) for c in colour[colour.index("(") + 1 : -1].split(",")[:3]) < 3 * 128


def test_of_a_large_model_a_part_is_drawn_and_tensors_beside_it_are_read(lab: Lab, member: Page) -> None:
    folder = lab.folder("large")
    onnx.save(chain(1500), folder / "large.onnx", save_as_external_data=True, location="large.data", size_threshold=0)
    member.goto(model(lab, f"{folder.name}/large.onnx"))
    nodes(member).first.wait_for()
    expect(member.locator(".tl-drawn").first).to_have_text("large.onnx · 200 of 1500 nodes, around the selection")
    find = member.get_by_role("searchbox", name="Find a node")
    find.fill("add_1234")
    find.press("Enter")
    chosen = member.frame_locator("iframe.tl-netron").locator(".graph-node.select")
    expect(chosen).to_have_attribute("id", "node-name-add_1234")
    assert nodes(member).count() == 200
    member.frame_locator("iframe.tl-netron").locator("#target").focus()
    member.keyboard.press("Enter")
    sidebar = member.frame_locator("iframe.tl-netron").locator("#sidebar")
    expect(sidebar).to_contain_text("add_1234")
    member.keyboard.press("Escape")
    member.get_by_role("button", name="draw all").click()
    expect(nodes(member)).to_have_count(1500)


def chain(length: int) -> onnx.ModelProto:
    weights = [numpy_helper.from_array(np.full(2, i, np.float32), f"w{i}") for i in range(length)]
    steps = [helper.make_node("Add", [f"x{i}", f"w{i}"], [f"x{i + 1}"], name=f"add_{i}") for i in range(length)]
    ends = [helper.make_tensor_value_info(f"x{i}", 1, [2]) for i in (0, length)]
    return helper.make_model(helper.make_graph(steps, "chain", ends[:1], ends[1:], weights))


def test_a_stranger_sees_the_login(lab: Lab, browser: Browser, files: Path) -> None:
    page = new_page(browser)
    for path in ("tfonnx_lab/netron/", "tfonnx_lab/stepper/?path=pages/digits.tfltrace", "tfonnx_lab/netron/netron.js"):
        page.goto(f"{lab.url}{path}")
        assert "/login?next=" in page.url
    page.context.close()
    unharmed(page)
