"""The real NNAPI provider of ../shared/mobile/oracle: a stand-in accelerator takes all that ONNX Runtime offers it.

python ../shared/mobile/oracle/build.py FOLDER
TFONNX_LAB_NNAPI_ORACLE=FOLDER pytest -m models tests/mobile/test_nnapi_oracle.py
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import onnx
import pytest

SHARED = Path(__file__).parents[3] / "shared" / "mobile"
FOLDER = os.environ.get("TFONNX_LAB_NNAPI_ORACLE", "")

needs_oracle = pytest.mark.skipif(
    not (FOLDER and SHARED.exists()), reason="no oracle: TFONNX_LAB_NNAPI_ORACLE names the folder that build.py made"
)
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="no ../shared/mobile with the recorded answers")


def ask(model: onnx.ModelProto, path: Path, level: int, nchw: bool = False, optimize: bool = True) -> dict[str, Any]:
    """Session and passes, as ask.py says them."""
    onnx.save(model, path)
    spec = importlib.util.spec_from_file_location("ask", SHARED / "oracle" / "ask.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answer: dict[str, Any] = module.ask(FOLDER, str(path), level, nchw, int(optimize))
    answer["session"] = answer["session"].removeprefix("create: ")
    return answer
