"""Build commands: exactly the choice, for each platform."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.build import PLATFORMS, build_commands
from tfonnx_lab.mobile.config import ALL, KernelConfig
from tfonnx_lab.mobile.size import size

CONFIG = KernelConfig.parse("ai.onnx;11;Conv\n")


def words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", " "))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_command_says_the_choice(platform: str) -> None:
    found = words(build_commands(CONFIG, config_file="my ops.config").command(platform))
    assert found[0] == "./build.sh" and found[found.index("--include_ops_by_config") + 1] == "my ops.config"
    assert {"--minimal_build", "--disable_exceptions", "--disable_ml_ops", "--disable_rtti", "--skip_tests"} <= set(
        found
    )
    assert found[found.index("--config") + 1] == "MinSizeRel"
    assert "--enable_reduced_operator_type_support" not in found


def test_each_choice_changes_its_own_argument() -> None:
    def differs(**choice: Any) -> tuple[set[str], set[str]]:
        config = choice.pop("config", CONFIG)
        plain, other = (
            set(words(c.command("android"))) for c in (build_commands(CONFIG), build_commands(config, **choice))
        )
        return plain - other, other - plain

    assert differs(exceptions=True) == ({"--disable_exceptions"}, set())
    assert differs(ml_ops=True) == ({"--disable_ml_ops"}, set())
    assert differs(libcxx="static") == ({"--android_cpp_shared"}, set())
    assert differs(nnapi=True) == (set(), {"--use_nnapi", "extended"})
    assert differs(xnnpack=True) == (set(), {"--use_xnnpack", "extended"})
    assert differs(config=ALL) == ({"--include_ops_by_config", "required_operators.config"}, set())
    assert differs(config=CONFIG.with_global_types(["float"])) == (set(), {"--enable_reduced_operator_type_support"})


def test_cmake_options_say_the_same() -> None:
    commands = build_commands(CONFIG.with_global_types(["float"]), exceptions=True, libcxx="static", coreml=True)
    android, ios = commands.cmake["android"], commands.cmake["ios"]
    assert android["onnxruntime_DISABLE_EXCEPTIONS"] == "OFF" and android["ANDROID_STL"] == "c++_static"
    assert android["onnxruntime_EXTENDED_MINIMAL_BUILD"] == "OFF" and ios["onnxruntime_EXTENDED_MINIMAL_BUILD"] == "ON"
    assert ios["onnxruntime_USE_COREML"] == "ON" and "ANDROID_ABI" not in ios
    assert "-Donnxruntime_REDUCED_OPS_BUILD=ON" in commands.flags("linux")
    assert any("--enable_type_reduction" in note for note in commands.notes)


def test_a_size_brings_its_commands() -> None:
    answer = size(CONFIG, types=["float"], exceptions=True, config_file="mine.config")
    command = answer.build.command("linux")
    assert "mine.config" in command and "--enable_reduced" in command and "--disable_exceptions" not in command
    assert command in str(answer) and "mine.config" in answer._repr_html_()
    assert json.loads(json.dumps(answer.to_json()))["commands"]["linux"]["command"] == command


def test_an_unknown_platform_is_refused() -> None:
    with pytest.raises(ConversionError, match="platform='windows'"):
        build_commands(CONFIG).command("windows")
