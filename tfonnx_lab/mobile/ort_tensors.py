"""Element types, values and constants of the ORT format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

DTYPES: dict[int, str] = {
    0: "undefined", 1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string",
    9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
    17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz",
    21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
}  # fmt: skip
"""Number of an element type in the file => its name. The schema of format 6 ends at 20; the rest are ONNX's numbers,
which ONNX Runtime writes and cannot read again."""


LAST_OF_SCHEMA = 20
"""The last element type of the ORT format."""


_NUMPY: dict[str, Any] = {
    "bfloat16": ml_dtypes.bfloat16,
    "float8e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2,
    "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
}


Shape = tuple[int | str | None, ...] | None
"""None: not known. A dimension is a number, a name, or None where it is not known."""


@dataclass(frozen=True)
class OrtValue:
    """A value of a graph.

    dtype: the element type ("float32"); of a sequence or a map that of what it holds at last, "" where the file has
        none.
    kind: "tensor", "sequence", "map" or "" (not known).
    type: as ONNX writes it: "tensor(float)" is "float32", "sequence(float32)", "map(int64, float32)".
    """

    name: str
    dtype: str = ""
    shape: Shape = None
    kind: str = ""
    type: str = ""

    @property
    def is_static(self) -> bool:
        """Every dimension is a number."""
        return self.shape is not None and all(isinstance(d, int) for d in self.shape)


@dataclass(frozen=True, eq=False)
class OrtTensor:
    """A constant.

    shape: of numbers.
    data: its bytes in the file's order (little-endian), a view of the file; of strings the strings. None where they lie
        outside of the file.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: np.ndarray | tuple[bytes, ...] | None = field(repr=False, default=None)

    def __eq__(self, other: object) -> bool:
        """The same name, type and contents."""
        if not isinstance(other, OrtTensor):
            return NotImplemented
        same = (self.name, self.dtype, self.shape) == (other.name, other.dtype, other.shape)
        if isinstance(self.data, np.ndarray) and isinstance(other.data, np.ndarray):
            return same and np.array_equal(self.data, other.data)
        return same and type(self.data) is type(other.data) and self.data == other.data

    def __hash__(self) -> int:
        return hash((self.name, self.dtype, self.shape))

    @property
    def nbytes(self) -> int:
        """How many bytes its contents take in the file."""
        if isinstance(self.data, np.ndarray):
            return int(self.data.nbytes)
        return sum(map(len, self.data or ()))

    def numpy(self) -> np.ndarray:
        """The contents. Raises ValueError where the file does not have them or numpy has no such type."""
        if self.data is None:
            raise ValueError(f"{self.name}: its contents are not in the file")
        if isinstance(self.data, tuple):
            return np.array(self.data, object).reshape(self.shape)
        if self.dtype == "undefined" or self.dtype not in list(DTYPES.values())[: LAST_OF_SCHEMA + 1]:
            raise ValueError(f"{self.name}: the ORT format has no {self.dtype} tensors")
        return self.data.view(_NUMPY.get(self.dtype, self.dtype)).reshape(self.shape)
