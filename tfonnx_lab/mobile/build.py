"""The commands that build ONNX Runtime with exactly the kernels of a config, for Android, iOS and Linux.

Source of the arguments and of the CMake options behind them: tools/ci_build/build_args.py, tools/ci_build/build.py
(generate_build_tree) of microsoft/onnxruntime.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

from tfonnx_lab.mobile.shown import Answer, one_of

PLATFORMS = ("android", "ios", "linux")
PROVIDERS = ("nnapi", "coreml", "xnnpack")
_ANDROID_ABI = {"arm64": "arm64-v8a"}
_TAG = "v1.32.0"


class Kept(Protocol):
    """What the commands depend on, of a KernelConfig."""

    @property
    def keeps_all(self) -> bool:
        """Every operator is kept."""

    @property
    def types(self) -> Mapping[tuple[str, str], Any]:
        """Types of single operators."""

    @property
    def global_types(self) -> frozenset[str] | None:
        """The global list."""


@dataclass(frozen=True)
class BuildCommands(Answer):
    """How to build: platform => arguments of build.py; and the CMake options that these set, for those who call CMake.

    arguments: without the program, one word each.
    cmake: option => value.
    """

    arguments: Mapping[str, tuple[str, ...]]
    cmake: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...]

    def command(self, platform: str) -> str:
        """The whole command for one platform, on lines that a shell joins."""
        one_of("platform", platform, PLATFORMS)
        groups: list[list[str]] = []
        for word in self.arguments[platform]:
            if word.startswith("--") or not groups:
                groups.append([])
            groups[-1].append(word if word.startswith("$") else shlex.quote(word))
        return " \\\n    ".join(["./build.sh", *(" ".join(group) for group in groups)])

    def flags(self, platform: str) -> str:
        """The CMake options for one platform: -Donnxruntime_...=ON, a line each."""
        one_of("platform", platform, PLATFORMS)
        return "\n".join(f"-D{name}={value}" for name, value in self.cmake[platform].items())

    @property
    def title(self) -> str:
        """The heading."""
        return "Build commands"

    def facts(self) -> Iterator[tuple[str, str]]:
        """What has to be known first."""
        for note in self.notes:
            yield "note", note

    def __str__(self) -> str:
        lines = [
            self.title,
            f"    git clone --depth 1 --branch {_TAG} https://github.com/microsoft/onnxruntime",
            "    cd onnxruntime",
        ]
        for platform in PLATFORMS:
            lines += ["", f"{platform}:", self.command(platform)]
        return "\n".join([*lines, "", *(f"note: {n}" for n in self.notes)])

    def to_html(self) -> str:
        """The commands and options as text in <pre>."""
        parts = "".join(
            f"<details><summary>{p}</summary><pre>{escape(self.command(p))}</pre>"
            f"<pre>{escape(self.flags(p))}</pre></details>"
            for p in PLATFORMS
        )
        return f"<h4>{self.title}</h4>{parts}{''.join(f'<p>{escape(n)}</p>' for n in self.notes)}"

    def to_json(self) -> dict[str, Any]:
        """Commands, arguments and CMake options by platform."""
        return {
            p: {"command": self.command(p), "arguments": list(self.arguments[p]), "cmake": dict(self.cmake[p])}
            for p in PLATFORMS
        }


def build_commands(
    config: Kept,
    *,
    config_file: str = "required_operators.config",
    exceptions: bool = False,
    ml_ops: bool = False,
    libcxx: str = "shared",
    arch: str = "arm64",
    nnapi: bool = False,
    coreml: bool = False,
    xnnpack: bool = False,
) -> BuildCommands:
    """The commands for one choice.

    config: a KernelConfig, whose file is named `config_file` in the commands.
    exceptions, ml_ops, libcxx, arch: as of `size`.
    nnapi, coreml, xnnpack: execution providers; with one of these the minimal build is an extended one, and the build
        keeps by itself the kernels that a change of layout needs.
    """
    one_of("libcxx", libcxx, ("shared", "static"))
    one_of("arch", arch, ("arm64",))
    given = {"android": nnapi, "ios": coreml, "linux": False}
    options = {p: _options(config, config_file, exceptions, ml_ops, given[p] or xnnpack) for p in PLATFORMS}
    providers = {"android": ["--use_nnapi"] * nnapi, "ios": ["--use_coreml"] * coreml, "linux": []}
    own = {
        "android": ["--android", "--android_sdk_path", "$ANDROID_HOME", "--android_ndk_path", "$ANDROID_NDK_HOME",
                    "--android_abi", _ANDROID_ABI[arch], "--android_api", "27",
                    *(["--android_cpp_shared"] if libcxx == "shared" else []), "--build_shared_lib"],
        "ios": ["--ios", "--use_xcode", "--apple_sysroot", "iphoneos", "--osx_arch", arch, "--apple_deploy_target",
        "15.1",
                "--build_apple_framework"],
        "linux": ["--build_shared_lib"],
    }  # fmt: skip
    arguments = {
        p: ("--build_dir", f"build/{p}", *own[p], *options[p], *providers[p], *(["--use_xnnpack"] if xnnpack else []),
            "--parallel", "--skip_tests")
        for p in PLATFORMS
    }  # fmt: skip
    cmake = {p: _cmake(p, config, config_file, exceptions, ml_ops, libcxx, arch, given[p], xnnpack) for p in PLATFORMS}
    return BuildCommands(arguments, cmake, tuple(_notes(config, libcxx, config_file, nnapi or coreml or xnnpack)))


def _options(config: Kept, config_file: str, exceptions: bool, ml_ops: bool, extended: bool) -> list[str]:
    """What makes the build small, on every platform."""
    found = ["--config", "MinSizeRel", "--minimal_build", *(["extended"] if extended else []), "--disable_rtti"]
    if not exceptions:
        found.append("--disable_exceptions")
    if not ml_ops:
        found.append("--disable_ml_ops")
    if not config.keeps_all or config.global_types is not None:
        found += ["--include_ops_by_config", config_file]
    if reduces_types(config):
        found.append("--enable_reduced_operator_type_support")
    return found


def reduces_types(config: Kept) -> bool:
    """The config lists types, which the build reads only when told so."""
    return bool(config.types) or config.global_types is not None


def _cmake(
    platform: str, config: Kept, config_file: str, exceptions: bool, ml_ops: bool, libcxx: str, arch: str, own: bool,
    xnnpack: bool
) -> dict[str, str]:  # fmt: skip
    def on(value: bool) -> str:
        return "ON" if value else "OFF"

    found = {
        "CMAKE_BUILD_TYPE": "MinSizeRel",
        "ONNX_MINIMAL_BUILD": "ON",
        "onnxruntime_MINIMAL_BUILD": "ON",
        "onnxruntime_EXTENDED_MINIMAL_BUILD": on(own or xnnpack),
        "onnxruntime_DISABLE_RTTI": "ON",
        "onnxruntime_DISABLE_EXCEPTIONS": on(not exceptions),
        "onnxruntime_DISABLE_ML_OPS": on(not ml_ops),
        "onnxruntime_REDUCED_OPS_BUILD": on(not config.keeps_all or config.global_types is not None),
        "onnxruntime_BUILD_UNIT_TESTS": "OFF",
        "onnxruntime_BUILD_SHARED_LIB": "ON",
        "onnxruntime_USE_XNNPACK": on(xnnpack),
    }
    if platform == "android":
        found |= {
            "CMAKE_TOOLCHAIN_FILE": "$ANDROID_NDK_HOME/build/cmake/android.toolchain.cmake",
            "ANDROID_ABI": _ANDROID_ABI[arch], "ANDROID_PLATFORM": "android-27", "ANDROID_MIN_SDK": "27",
            "CMAKE_ANDROID_RTTI": "OFF", "CMAKE_ANDROID_EXCEPTIONS": on(exceptions),
            "ANDROID_STL": "c++_shared" if libcxx == "shared" else "c++_static",
            "onnxruntime_USE_NNAPI_BUILTIN": on(own),
        }  # fmt: skip
    if platform == "ios":
        found |= {
            "CMAKE_TOOLCHAIN_FILE": "../cmake/onnxruntime_ios.toolchain.cmake", "CMAKE_SYSTEM_NAME": "iOS",
            "CMAKE_OSX_SYSROOT": "iphoneos", "PLATFORM_NAME": "iphoneos", "CMAKE_OSX_ARCHITECTURES": arch,
            "CMAKE_OSX_DEPLOYMENT_TARGET": "15.1", "protobuf_BUILD_PROTOC_BINARIES": "OFF",
            "onnxruntime_BUILD_APPLE_FRAMEWORK": "ON",
            "onnxruntime_USE_COREML": on(own),
        }  # fmt: skip
    return found


def _notes(config: Kept, libcxx: str, config_file: str, extended: bool) -> Iterator[str]:
    if not config.keeps_all:
        yield f"save the config first: config.save({config_file!r})"
        types = " --enable_type_reduction" if reduces_types(config) else ""
        more = " --is_extended_minimal_build_or_higher" if extended else ""
        yield (
            "CMake without build.py: first run "
            f"python tools/ci_build/reduce_op_kernels.py {config_file} --cmake_build_dir DIR{types}{more}"
        )
    if libcxx == "shared":
        yield "Android: the app ships libc++_shared.so of the same NDK beside the library"
    yield "the library of the build must not be older than the ONNX Runtime that wrote the .ort file"
