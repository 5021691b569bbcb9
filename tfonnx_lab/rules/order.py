"""In which order the rules of a phase are tried: stated where it matters, and by name elsewhere.

Where several rules match a node, the first one in this order is applied. The order in which files are imported does not
count, so a rule can move to another file, and a file can be renamed, without a change to any result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tfonnx_lab.rules.rule import Rule


def in_order(rules: Sequence[Rule], after: Mapping[str, frozenset[str]]) -> list[Rule]:
    """The package's rules by name, each behind those that it has to come after; then the user's, as they were
    registered.

    after: name of a rule => names of the rules that are tried before it. Raises ValueError where these form a circle.
    """
    left = sorted((rule for rule in rules if rule.of_the_package), key=lambda rule: rule.name)
    found: list[Rule] = []
    waiting = Counter(rule.name for rule in left)
    while left:
        free = next((r for r in left if not any(waiting[name] for name in after.get(r.name, ()))), None)
        if free is None:
            names = ", ".join(sorted({rule.name for rule in left}))
            raise ValueError(f"each of these rules is to come after another of them: {names}")
        left.remove(free)
        waiting[free.name] -= 1
        found.append(free)
    return [*found, *(rule for rule in rules if not rule.of_the_package)]
