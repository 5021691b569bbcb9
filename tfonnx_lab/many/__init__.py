"""Many models at once: processes here or elsewhere, a row for each model whatever happens to it, a page of all."""

from tfonnx_lab.many.sweep import convert_many
from tfonnx_lab.many.table import Sweep

__all__ = ["Sweep", "convert_many"]
