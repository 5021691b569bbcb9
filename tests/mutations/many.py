"""Of many models at once."""

from __future__ import annotations

from .mutation import Mutation

MUTATIONS = [
    Mutation(
        "many/sweep.py",
        'if row["status"] == "refused" or places.exists(job.target):',
        "if True:",
        "a file of a former run that is gone",
        "tests/many -k second_run",
    ),
    Mutation(
        "many/table.py",
        "if number < len(lines):",
        "if False:",
        "a line in the middle of a report that is no row",
        "tests/many -k cut_short",
    ),
    Mutation(
        "many/places.py",
        "return [s if count[stem] > 1 else stem",
        "return [stem",
        "two models that differ in their endings only",
        "tests/many -k names",
    ),
    Mutation(
        "many/guard.py",
        "elif self.memory is not None and (taken := _taken(self.pid)) > self.memory:",
        "elif self.memory is not None and (taken := _taken(self.pid)) > 9 * self.memory:",
        "how much memory a model may take",
        "tests/many -k limits",
    ),
    Mutation(
        "many/page.py",
        "if not empty.get(column[0])]",
        "if column]",
        "columns that have nothing to show",
        "tests/many/test_many.py -k column",
    ),
]
