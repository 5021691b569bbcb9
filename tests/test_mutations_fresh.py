"""The list of mutations keeps up with the sources: what a mutation changes stands once in its file."""

from mutations import MUTATIONS, PACKAGE


def test_every_mutation_still_finds_its_line() -> None:
    """A line that moved or changed would let its mutation pass for one that no test kills."""
    assert len(MUTATIONS) > 80
    stale = [f"{m}: {m.old!r}" for m in MUTATIONS if (PACKAGE / m.file).read_text("utf-8").count(m.old) != 1]
    assert not stale, "\n".join(stale)
