"""Regular expressions by onnxruntime-extensions, where the user asks for its domain."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfonnx_lab as lab

WORDS = [["a bc  d", "", "Füße und"], ["x" * 70, "12345678901234567", "  y "]]
RUN = """
import json, sys, numpy, onnx
from tfonnx_lab.runtime.sessions import session
words = numpy.array(json.loads(sys.argv[2]), object)
print(json.dumps(session(onnx.load(sys.argv[1])).run(None, {"x": words})[0].tolist()))
"""


def _function(pattern: str, everywhere: bool) -> Any:
    spec = [tf.TensorSpec([None, 3], tf.string, name="x")]
    return tf.function(lambda x: tf.strings.regex_replace(x, pattern, r"<\0>", everywhere), input_signature=spec)


@pytest.mark.parametrize(("pattern", "everywhere"), [(r"\s+|[0-9]{2}", True), ("[a-z]", False), ("", True)])
def test_as_tensorflow(pattern: str, everywhere: bool, tmp_path: Path) -> None:
    """Run in a process without TensorFlow, whose RE2 the library would bind to."""
    pytest.importorskip("onnxruntime_extensions")
    function = _function(pattern, everywhere)
    result = lab.convert(function, opset=18, extra_opsets={"ai.onnx.contrib": 1}, verify="load")
    result.save(tmp_path / "m.onnx")
    wanted = [[text.decode() for text in row] for row in np.asarray(function(tf.constant(WORDS)))]
    words = [sys.executable, "-c", RUN, str(tmp_path / "m.onnx"), json.dumps(WORDS)]
    assert json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout) == wanted


def test_unasked_the_error_says_how_to_ask() -> None:
    with pytest.raises(lab.ConversionError, match=r"--extra_opset ai\.onnx\.contrib:1"):
        lab.convert(_function(r"\s+", True), opset=20)
