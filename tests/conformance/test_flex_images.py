"""Flex ops on images, convolutions and pools."""

from __future__ import annotations

import numpy as np
import pytest

from .flex_models import Case, ints, name_of, run, x

IMAGE = x(2, 5, 6, 3)
HALF = {"half_pixel_centers": True, "align_corners": False}
BOXES = np.array([[0.1, 0.2, 0.9, 0.7], [-0.3, 0, 1.2, 1], [0.8, 0.9, 0.2, 0.1]], np.float32)
POOL3D = {"ksize": [1, 2, 3, 2, 1], "strides": [1, 2, 1, 2, 1]}


def cases() -> list[Case]:
    """Every op, in the ways that are lowered differently."""
    found: list[Case] = []
    found += [
        (
            "PadV2",
            [
                ("input", x(3, 4)),
                ("paddings=", np.array([[1, 0], [2, 1]], np.int32)),
                ("constant_values", np.float32(2.5)),
            ],
            {},
        ),
        (
            "Conv3D",
            [("input", x(1, 4, 5, 6, 3)), ("filter=", x(2, 3, 3, 3, 2))],
            {"strides": [1, 1, 2, 1, 1], "padding": "SAME"},
        ),
        (
            "Conv2D",
            [("input", IMAGE), ("filter=", x(3, 3, 3, 4))],
            {"strides": [1, 2, 1, 1], "padding": "VALID", "dilations": [1, 1, 2, 1]},
        ),
        (
            "Conv2D",
            [("input", IMAGE), ("filter=", x(3, 3, 3, 4))],
            {"strides": [1, 1, 1, 1], "padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]},
        ),
        (
            "DepthwiseConv2dNative",
            [("input", IMAGE), ("filter=", x(3, 3, 3, 2))],
            {"strides": [1, 1, 1, 1], "padding": "SAME"},
        ),
        ("MaxPool3D", [("input", x(1, 4, 5, 6, 3))], {**POOL3D, "padding": "SAME"}),
        ("AvgPool3D", [("input", x(1, 4, 5, 6, 3))], {**POOL3D, "padding": "SAME"}),
        ("AvgPool3D", [("input", x(1, 4, 5, 6, 3))], {**POOL3D, "padding": "VALID"}),
        ("MaxPool", [("input", IMAGE)], {"ksize": [1, 2, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}),
        ("BiasAdd", [("value", IMAGE), ("bias", x(3))], {}),
        ("BiasAdd", [("value", IMAGE), ("bias", x(5))], {"data_format": "NCHW"}),
        (
            "FusedBatchNormV3",
            [("x", IMAGE), *((n, x(3, low=0.5)) for n in ("scale", "offset", "mean", "variance"))],
            {"is_training": False, "epsilon": 0.01},
        ),
        ("LRN", [("input", x(1, 3, 4, 7))], {"depth_radius": 2, "bias": 1.5, "alpha": 0.3, "beta": 0.7}),
        (
            "NonMaxSuppressionV3",
            [
                ("boxes", np.abs(x(6, 4)) + np.array([0, 0, 2, 2], "f")),
                ("scores", x(6)),
                ("max_output_size", np.int32(4)),
                ("iou_threshold", np.float32(0.4)),
                ("score_threshold", np.float32(-1)),
            ],
            {},
        ),
        (
            "ExtractImagePatches",
            [("images", IMAGE)],
            {"ksizes": [1, 2, 3, 1], "strides": [1, 2, 1, 1], "rates": [1, 1, 2, 1], "padding": "SAME"},
        ),
        ("ResizeBicubic", [("images", IMAGE), ("size=", ints(9, 4))], HALF),
        ("ResizeBicubic", [("images", IMAGE), ("size=", ints(3, 11))], {}),
        (
            "ResizeBicubic",
            [("images", IMAGE), ("size=", ints(9, 4))],
            {"align_corners": True, "half_pixel_centers": False},
        ),
        ("ResizeArea", [("images", IMAGE), ("size=", ints(3, 4))], {}),
        ("ResizeArea", [("images", IMAGE), ("size=", ints(7, 6))], {"align_corners": True}),
        (
            "CropAndResize",
            [("image", IMAGE), ("boxes", BOXES), ("box_ind", ints(0, 1, 1)), ("crop_size=", ints(4, 3))],
            {"extrapolation_value": 9.0},
        ),
        (
            "CropAndResize",
            [("image", IMAGE), ("boxes", BOXES), ("box_ind", ints(0, 1, 1)), ("crop_size=", ints(1, 5))],
            {"method": "nearest"},
        ),
        ("AdjustContrastv2", [("images", IMAGE), ("contrast_factor", np.float32(1.7))], {}),
        ("RGBToHSV", [("images", x(2, 4, 5, 3, low=0, high=1))], {}),
        ("HSVToRGB", [("images", x(2, 4, 5, 3, low=0, high=1))], {}),
        ("AdjustHue", [("images", x(2, 4, 5, 3, low=0, high=1)), ("delta", np.float32(0.3))], {}),
        ("AdjustSaturation", [("images", x(2, 4, 5, 3, low=0, high=1)), ("scale", np.float32(1.8))], {}),
        ("DepthToSpace", [("input", x(1, 2, 3, 8))], {"block_size": 2}),
        ("SpaceToDepth", [("input", x(1, 4, 2, 3))], {"block_size": 2}),
        ("AvgPool", [("value", IMAGE)], {"ksize": [1, 2, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}),
        ("AvgPool", [("value", IMAGE)], {"ksize": [1, 2, 3, 1], "strides": [1, 1, 2, 1], "padding": "VALID"}),
    ]
    found += [
        (
            n,
            [("x", IMAGE), *((p, x(3, low=0.5)) for p in ("scale", "offset", "mean", "variance"))],
            {"is_training": False},
        )
        for n in ("FusedBatchNorm", "FusedBatchNormV2")
    ]
    return found  # fmt: skip


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_op(case: Case) -> None:
    run(case)
