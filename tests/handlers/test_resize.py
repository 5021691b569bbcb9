"""Which rows ONNX Runtime's nearest Resize takes is known before it runs."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from tfonnx_lab.handlers.resize import _WAYS, as_onnx_runtime


@pytest.mark.parametrize(("how", "rounding"), _WAYS)
def test_rows_of_nearest(how: str, rounding: str) -> None:
    text = f"""<ir_version: 8, opset_import: ["" : 18]> g (float[n] x, int64[1] size) => (float[m] y) {{
      y = Resize <mode = "nearest", coordinate_transformation_mode = "{how}", nearest_mode = "{rounding}"> (x, , , size)
    }}"""
    model = onnx.parser.parse_model(text)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for old in (1, 2, 3, 5, 7, 10, 13, 33, 64):
        for new in (1, 2, 3, 4, 6, 9, 10, 19, 20, 31, 65, 128):
            feed = {"x": np.arange(old, dtype=np.float32), "size": np.array([new], np.int64)}
            got = np.asarray(session.run(None, feed)[0])
            np.testing.assert_array_equal(got, as_onnx_runtime(old, new, how), f"{old} to {new}")
