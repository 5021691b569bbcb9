"""The page on Android shows the command that is printed for such a model."""

from __future__ import annotations

from pathlib import Path

from tfonnx_lab import Mobile, samples

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "android.md"


def test_the_page_has_the_command_that_the_answer_ends_with() -> None:
    m = Mobile(samples.path("digits_int8"))
    printed = m.size(config_file="model.required_operators_and_types.config").build.command("android")
    page = "\n".join(line.removeprefix("    ") for line in PAGE.read_text("utf-8").splitlines())
    assert printed in page
