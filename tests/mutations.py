"""Breaks the product in one place at a time and runs the tests of that piece: a test has to fail each time.

usage: python -m tests.mutations [TEXT ...] [--list]

TEXT: only mutations whose file or words have one of these in them. The package is copied for each, so the sources here
are never touched. Prints "killed" or "SURVIVED" for each, and ends with 1 where one survives, or where a line that it
changes is no more.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tfonnx_lab"


@dataclass(frozen=True)
class Mutation:
    """One change: file (in the package), old => new (`old` stands in it once), what it breaks, and the tests of that
    piece."""

    file: str
    old: str
    new: str
    breaks: str
    tests: str

    def __str__(self) -> str:
        return f"{self.file}: {self.breaks}"


C = "tests/conformance/"
MUTATIONS = [
    # readers
    Mutation(
        "readers/sparse.py",
        "coordinates[:, level] * scale",
        "coordinates[:, level]",
        "blocks of sparse weights are not scaled",
        f"{C}test_quantize.py {C}test_fully_connected_matmul.py {C}test_conv.py -k sparse or densify",
    ),
    Mutation(
        "readers/nodedef.py",
        "value - (1 << 64) if value >= 1 << 63 else value",
        "value",
        "negative numbers of a NodeDef",
        f"{C}test_flex.py {C}test_flex_builtin.py -k MatrixBandPart or OneHot",
    ),
    Mutation(
        "readers/ranks.py",
        "return first + 1",
        "return first",
        "the rank of EXPAND_DIMS in old files",
        f"{C}test_interface.py",
    ),
    Mutation(
        "readers/tensors.py",
        "zip(ends[:-1], ends[1:], strict=True)",
        "zip(ends[:-1], [*ends[2:], ends[-1]], strict=True)",
        "where strings end",
        f"{C}test_string_hashtable.py",
    ),
    # rewriters
    Mutation(
        "rewriters/fused_activation.py",
        "min(highest, zero_point + _steps(real_high, scale))",
        "highest",
        "the upper bound of a RELU6 of codes",
        f"{C}test_elementwise_binary.py {C}test_conv.py {C}test_pool.py -k activation and 18",
    ),
    Mutation(
        "rewriters/fused_activation.py",
        "int(round_away(np.float32(real) / np.float32(scale)))",
        "int(np.float32(real) / np.float32(scale))",
        "how the bound of RELU_N1_TO_1 is rounded",
        "tests/rewriters/test_fused_activation.py",
    ),
    Mutation(
        "rewriters/transpose_conv.py",
        "[:, ::-1, :, ::-1]",
        "[:, ::-1, :, :]",
        "the weights of a transposed convolution are turned in one direction only",
        "tests/rewriters/test_transpose_conv.py",
    ),
    Mutation(
        "rewriters/upsampling.py",
        ".repeat(factors[0], 0).repeat(factors[1], 1)",
        ".repeat(factors[1], 0).repeat(factors[0], 1)",
        "factors of rows and columns exchanged",
        "tests/rewriters/test_upsampling.py",
    ),
    Mutation(
        "rewriters/complex_parts.py",
        'for part in ("REAL", "IMAG")',
        'for part in ("REAL", "REAL")',
        "the imaginary part of what moves",
        f"{C}test_signal_fft.py",
    ),
    Mutation(
        "rewriters/flex_builtin.py",
        '"adj_y": d.get("transpose_b", False)',
        '"adj_y": False',
        "FlexMatMul's second transposition",
        f"{C}test_flex.py -k MatMul",
    ),
    Mutation(
        "rewriters/quantization/batch.py",
        "int(axis.ravel()[0]) not in (0, -1 - size)",
        "True",
        "EXPAND_DIMS before the batch",
        "tests/rewriters/test_batch.py",
    ),
    Mutation(
        "rewriters/quantization/dynamic_range.py",
        "else dims[0] == 1",
        "else True",
        "each batch has a range of its own",
        f"{C}test_conv.py tests/rewriters/test_hybrid.py -k hybrid",
    ),
    Mutation(
        "rewriters/empty.py",
        'limits.min if op_type == "REDUCE_MAX" else limits.max',
        'limits.max if op_type == "REDUCE_MAX" else limits.min',
        "what a REDUCE_MAX of nothing starts from",
        f"{C}test_reduce.py -k empty",
    ),
    # handlers
    Mutation(
        "handlers/conv.py",
        "op.Transpose(w, perm=[0, 3, 1, 2])",
        "op.Transpose(w, perm=[0, 3, 2, 1])",
        "height and width of weights exchanged",
        f"{C}test_conv.py -k conv_2d and 18",
    ),
    Mutation(
        "handlers/lowering/groups.py",
        "group_of_output = op.Div(op.Mul(op.const(list(range(outputs))), count), op.const(outputs))",
        "group_of_output = op.Mod(op.const(list(range(outputs))), count)",
        "which group an output belongs to",
        f"{C}test_conv.py -k unknown_channels",
    ),
    Mutation(
        "handlers/lowering/layout.py",
        "[total // 2 for total in known] + [total - total // 2 for total in known]",
        "[total - total // 2 for total in known] + [total // 2 for total in known]",
        "the odd element of SAME padding",
        f"{C}test_conv.py {C}test_pool.py -k 18",
    ),
    Mutation(
        "handlers/slice.py",
        "return _END if first == -1 else first + 1",
        "return first + 1",
        "the last element, shrunk",
        f"{C}test_slice_pad.py",
    ),
    Mutation(
        "handlers/slice.py",
        "if isinstance(size, int) and isinstance(first, int) and first >= -size:",
        "if isinstance(first, int):",
        "a slice back from before the first element",
        f"{C}test_slice_pad.py",
    ),
    Mutation(
        "handlers/reduce.py",
        "count = op.Max(count, op.const(1))",
        "count = op.Max(count, op.const(2))",
        "the mean of one integer of unknown many",
        f"{C}test_reduce.py -k unknown_rows",
    ),
    Mutation(
        "handlers/detection.py",
        "np.nextafter(known.astype(np.float32).reshape(1), np.float32(-np.inf))",
        "known.astype(np.float32).reshape(1)",
        "boxes that overlap by exactly the limit",
        f"{C}test_detection_custom.py -k at_the",
    ),
    Mutation(
        "handlers/detection.py",
        'np.nextafter(np.float32(options["nms_score_threshold"]), np.float32(-np.inf))',
        'np.float32(options["nms_score_threshold"])',
        "scores of exactly the threshold",
        f"{C}test_detection_custom.py -k at_the",
    ),
    Mutation(
        "handlers/gather.py",
        "batch = batch_dims + wide if batch_dims < 0 else batch_dims",
        "batch = abs(batch_dims)",
        "batch dimensions counted from the end",
        f"{C}test_gather_scatter.py -k from_the_end",
    ),
    Mutation(
        "handlers/resize.py",
        "np.floor(position + np.float32(0.5)) if align else",
        "np.floor(position) if align else",
        "rounding of nearest neighbours at aligned corners",
        f"{C}test_resize.py -k 18",
    ),
    Mutation(
        "handlers/dynamic_range.py",
        "zero = op.QuantizeLinear(low, op.Neg(scale), axis=0)",
        "zero = op.QuantizeLinear(low, scale, axis=0)",
        "the zero point of rows",
        f"{C}test_fully_connected_matmul.py tests/rewriters/test_hybrid.py",
    ),
    Mutation(
        "handlers/lowering/product_of_codes.py",
        "if all(d == 1 for d in taken):",
        "if not taken:",
        "a product over dimensions of one is rescaled",
        f"{C}test_reduce.py -k overflow",
    ),
    Mutation(
        "handlers/flex/elementwise.py",
        '"Mod": lambda op, a, b: op.Mod(a, b, fmod=1)',
        '"Mod": lambda op, a, b: op.Mod(a, b, fmod=0)',
        "FlexMod's sign",
        f"{C}test_flex_builtin.py -k Mod",
    ),
    Mutation(
        "handlers/custom/mediapipe.py",
        "place = op.Add(op.Mul(place, op.const(channels)), op.const(np.arange(channels)))",
        "place = op.Mul(place, op.const(channels))",
        "the channel in a place of MaxPoolWithArgmax",
        f"{C}test_custom_ops.py -k argmax",
    ),
    Mutation(
        "handlers/recurrent/lstm_cell.py",
        "for i in (0, 3, 1, 2)]  # ONNX",
        "for i in (0, 3, 2, 1)]  # ONNX",
        "the order of an LSTM's gates",
        f"{C}test_recurrent.py -k lstm and float32 and 18",
    ),
    # optimizers
    Mutation(
        "optimizers/pads.py",
        "before[2:] + after[2:]",
        "after[2:] + before[2:]",
        "pads of both sides exchanged",
        "tests/optimizers/test_pads.py",
    ),
    Mutation(
        "optimizers/pads.py",
        "bool(value.ravel()[0] == zero.ravel()[0])",
        "True",
        "a Pad with something else than zero",
        "tests/optimizers/test_pads.py",
    ),
    Mutation(
        "optimizers/_transposes.py",
        "return tuple(inner[i] for i in outer)",
        "return tuple(outer[i] for i in inner)",
        "the order in which Transposes are composed",
        "tests/optimizers/test_layout.py tests/parity/test_compare.py",
    ),
    Mutation(
        "optimizers/duplicates.py",
        "len(node.outputs), *attributes)",
        "len(node.outputs))",
        "nodes that differ in attributes are merged",
        "tests/optimizers tests/conformance/test_networks.py",
    ),
    Mutation(
        "optimizers/qdq.py",
        "return x if same and x.dtype == node.outputs[0].dtype else None",
        "return x if x.dtype == node.outputs[0].dtype else None",
        "Q/DQ along different axes are dropped",
        "tests/optimizers",
    ),
    Mutation(
        "optimizers/constants.py",
        'axis = perm.index(attr(dq, "axis", 1) % len(perm))',
        'axis = (attr(dq, "axis", 1) % len(perm))',
        "the axis of folded codes",
        f"tests/optimizers {C}test_conv.py -k channel or optim or weights",
    ),
    Mutation(
        "optimizers/layout_edge.py",
        "if target is None or (0 in target):",
        "if target is None:",
        "Reshapes with a 0 are merged",
        f"tests/optimizers {C}test_shape_movement.py",
    ),
    Mutation(
        "optimizers/layout_edge.py",
        "if moving != sorted(moving):\n        return None\n    target = [shape[p] for p in perm]",
        "target = [shape[p] for p in perm]",
        "a Transpose that moves data is no Reshape",
        "tests/optimizers/test_layout.py",
    ),
    # graph, patterns, rules
    Mutation(
        "graph/shape_inference.py",
        "dims.append(sum(column) if",
        "dims.append(max(column) if",
        "the length of a Concat",
        "tests/graph",
    ),
    Mutation(
        "graph/infer.py",
        '"DequantizeLinear": 1',
        '"DequantizeLinear": 0',
        "the dtype of DequantizeLinear",
        "tests/graph tests/optimizers",
    ),
    Mutation(
        "graph/names.py",
        "while name in taken:",
        "if name in taken:",
        "a third value of one name",
        "tests/graph tests/test_hostile_models.py",
    ),
    Mutation(
        "graph/inline.py",
        "known.update(zip(node.outputs, outputs, strict=True))",
        "known.update(zip(node.outputs[1:], outputs[1:], strict=True))",
        "values of a copied subgraph",
        f"{C}test_control_flow.py",
    ),
    Mutation(
        "graph/editor.py",
        "known = [a if isinstance(a, int) else b for a, b in zip(new, old, strict=True)]",
        "known = list(new)",
        "sizes that the file knows",
        "tests/graph",
    ),
    Mutation(
        "patterns/pattern.py",
        "(self.commutative and self._match_in_order(values[::-1], bound))",
        "False",
        "the other order of two inputs",
        "tests/patterns",
    ),
    Mutation(
        "patterns/pattern.py",
        "trial = dict(bound)",
        "trial = bound",
        "what a pattern bound that did not match",
        "tests/patterns",
    ),
    Mutation(
        "rules/driver.py",
        "if root.graph is not None and not _used(root):",
        "if root.graph is not None:",
        "an op whose output is still used is erased",
        "tests/rules",
    ),
    # trace
    Mutation(
        "trace/edits.py",
        'return Insert(graph, state.after(self.node), node, []), *_owners(state, node["attrs"])',
        'return Insert(graph, None, node, []), *_owners(state, node["attrs"])',
        "going back puts a node at the end",
        "tests/trace",
    ),
    Mutation(
        "trace/edits.py",
        "return (Retype(self.value, {field: value.get(field) for field in self.changed}),)",
        "return (Retype(self.value, dict(self.changed)),)",
        "going back leaves a value's new type",
        "tests/trace",
    ),
    Mutation(
        "trace/edits.py",
        "def erased(self) -> tuple[int, ...]:\n        return (self.node,)",
        "def erased(self) -> tuple[int, ...]:\n        return ()",
        "erased nodes are counted",
        "tests/trace tests/widgets",
    ),
    Mutation(
        "trace/resume.py",
        'describe(made, ORIGIN, frozenset(node["origin"]))',
        "describe(made, ORIGIN, frozenset())",
        "a second try forgets where nodes came from",
        "tests/debug/test_retry.py -k not models",
    ),
    Mutation(
        "trace/recorder.py",
        '"origin": sorted(frozenset().union(*origins))',
        '"origin": []',
        "a step says of which ops it is",
        "tests/trace tests/widgets",
    ),
    # arithmetic, runtime, parity, conversion, litert
    Mutation(
        "arithmetic/fixed_point.py",
        "return (x >> exponent) + (rest > (mask >> 1) + (x < 0))",
        "return (x >> exponent) + (rest > (mask >> 1))",
        "halves below zero",
        f"{C}test_elementwise_unary.py tests/rewriters -k int8 or rounding or table",
    ),
    Mutation(
        "runtime/saturation.py",
        "(255 * largest > _LIMIT)",
        "(255 * largest >= 2 * _LIMIT)",
        "weights that saturate",
        "tests/debug/test_kernels.py",
    ),
    Mutation(
        "runtime/stateful.py",
        "feeds = {**self.states, **self._named(inputs)}",
        "feeds = {**self._named(inputs)}",
        "states are fed",
        f"{C}test_state_over_runs.py",
    ),
    Mutation(
        "runtime/groups.py",
        "return [g for g in self.groups if g.quantized and not g.integer]",
        "return [g for g in self.groups if g.quantized and g.integer]",
        "which groups are float islands",
        "tests/runtime",
    ),
    Mutation(
        "parity/gap.py",
        "same = (a == b) | (np.isnan(a) & np.isnan(b))",
        "same = (a == b) | np.isnan(a) | np.isnan(b)",
        "NaN on one side",
        "tests/parity/test_compare.py",
    ),
    Mutation(
        "parity/comparison.py",
        "got = got if perm is None else got.transpose(perm)",
        "got = got",
        "a tensor's layout",
        "tests/parity/test_compare.py",
    ),
    Mutation(
        "parity/ops.py",
        "float((off > 0).mean())",
        "float((off > 1).mean())",
        "codes that are one off",
        "tests/debug/test_kernels.py",
    ),
    Mutation(
        "conversion/pipeline.py",
        "value.const_value = ir.tensor(initial_value(value), name=value.name)",
        "value.const_value = ir.tensor(initial_value(value) * 0, name=value.name)",
        "the first value of a state",
        f"{C}test_state.py {C}test_state_over_runs.py",
    ),
    # exact="bits"
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
        "for _ in range(3):",
        "for _ in range(2):",
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
        "return 2.0**-15 if",
        "return 2.0**-19 if",
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
]
"""Each breaks something that a user would see."""


def main() -> int:
    """Try them."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("only", nargs="*")
    p.add_argument("--list", action="store_true")
    a = p.parse_args()
    chosen = [m for m in MUTATIONS if not a.only or any(text in str(m) for text in a.only)]
    bad = 0
    for mutation in chosen:
        began = time.perf_counter()
        told = "" if a.list else tried(mutation)
        bad += told not in ("", "killed")
        print(f"{told:9} {mutation}" + ("" if a.list else f" ({time.perf_counter() - began:.0f} s)"), flush=True)
    if not a.list:
        print(f"{len(chosen) - bad} of {len(chosen)} killed")
    return 1 if bad or not chosen else 0


def tried(mutation: Mutation) -> str:
    """killed, SURVIVED, STALE (the line is no more), or BROKEN (the tests do not run at all)."""
    source = (PACKAGE / mutation.file).read_text("utf-8")
    if source.count(mutation.old) != 1:
        return "STALE"
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        there = Path(folder)
        copied(there)
        (there / "tfonnx_lab" / mutation.file).write_text(source.replace(mutation.old, mutation.new), "utf-8")
        paths, _, words = mutation.tests.partition(" -k ")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-n",
            "0",  # in processes of its own pytest ends with 2 where a test failed
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            *paths.split(),
        ]
        done = subprocess.run(
            [*command, *(["-k", words] if words else [])],
            cwd=there,
            env={**os.environ, "PYTHONPATH": str(there), "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
        )
    return {0: "SURVIVED", 1: "killed"}.get(done.returncode, f"BROKEN: {done.stdout[-300:]}{done.stderr[-300:]}")


def copied(folder: Path) -> None:
    """The package, its tests, and what those read, without the JavaScript."""
    ignored = shutil.ignore_patterns("__pycache__", "js", "labextension", "static")
    for name in ("tfonnx_lab", "tests", "docs", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)


if __name__ == "__main__":
    sys.exit(main())
