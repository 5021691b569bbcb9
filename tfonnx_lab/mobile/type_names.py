"""Element types in the words of both worlds: ONNX's (float32, float16, string) and ONNX Runtime's C++ (float,
MLFloat16, std::string).

Config files of reduced builds hold the C++ words, since the build pastes them into C++ source. A word that is valid in
one world only is told with its counterpart in the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from tfonnx_lab.errors import ConversionError

CPP_OF = {
    "float32": "float",
    "float64": "double",
    "float16": "MLFloat16",
    "bfloat16": "BFloat16",
    "int8": "int8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "uint64": "uint64_t",
    "bool": "bool",
    "string": "std::string",
    "float8e4m3fn": "Float8E4M3FN",
    "float8e4m3fnuz": "Float8E4M3FNUZ",
    "float8e5m2": "Float8E5M2",
    "float8e5m2fnuz": "Float8E5M2FNUZ",
    "int4": "Int4x2",
    "uint4": "UInt4x2",
    "int2": "Int2x4",
    "uint2": "UInt2x4",
    "float4e2m1": "Float4E2M1x2",
}
"""ONNX's name of an element type => ONNX Runtime's C++ type (include/onnxruntime/core/framework: float16.h, float8.h,
int4.h, int2.h, float4.h)."""

ONNX_OF = {cpp: onnx for onnx, cpp in CPP_OF.items()}

GLOBAL_TYPES = frozenset(list(CPP_OF.values())[:18])
"""What `!globally_allowed_types` may name: the types of the ORT format's schema, without those of less than 8 bits
(FbsTypeInfo in onnxruntime/tools/ort_format_model/types.py)."""

_ALIASES = {
    "half": "MLFloat16",
    "fp16": "MLFloat16",
    "fp32": "float",
    "fp64": "double",
    "float": "float",
    "int": "int32_t",
    "long": "int64_t",
    "str": "std::string",
}


def cpp_type(word: str) -> str:
    """A type's C++ word from a word of either world. Raises ValueError with the near name for any other.

    word: "float16", "MLFloat16", "float", "string", "std::string", "tensor(float16)" ...
    """
    bare = word.strip()
    if bare.startswith("tensor(") and bare.endswith(")"):
        bare = bare[7:-1]
    if bare in ONNX_OF:
        return bare
    found = CPP_OF.get(bare.lower()) or _ALIASES.get(bare.lower())
    if found is None:
        raise ValueError(f"{word!r} is no element type{did_you_mean(bare, [*CPP_OF, *ONNX_OF])}")
    return found


def global_types(words: Iterable[str]) -> frozenset[str]:
    """A global list as C++ words.

    Raises ConversionError for a word that is no type, or one that no global list may hold.
    """
    found = cpp_types(words)
    if refused := sorted(found - GLOBAL_TYPES):
        raise ConversionError(
            f"{', '.join(refused)}: the build takes no such type in a global list, only "
            f"{', '.join(sorted(GLOBAL_TYPES))}"
        )
    return found


def cpp_types(words: Iterable[str]) -> frozenset[str]:
    """Words of either world, or a string of them with commas, as C++ words.

    Raises ConversionError for one that is no type.
    """
    try:
        return frozenset(map(cpp_type, words.split(",") if isinstance(words, str) else words))
    except ValueError as error:
        raise ConversionError(str(error)) from None


def both_words(cpp: str) -> str:
    """ "MLFloat16" => "MLFloat16 (float16)"; the word alone where both worlds say the same."""
    onnx = ONNX_OF.get(cpp, cpp)
    return cpp if onnx == cpp else f"{cpp} ({onnx})"


def type_problem(word: str) -> tuple[str, str]:
    """What is wrong with a word that stands where a C++ type is needed: what it is, and what to write; ("", "") if
    nothing is."""
    if word in ONNX_OF:
        return "", ""
    counterpart = CPP_OF.get(word.lower()) or _ALIASES.get(word.lower())
    if counterpart is not None:
        return f"{word!r} is not the C++ name of a type", f"write {counterpart}"
    near = get_close_matches(word, [*ONNX_OF, *CPP_OF], 1, 0.5)
    if near:
        return f"{word!r} is no type", f"did you mean {CPP_OF.get(near[0], near[0])}?"
    return f"{word!r} is no type", "the types are " + ", ".join(ONNX_OF)


def did_you_mean(word: str, known: list[str]) -> str:
    """ "; did you mean X?" where a known word is near, else nothing."""
    near = get_close_matches(word, known, 1, 0.6)
    return f"; did you mean {near[0]}?" if near else ""
