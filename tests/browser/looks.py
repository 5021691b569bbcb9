"""The tabs of the lab: how each is opened, and what there is to see when it is."""

from __future__ import annotations

from playwright.sync_api import Error, Locator, Page

LOOK = {
    "Overview": ".tlo-flow",
    "Layers": ".tlv-layers .tlv-title",
    "Steps": ".tl-after svg .tl-node",
    "Source": "iframe.tl-netron",
    "Rewriters": ".tlv-rewriters tbody tr",
    "Handlers": ".tlv-handlers tbody tr",
    "Optimizers": ".tlv-optimizers .tlv-line",
    "ONNX Runtime": ".tlv-runtime tbody tr",
    "Quantization": ".tfq-picture",
    "Parity": ".tlv-parity .tlv-dot",
    "Mobile": ".tlm-question",
}


def open_tab(page: Page, name: str, or_alert: bool = False) -> None:
    """Click a tab and wait until its view, or else what it says of its absence, is there; of Netron, until it has
    drawn."""
    page.get_by_role("tab", name=name, exact=True).first.click()
    seen = page.locator(LOOK[name]).locator("visible=true").first
    if or_alert:
        seen = seen.or_(page.locator("p[role=alert]").locator("visible=true").first)
    seen.first.wait_for()
    if name == "Source":
        for side in (0, 1):
            netron(page, side)


def netron(page: Page, side: int) -> None:
    """Wait until a graph is drawn."""
    frame = page.frame_locator(f"iframe.tl-netron >> nth={side}")
    frame.locator("body.default g.graph-node").first.wait_for()


def into_view(target: Locator) -> None:
    """Scroll to it.

    As JupyterLab scrolls, it takes cells out of the page and puts them back: what is gone is looked up again.
    """
    for attempt in range(10):
        try:
            target.scroll_into_view_if_needed()
            break
        except Error as error:
            if attempt == 9 or "not attached" not in error.message:
                raise


def settled(page: Page) -> None:
    """Wait until what was changed is painted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
