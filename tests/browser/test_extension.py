"""The JupyterLab extension: files that open on a double click, the context menu, the launcher; nothing travels as
base64."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import onnxruntime
import pytest
from playwright.sync_api import FrameLocator, Locator, Page, Request, expect

import tfonnx_lab
from browser.commands import command, dress
from browser.lab import Lab
from browser.looks import settled
from tfonnx_lab import samples

pytestmark = [pytest.mark.browser, pytest.mark.fresh_page]
HOSTILE = "<img src=x onerror=hacked=1> & '%41.tflite"

KINDS = ("tflite", "onnx", "ort", "tfltrace")
HOSTILE_TENSOR = b"<img src=x onerror=a>//"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model in every format and a trace."""
    folder = tmp_path_factory.mktemp("models")
    data = samples.path("digits_int8").read_bytes()
    assert len(HOSTILE_TENSOR) == len(b"serving_default_image:0")
    (folder / "digits.tflite").write_bytes(data)
    (folder / HOSTILE).write_bytes(data.replace(b"serving_default_image:0", HOSTILE_TENSOR))
    result = tfonnx_lab.convert(folder / "digits.tflite")
    result.save(folder / "digits.onnx")
    result.trace.save(folder / "digits.tfltrace")
    (folder / "broken.tfltrace").write_text("<b>no trace</b>")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "digits.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(folder / "digits.onnx"), options, providers=["CPUExecutionProvider"])
    return folder


@pytest.fixture
def files(lab: Lab, models: Path) -> Path:
    """A copy of them for one test, where the server shows it; its name has to be encoded."""
    folder = lab.folder("models #1 ü")
    shutil.copytree(models, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture
def browsing(lab: Lab, files: Path, page: Page) -> Page:
    """A JupyterLab whose file browser shows the folder. It fails where a model is read through the contents API."""
    page.on("request", lambda request: _no_contents(page, request))
    lab.start(page)
    command(page, "filebrowser:open-path", path=files.name)
    item(page, "digits.tflite").wait_for()
    return page


def _no_contents(page: Page, request: Request) -> None:
    url = urlparse(request.url)
    if "/api/contents/" not in url.path or ".ipynb" in url.path or not any(f".{kind}" in url.path for kind in KINDS):
        return
    query = parse_qs(url.query)
    reads = request.method == "GET" and not url.path.endswith("/checkpoints")
    if request.method in ("POST", "PUT") or (
        reads and (query.get("content") != ["0"] or query.get("hash", ["0"]) != ["0"])
    ):
        page.errors.append(f"{request.method} {request.url}")  # type: ignore[attr-defined]


def item(page: Page, name: str) -> Locator:
    return page.locator(".jp-DirListing-item").filter(has=page.get_by_text(name, exact=True))


def netron(page: Page) -> FrameLocator:
    """Netron's frame in the page that shows a model."""
    return page.frame_locator(".tfonnx-lab-page iframe").frame_locator("iframe.tl-netron")


@pytest.mark.parametrize("name", ["digits.tflite", "digits.onnx", "digits.ort", HOSTILE])
def test_a_double_click_opens_a_model_in_netron(browsing: Page, name: str, shots: Path) -> None:
    item(browsing, name).dblclick()
    frame = netron(browsing)
    frame.locator("#target .graph-node").first.wait_for()
    frame.locator("body.default").wait_for()
    assert frame.locator(".graph-node").count() > 8
    expect(frame.locator("#message-text")).to_be_hidden()
    assert browsing.evaluate("window.hacked") is None
    assert frame.locator("img").count() == 0
    expect(browsing.get_by_text("read-only")).to_have_count(0)
    browsing.screenshot(path=shots / f"extension_{name.rsplit('.', 1)[-1] if name != HOSTILE else 'hostile'}.png")


def test_netron_follows_the_theme_and_a_file_that_changes(browsing: Page, files: Path, shots: Path) -> None:
    shutil.copy(files / "digits.tflite", files / "changing.tflite")
    item(browsing, "changing.tflite").dblclick()
    frame = netron(browsing)
    frame.locator(".graph-node").first.wait_for()
    for dark, shown in ((True, "theme=dark"), (False, "theme=light")):
        dress(browsing, dark)
        browsing.locator(f".tfonnx-lab-page iframe[src*='{shown}']").wait_for()
        frame.locator(".graph-node").first.wait_for()
        frame.locator("body.default").wait_for()
        browsing.screenshot(path=shots / f"extension_{shown.replace('=', '_')}.png")
    before = browsing.locator(".tfonnx-lab-page iframe").get_attribute("src")
    files.joinpath("changing.tflite").touch()
    command(browsing, "docmanager:reload")
    expect(browsing.locator(".tfonnx-lab-page iframe")).not_to_have_attribute("src", before or "")
    old, new = (f"{files.name}/{name}.tflite" for name in ("changing", "renamed"))
    browsing.evaluate("([old, now]) => window.jupyterapp.serviceManager.contents.rename(old, now)", [old, new])
    browsing.locator(".tfonnx-lab-page iframe[title^='renamed.tflite']").wait_for()
    frame.locator(".graph-node").first.wait_for()
    expect(browsing.locator(".lm-TabBar-tabLabel", has_text="renamed.tflite")).to_be_visible()


def test_a_double_click_opens_a_trace_in_the_stepper(browsing: Page, shots: Path) -> None:
    item(browsing, "digits.tfltrace").dblclick()
    frame = browsing.frame_locator(".tfonnx-lab-page iframe")
    frame.locator(".tl-counter").wait_for()
    expect(frame.locator(".tl-counter")).to_contain_text("1/")
    frame.locator(".tl-head").click()
    browsing.keyboard.press("ArrowRight")
    expect(frame.locator(".tl-counter")).to_contain_text("2/")
    browsing.screenshot(path=shots / "extension_tfltrace.png")
    browsing.keyboard.press("Enter")
    frame.frame_locator("iframe.tl-netron").locator(".graph-node").first.wait_for()
    settled(browsing)
    browsing.screenshot(path=shots / "extension_tfltrace_netron.png")


def test_a_file_that_is_no_trace_says_so_as_text(browsing: Page) -> None:
    item(browsing, "broken.tfltrace").dblclick()
    alert = browsing.frame_locator(".tfonnx-lab-page iframe").get_by_role("alert")
    expect(alert).to_contain_text("cannot be shown")
    assert alert.locator("b").count() == 0


@pytest.mark.parametrize("name", ["digits.tflite", HOSTILE])
def test_the_context_menu_opens_a_notebook_that_converts(
    browsing: Page, lab: Lab, files: Path, name: str, shots: Path
) -> None:
    item(browsing, name).click(button="right")
    browsing.get_by_role("menuitem", name="Convert in the lab").wait_for()
    browsing.screenshot(path=shots / "extension_menu.png")
    browsing.get_by_role("menuitem", name="Convert in the lab").click()
    _runs(browsing, lab, shots)
    made = files / f"{name.removesuffix('.tflite')}.ipynb"
    [cell] = json.loads(made.read_text("utf-8"))["cells"]
    assert f"lab.Lab({json.dumps(name)})" in "".join(cell["source"])


def test_the_button_over_netron_converts_into_another_notebook(
    browsing: Page, lab: Lab, files: Path, shots: Path
) -> None:
    (files / "digits.ipynb").touch()
    item(browsing, "digits.tflite").dblclick()
    browsing.get_by_role("button", name="Convert in the lab").click()
    _runs(browsing, lab, shots)
    assert (files / "digits_2.ipynb").exists()


def test_the_launcher_asks_for_a_model(browsing: Page, lab: Lab, shots: Path) -> None:
    browsing.locator(".jp-LauncherCard", has_text="Convert a TFLite model").click()
    dialog = browsing.locator(".jp-Open-Dialog")
    expect(dialog.locator(".jp-DirListing-item", has_text="digits.tflite")).to_be_visible()
    expect(dialog.locator(".jp-DirListing-item", has_text="digits.onnx")).to_have_count(0)
    browsing.screenshot(path=shots / "extension_launcher.png")
    dialog.locator(".jp-DirListing-item", has_text="digits.tflite").click()
    browsing.locator(".jp-Dialog-button.jp-mod-accept").click()
    _runs(browsing, lab, shots)


def _runs(page: Page, lab: Lab, shots: Path) -> None:
    """The notebook in front is there with a Python kernel, and has run as it is."""
    page.wait_for_function("window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel")
    page.get_by_role("tab", name="Handlers", exact=True).first.click()
    page.locator(".tlv-handlers tbody tr").first.wait_for()
    page.screenshot(path=shots / "extension_converted.png")
    lab.close(page)


def test_what_was_open_is_open_again(browsing: Page) -> None:
    with browsing.expect_response(lambda answer: _saves(answer.request, "digits.onnx")):
        item(browsing, "digits.onnx").dblclick()
    frame = netron(browsing)
    frame.locator(".graph-node").first.wait_for()
    browsing.goto(browsing.url.split("?")[0])
    frame.locator(".graph-node").first.wait_for()


def _saves(request: Request, name: str) -> bool:
    """Whether JupyterLab saves a layout that tells of the document: it does so a second after a change."""
    saved = request.post_data or ""
    return (
        request.method == "PUT" and "/api/workspaces/" in request.url and "tfonnx-lab-netron" in saved and name in saved
    )
