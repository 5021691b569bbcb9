"""What NNAPI, Android's accelerator interface, would run of a model: rules, partitions, the change of layout, the
session."""

from tfonnx_lab.mobile.nnapi.nnapi import nnapi

__all__ = ["nnapi"]
