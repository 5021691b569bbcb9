"""The table of a sweep in a browser: thousands of rows sort and filter, a part of them at a time in the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tfonnx_lab.many.table import Sweep

pytestmark = pytest.mark.browser
COUNT = 3000


def row(number: int) -> dict[str, object]:
    status = "wrong" if number % 100 == 7 else "right"
    name = f"family{number % 30}/m{number:04}"
    return {"name": name, "status": status, "nodes": number * 7 % COUNT, "bytes": number, "source_bytes": 10}


def test_rows_sort_filter_and_follow_the_scrolling(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(Sweep([row(number) for number in range(COUNT)]).to_html(), "utf-8")
    page.goto(path.as_uri())
    rows, told = page.locator(".tfm tbody tr"), page.locator(".tfm output")
    expect(told).to_have_text(f"{COUNT} of {COUNT} models")
    assert rows.count() < COUNT / 2
    page.get_by_role("button", name="nodes").click()
    expect(rows.first).to_contain_text("m0000")
    page.get_by_role("button", name="nodes").click()
    expect(rows.first).to_contain_text(f"{COUNT - 1}")
    page.get_by_label("status").select_option("wrong")
    expect(told).to_have_text(f"{COUNT // 100} of {COUNT} models")
    expect(rows).to_have_count(COUNT // 100)
    page.get_by_label("filter").fill("m0107")
    expect(rows).to_have_count(1)
    page.get_by_label("filter").fill("")
    page.get_by_label("status").select_option("")
    before = rows.count()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function("(before) => document.querySelectorAll('.tfm tbody tr').length > before", arg=before)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(rows).to_have_count(COUNT)
