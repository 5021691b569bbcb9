"""How names, numbers and tables are shown, as text and as HTML: one helper each."""

from tfonnx_lab.texts.names import as_identifier, in_comment, in_picture, in_quotes
from tfonnx_lab.texts.numbers import human, short_name, shortened, some, without_middle
from tfonnx_lab.texts.pictures import inked, shown_alone, svg_of
from tfonnx_lab.texts.tables import NUMBER, styled, table

__all__ = [
    "NUMBER",
    "as_identifier",
    "human",
    "in_comment",
    "in_picture",
    "in_quotes",
    "inked",
    "short_name",
    "shortened",
    "shown_alone",
    "some",
    "styled",
    "svg_of",
    "table",
    "without_middle",
]
