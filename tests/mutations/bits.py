"""Of `exact="bits"`: the codes of LiteRT's reference kernels."""

from __future__ import annotations

from .mutation import C, Mutation

MUTATIONS = [
    Mutation(
        "handlers/bits/arithmetic.py",
        "left = 15 if a.dtype == _D.INT16 else 20",
        "left = 15 if a.dtype == _D.INT16 else 12",
        "sums of bytes keep fewer bits than LiteRT's",
        f"{C}test_bits.py -k every_pair",
    ),
    Mutation(
        "handlers/bits/products.py",
        "wide: bool = True,",
        "wide: bool = False,",
        "sums of 16-bit codes are rescaled as those of 32 bits",
        f"{C}test_bits.py -k products",
    ),
    Mutation(
        "handlers/bits/pool.py",
        "op.Where(op.Greater(total, np.float64(0)), op.Add(total, half), op.Sub(total, half))",
        "op.Add(total, half)",
        "means of codes below zero are rounded up at a half",
        f"{C}test_bits.py -k averages",
    ),
    Mutation(
        "handlers/bits/softmax.py",
        "range(constants.RECIPROCAL_STEPS)",
        "range(constants.RECIPROCAL_STEPS - 1)",
        "the reciprocal takes a step of Newton's less",
        f"{C}test_bits.py -k softmax",
    ),
    Mutation(
        "handlers/lowering/integer.py",
        "number(2 * _AWAY)",
        "number(2)",
        "halves that a computed power divides go to even",
        f"{C}test_bits.py -k length_one",
    ),
    Mutation(
        "handlers/lowering/products.py",
        "Part(_bytes(op, low), 0)]",
        "Part(_bytes(op, low), 1)]",
        "the lower bytes of 16-bit codes are off by one",
        f"{C}test_bits.py -k products",
    ),
    Mutation(
        "rewriters/quantization/explicit.py",
        "return _OF_FEW if",
        "return HALVES_AWAY if",
        "means of int8 around zero are rounded to even",
        "tests/rewriters/test_rounding.py -k mean_of_bytes",
    ),
    Mutation(
        "rewriters/quantization/inexact.py",
        "found.append((node.op_type, place, why))",
        "found = found",
        "nobody is told which ops compute with real numbers",
        f"{C}test_bits.py -k named",
    ),
    Mutation(
        "handlers/bits/pool.py",
        "F(F(-zero) * scale) * F(count)",
        "F(F(-zero) * scale)",
        "the zero point of each code of a SUM",
        f"{C}test_bits.py -k averages",
    ),
    Mutation(
        "handlers/bits/resize.py",
        "low = np.maximum(np.floor(at).astype(np.int64), 0)",
        "low = np.floor(at).astype(np.int64)",
        "pixels before the first one",
        f"{C}test_bits.py -k averages",
    ),
    Mutation(
        "handlers/bits/normalization.py",
        "range(constants.INVERSE_ROOT_STEPS)",
        "range(constants.INVERSE_ROOT_STEPS - 1)",
        "the root takes a step of Newton's less",
        f"{C}test_bits.py -k length_one",
    ),
    Mutation(
        "handlers/bits/requantize.py",
        "scale = F(source) * (F(1) / F(target))",
        "scale = F(source) / F(target)",
        "the rounding of a joined tensor's scale",
        f"{C}test_bits.py -k several_scales",
    ),
]
