"""`lab.Lab` is all that a script uses: what it converts has every method all the same."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_unsupported"))
assert it.result.changes is None
@lab.handler("LabSharpen")
def sharpen(op, node, x):
    return op.Identity(x)
it.retry()
print(it.view("Steps").marks, it.result.runtime() is not None)
"""


def test_what_the_lab_converts_has_every_method() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "{'3': 'changed', '17': 'new'} True"
