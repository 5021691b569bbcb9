"""Config files of reduced builds that people edit: every mistake has its place and the near name, and nothing is read
another way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.config import KernelConfig
from tfonnx_lab.mobile.config_errors import ConfigError, Problem

GOOD = """# made by hand
ai.onnx;11,12;Add,Conv
ai.onnx;13;Cast{"inputs": {"0": ["float"]}, "outputs": {"0": ["int64_t", "int32_t"]}},Reshape

com.microsoft;1;QLinearAdd{"inputs": {"0": ["uint8_t"]}}
"""

# line, place, what is told, what to write: one row a mistake of a person, of which the stock parser tells two
MISTAKES = {
    "comment": ("ai.onnx;11;Add # why", 16, "a comment needs a line of its own", "line above"),
    "comma at the end": ("ai.onnx;11;Add,", 16, "an operator is missing", "remove the comma"),
    "two commas": ("ai.onnx;11;Add,,Mul", 16, "an operator is missing", "remove the comma"),
    "blank before a comma": ('ai.onnx;13;Cast{"inputs": {"0": ["flot"]}} ,Add', 35, "'flot' is no type",
    "did you mean float?"),
    "near name": ("ai.onnx;14;Add,Reshap", 16, "no operator Reshap", "did you mean Reshape?"),
    "other case": ("ai.onnx;14;reshape", 12, "no operator reshape", "did you mean Reshape?"),
    "other domain": ("ai.onnx;11;FusedConv", 12, "no operator FusedConv", "it is in com.microsoft"),
    "no operators": ("ai.onnx;11", 11, "the operators are missing", "domain;version,version;Op,Op"),
    "no versions": ("ai.onnx", 8, "the versions and operators are missing", "domain;version,version;Op,Op"),
    "four fields": ("ai.onnx;11;Add;Mul", 15, "three fields", "new line"),
    "near domain": ("ai.onx;11;Add", 1, "no operator has the domain ai.onx", "did you mean ai.onnx?"),
    "no domain": (";11;Add", 1, "the domain is missing", "ai.onnx"),
    "word for a version": ("ai.onnx;eleven;Add", 9, "'eleven' is no operator version", "whole number"),
    "version 0": ("ai.onnx;0;Add", 9, "'0' is no operator version", "whole number"),
    "version missing": ("ai.onnx;11,;Add", 12, "a version is missing", "whole number"),
    "version twice": ("ai.onnx;11,11;Add", 12, "version 11 stands here twice", "remove one"),
    "version without a kernel": ("ai.onnx;11;Gelu", 12, "no kernel for version 11", "20 and later"),
    "operator twice in a line": ("ai.onnx;11;Add,Mul,Add", 20, "Add of version 11 stands at line 2, column 12 already",
    "remove"),
    "no comma between": ("ai.onnx;11;Add Mul", 16, "a comma is missing behind Add", "Add,Mul"),
    "byte order mark inside": ("\ufeffai.onnx;11;Add", 1, "no name of a domain", ""),
    "ONNX's word": ('ai.onnx;13;Cast{"inputs": {"0": ["float16"]}}', 35, "'float16' is not the C++ name",
    "write MLFloat16"),
    "string": ('ai.onnx;13;Gather{"inputs": {"0": ["string"]}}', 37, "'string' is not the C++ name",
    "write std::string"),
    "type twice": ('ai.onnx;13;Cast{"inputs": {"0": ["float", "float"]}}', 35, "float is listed twice", "remove one"),
    "no type control": ('ai.onnx;14;Reshape{"inputs": {"0": ["float"]}}', 19, "Reshape has no type control",
    "write Reshape alone"),
    "input without control": ('ai.onnx;13;Cast{"inputs": {"1": ["float"]}}', 29, "input 1 of Cast cannot be chosen",
    "input 0 and output 0"),
    "empty list": ('ai.onnx;13;Cast{"inputs": {"0": []}}', 29, "lists no types", "remove it"),
    "empty types": ("ai.onnx;13;Cast{}", 16, "no types are listed", "write Cast alone"),
    "unknown key": ('ai.onnx;13;Cast{"input": {"0": ["float"]}}', 18, "'input' is not known here",
    "inputs and outputs"),
    "key twice": ('ai.onnx;13;Cast{"inputs": {"0": ["float"]}, "inputs": {}}', 16, "'inputs' stands twice", "e.g."),
    "number for a type": ('ai.onnx;13;Cast{"inputs": {"0": [1]}}', 16, "1 is no name of a type", "e.g."),
    "bad JSON": ('ai.onnx;13;Cast{"inputs": {"0": [float"]}}', 34, "these types are no JSON: Expecting value", "e.g."),
    "unclosed JSON": ('ai.onnx;13;Cast{"inputs": {"0": ["float"]}', 43, "these types are no JSON", "e.g."),
    "pairs for OneHot": ('ai.onnx;11;OneHot{"custom": [["float", "float"]]}', 20, "is no triple of types",
    "input 0, output, input 1"),
    "types without an operator": ('ai.onnx;13;{"inputs": {"0": ["float"]}}', 12, "types without an operator",
    "name before"),
    "near directive": ("!globaly_allowed_types;float", 1, "is not known", "did you mean !globally_allowed_types?"),
    "global ONNX word": ("!globally_allowed_types;float,float16", 31, "'float16' is not the C++ name",
    "write MLFloat16"),
    "global 4-bit type": ("!globally_allowed_types;Int4x2", 25, "Int4x2 cannot be in a global list",
    "single operators"),
    "global without types": ("!globally_allowed_types", 24, "the types follow", "float,int64_t"),
    "global comma": ("!globally_allowed_types;float,", 31, "a type is missing", "remove the comma"),
}  # fmt: skip


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        KernelConfig.parse(text, "ops.config")
    return caught.value.problems


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_its_place_and_what_to_write(name: str) -> None:
    line, column, message, advice = MISTAKES[name]
    (found,) = problems(f"# line 1\n{line}\nai.onnx;15;Shape\n")
    assert (found.line, found.column) == (2, column)
    assert message in found.message
    assert advice in found.advice


def test_the_message_shows_the_file_the_line_and_the_place() -> None:
    with pytest.raises(ConfigError) as caught:
        KernelConfig.parse("ai.onnx;14;Add,Reshap\n", "my/ops.config")
    lines = str(caught.value).splitlines()
    assert lines[0] == "my/ops.config: a mistake in the config file"
    assert lines[1] == "  line 1, column 16: ai.onnx has no operator Reshap; did you mean Reshape?"
    assert lines[2].index("Reshap") == lines[3].index("^")


def test_a_message_stays_short() -> None:
    with pytest.raises(ConfigError) as caught:
        KernelConfig.parse("".join(f"ai.onnx;13;{'A' * 100_000}\n" for _ in range(30)))
    assert len(caught.value.problems) == 30 and len(str(caught.value)) < 20_000
    assert str(caught.value).endswith("and 10 more")


def test_a_byte_order_mark_is_told_as_such() -> None:
    (found,) = problems("\ufeffai.onnx;11;Add\n")
    assert (found.line, found.column) == (1, 1) and "byte order mark" in found.message


def test_all_lines_with_mistakes_are_told_at_once() -> None:
    found = problems("ai.onnx;14;Reshap\nai.onnx;13;Cast\nai.onx;11;Add\nai.onnx;13;Sqeeze,Unsqeeze\n")
    assert [(p.line, p.column) for p in found] == [(1, 12), (3, 1), (4, 12), (4, 19)]


def test_a_version_of_one_line_does_not_get_what_another_line_adds() -> None:
    config = KernelConfig.parse("ai.onnx;11,12;Add\nai.onnx;11;Mul\n")
    assert config.ops == {("ai.onnx", 11): {"Add", "Mul"}, ("ai.onnx", 12): {"Add"}}


def test_other_types_at_another_version_are_refused() -> None:
    one, other = '"inputs": {"0": ["float"]}', '"inputs": {"0": ["double"]}'
    (found,) = problems(f"ai.onnx;13;Abs{{{one}}}\nai.onnx;6;Abs{{{other}}}\n")
    assert (found.line, found.column) == (2, 11) and "other types at line 1, column 12" in found.message
    (found,) = problems(f"ai.onnx;13;Abs{{{one}}}\nai.onnx;6;Abs\n")
    assert (found.line, found.column) == (2, 11)
    assert KernelConfig.parse(f"ai.onnx;13;Abs{{{one}}}\nai.onnx;6;Abs{{{one}}}\n").versions("ai.onnx", "Abs") == (
        6,
        13,
    )


def test_global_types_beside_types_of_an_operator_are_refused_at_both_places() -> None:
    text = '!globally_allowed_types;float\nai.onnx;13;Cast{"inputs": {"0": ["float"]}}\n'
    (found,) = problems(text)
    assert (found.line, found.column) == (2, 12) and "line 1" in found.advice


def test_two_global_lists_are_refused() -> None:
    (found,) = problems("!globally_allowed_types;float\n!globally_allowed_types;double\n")
    assert (found.line, found.column) == (2, 1) and "line 1" in found.message


def test_a_good_file_is_read_and_written() -> None:
    config = KernelConfig.parse(GOOD)
    assert config.ops["ai.onnx", 12] == {"Add", "Conv"}
    assert config.types["ai.onnx", "Cast"]["outputs", 0] == {"int32_t", "int64_t"}
    assert KernelConfig.parse(str(config)) == config
    assert str(config).splitlines() == [
        "ai.onnx;11;Add,Conv",
        "ai.onnx;12;Add,Conv",
        'ai.onnx;13;Cast{"inputs": {"0": ["float"]}, "outputs": {"0": ["int32_t", "int64_t"]}},Reshape',
        'com.microsoft;1;QLinearAdd{"inputs": {"0": ["uint8_t"]}}',
    ]


def test_line_ends_blanks_and_a_missing_last_line_end_do_not_matter() -> None:
    lines = " ai.onnx ; 11 , 12 ; Add , Mul ", "\tai.onnx;13;Cast"
    texts = ["\n".join(lines), "\r\n".join(lines) + "\r\n", "\r".join(lines)]
    assert len({KernelConfig.parse(text) for text in texts}) == 1


def test_a_version_without_the_operator_is_left_out_where_another_of_the_line_has_it() -> None:
    config = KernelConfig.parse("ai.onnx;11,20;Add,Gelu\n")
    assert config.ops == {("ai.onnx", 11): {"Add"}, ("ai.onnx", 20): {"Add", "Gelu"}}


def test_operators_of_a_domain_of_ones_own_are_taken_as_they_are() -> None:
    assert KernelConfig.parse("my.company.ops;1;Anything\n").versions("my.company.ops", "Anything") == (1,)


def test_all_operators_are_kept_where_none_is_listed_and_the_file_says_so() -> None:
    config = KernelConfig.parse("!no_ops_specified_means_all_ops_are_required\n")
    assert config.keeps_all and bool(config)
    assert not KernelConfig.parse("") and not KernelConfig.parse("").keeps_all


def test_a_file_is_read_from_the_disk_and_saved(tmp_path: Path) -> None:
    path = tmp_path / "ops.config"
    KernelConfig.parse(GOOD).save(path)
    assert KernelConfig.read(path) == KernelConfig.parse(GOOD)
    with pytest.raises(ConversionError, match=r"none\.config: No such file"):
        KernelConfig.read(tmp_path / "none.config")


def test_a_file_that_is_no_text_is_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "ops.config"
    path.write_bytes(b"# fine\nai.onnx;11;\xffAdd\n")
    with pytest.raises(ConfigError) as caught:
        KernelConfig.read(path)
    (found,) = caught.value.problems
    assert (found.line, found.column) == (2, 12)


def test_it_shows_as_text_html_and_json() -> None:
    import json

    config = KernelConfig.parse(GOOD)
    assert json.loads(json.dumps(config.to_json()))["text"] == str(config)
    assert "QLinearAdd" in config._repr_html_()
    assert repr(config) == "KernelConfig(5 operators, 2 with types of their own)"


def test_it_has_a_public_name() -> None:
    import tfonnx_lab as lab

    assert lab.KernelConfig is KernelConfig
