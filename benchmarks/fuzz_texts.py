"""Whether the text of an error is for people: a reason, no reason of Python's own, no longer than a screen or two."""

from __future__ import annotations

import re

LONGEST = 6_000
"""Characters: the failures of some ten ops. One op's line is cut at 4,000 (`errors.printable`)."""

_OF_PYTHON = re.compile(
    r"""index out of range | out\ of\ bounds\ for\ | \bout\ of\ range\ for\  | has\ no\ attribute | NoneType
    | not\ supported\ between | unsupported\ operand | unsupported\ format | object\ is\ not\  | object\ cannot\ be\ 
    | required\ positional | positional\ argument | keyword\ argument | values?\ to\ unpack | cannot\ unpack
    | invalid\ literal | not\ iterable | argument\ must\ be | arguments?\ expected | zip\(\) | broadcast\ together
    | could\ not\ broadcast | cannot\ reshape\ array | buffer\ size\ must | buffer\ is\ (smaller|too) | unpack_from
    | struct\.error | requires\ a\ buffer | slice\ (indices|step) | negative\ dimensions | math\ domain
    | cannot\ convert\ (float|the) | array\ element | truth\ value | ambiguous | too\ large\ to\ convert
    | Python\ int\ | \b(\w+Error|StopIteration)\b | dictionary | sequence\ item | codec\ can't | list\.\w+\( | zero-size
    | same\ number\ of\ | must\ be\ (str|int|real|a\ |an\ |non-) .* \b(not|got)\ \w+$ | axis\ \d+\ | <class | object\ at\ 0x
    | all\ the\ input\ | axes\ don't\ match | repeated\ axis | matmul: | einsum | operands\ could | dtype\( | np\. | numpy
    | division\ by\ | modulo\ by | integer\ overflow | maximum\ allowed\ dimension | Maximum | isn't\ | can't\ 
    | None\b""",
    re.VERBOSE,
)


def unclear(text: str) -> str:
    """What is wrong with the text of an error; empty where nothing is."""
    if not text.strip() or re.search(r"\(\s*\)|:\s*$", text.splitlines()[0].rstrip()) and "\n" not in text:
        return "no reason"
    if len(text) > LONGEST:
        return f"{len(text):,} characters"
    found = _OF_PYTHON.search(text)
    return f"of Python: {found[0]!r}" if found else ""
