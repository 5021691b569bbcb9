"""Every argument and CMake option that is printed is one of ONNX Runtime's own: build_flags.json, with its source."""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tfonnx_lab.mobile.build import PLATFORMS, BuildCommands, build_commands
from tfonnx_lab.mobile.config import ALL, KernelConfig

PAGES = Path(__file__).parents[2] / "docs"
CONFIGS = (
    KernelConfig.parse("ai.onnx;11;Conv\n"),
    KernelConfig.parse("ai.onnx;11;Conv\n").with_global_types(["float"]),
    ALL,
)


@cache
def recorded() -> Any:
    return json.loads(Path(__file__).with_name("build_flags.json").read_text("utf-8"))


def choices() -> Iterator[BuildCommands]:
    """Each value of each choice."""
    providers: Any = ({}, {"nnapi": True}, {"coreml": True}, {"xnnpack": True}, {"nnapi": True, "xnnpack": True})
    for config, exceptions, ml_ops, libcxx, more in itertools.product(
        CONFIGS, (False, True), (False, True), ("shared", "static"), providers
    ):
        yield build_commands(config, exceptions=exceptions, ml_ops=ml_ops, libcxx=libcxx, **more)


def parser() -> argparse.ArgumentParser:
    """A parser of the recorded arguments, as strict as theirs."""
    made = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    for name, facts in recorded()["arguments"].items():
        if not {"nargs", "choices", "type"} & set(facts):
            made.add_argument(name, action="store_true")
            continue
        more = {k: facts[k] for k in ("nargs", "choices", "required") if k in facts and facts[k] != 1}
        made.add_argument(name, type=int if facts.get("type") == "int" else str, **more)
    return made


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_argument_is_one_of_theirs(platform: str) -> None:
    for commands in choices():
        given = parser().parse_args(list(commands.arguments[platform]))
        assert given.config == ["MinSizeRel"] and set(given.minimal_build) <= {"extended"}
        hosts = {recorded()["arguments"][w].get("host") for w in commands.arguments[platform] if w.startswith("--")}
        assert ("macOS" in hosts) == (platform == "ios")


def test_an_unknown_argument_would_be_seen() -> None:
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        parser().parse_args(["--build_dir", "x", "--android_cpp_shred"])
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        parser().parse_args(["--build_dir", "x", "--config", "MinSize"])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_cmake_option_is_one_of_theirs(platform: str) -> None:
    printed = {name for commands in choices() for name in commands.cmake[platform]}
    assert printed <= set(recorded()["cmake"])


def test_arguments_and_cmake_options_say_the_same() -> None:
    """What build.py makes of each argument (generate_build_tree)."""
    for commands, platform in itertools.product(choices(), PLATFORMS):
        words, options = commands.arguments[platform], commands.cmake[platform]
        for argument, option in (
            ("--disable_exceptions", "onnxruntime_DISABLE_EXCEPTIONS"),
            ("--disable_ml_ops", "onnxruntime_DISABLE_ML_OPS"),
            ("extended", "onnxruntime_EXTENDED_MINIMAL_BUILD"),
            ("--include_ops_by_config", "onnxruntime_REDUCED_OPS_BUILD"),
            ("--use_xnnpack", "onnxruntime_USE_XNNPACK"),
            ("--use_nnapi", "onnxruntime_USE_NNAPI_BUILTIN"),
            ("--use_coreml", "onnxruntime_USE_COREML"),
        ):
            assert options.get(option, "OFF") == ("ON" if argument in words else "OFF"), (platform, argument)


@pytest.mark.parametrize("page", ["how-to/android.md", "mobile.md"])
def test_the_pages_name_no_other_arguments(page: str) -> None:
    """The lines of build.sh on the pages, and the arguments that the text names beside them."""
    text = (PAGES / page).read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if "build.sh" in line and "--" in line]
    words = {w for line in lines for w in shlex.split(line.strip(" `")) if w.startswith("--")}
    words |= set(re.findall(r"`(--(?:minimal|use|build|android|enable|disable|include)_[a-z_]+)", text))
    assert words and words <= set(recorded()["arguments"])
