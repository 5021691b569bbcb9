"""Resizing of images."""

from __future__ import annotations

from . import Model, cases
from .simple import either, given, one, out, steps

SIZES = [[6, 8], [2, 3], [5, 3], [1, 1], [3, 4], [7, 9]]
MODES = [(False, False), (True, False), (False, True)]


@cases(op=["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"], size=SIZES, mode=MODES)
def test_float32(op: str, size: list[int], mode: tuple[bool, bool]) -> Model:
    align, half = mode
    return one(op, given([2, 3, 4, 2]), either(size, False), align_corners=align, half_pixel_centers=half)


@cases(op=["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"], mode=MODES)
def test_from_one_pixel(op: str, mode: tuple[bool, bool]) -> Model:
    return one(op, given([1, 1, 1, 2]), either([3, 4], False), align_corners=mode[0], half_pixel_centers=mode[1])


@cases(op=["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"], dtype=["int8", "uint8", "int16"], mode=MODES, size=SIZES[:3])
def test_quantized(op: str, dtype: str, mode: tuple[bool, bool], size: list[int]) -> Model:
    q = steps(dtype, 0.05, -3)
    return one(op, given([1, 3, 4, 2], dtype, q), either(size, False), out=out(dtype, q), align_corners=mode[0],
               half_pixel_centers=mode[1])  # fmt: skip


@cases(dtype=["int8", "int16"], computed=[True, False], mode=MODES)
def test_plain_integers(dtype: str, computed: bool, mode: tuple[bool, bool]) -> Model:
    return one("RESIZE_BILINEAR", given([1, 3, 4, 2], dtype), either([5, 7], computed), out=out(dtype),
    align_corners=mode[0],
               half_pixel_centers=mode[1])  # fmt: skip


@cases(op=["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"], mode=MODES)
def test_computed_size(op: str, mode: tuple[bool, bool]) -> Model:
    return one(op, given([1, 3, 4, 2]), either([5, 7], True), align_corners=mode[0], half_pixel_centers=mode[1])


@cases(dtype=["int8", "uint8", "int16", "bool"], mode=MODES)
def test_nearest_to_computed_size(dtype: str, mode: tuple[bool, bool]) -> Model:
    q = steps(dtype, 0.05, -3)
    return one("RESIZE_NEAREST_NEIGHBOR", given([1, 3, 4, 2], dtype, q), either([6, 8], True), out=out(dtype, q),
               align_corners=mode[0], half_pixel_centers=mode[1])  # fmt: skip


@cases(mode=MODES, size=SIZES[:3])
def test_bilinear_of_integers(mode: tuple[bool, bool], size: list[int]) -> Model:
    return one("RESIZE_BILINEAR", given([1, 3, 4, 2], "int8"), either(size, False), out=out("int8"),
               align_corners=mode[0], half_pixel_centers=mode[1])  # fmt: skip


@cases(op=["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
def test_dynamic(op: str) -> Model:
    x = given([1, 4, 4, 2], signature=[-1, -1, -1, 2], feed=[2, 3, 5, 2])
    return one(op, x, either([6, 10], False), half_pixel_centers=True)


@cases(op=["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"], half=[True, False], size=[[9, 7], [10, 49], [41, 3]])
def test_dynamic_batch(op: str, half: bool, size: list[int]) -> Model:
    """5 * (9 / 5) is less than 9 in some arithmetics."""
    x = given([1, 5, 5, 2], signature=[-1, 5, 5, 2], feed=[3, 5, 5, 2])
    return one(op, x, either(size, False), half_pixel_centers=half)
