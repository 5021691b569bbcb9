"""How well --dequantize finds activations in quantization ranges: `python benchmarks/relu_inference.py [SEEDS
[FOLDER]]`.

Float networks with known activations are quantized with TensorFlow's converter, every fused activation that the codes'
range makes redundant is taken out of the file, as some converters do, and the float conversion is asked what it
inferred. Prints the confusion table (rows: what the network had, columns: what was inferred) and every RELU6 that is
not on its diagonal. FOLDER keeps the quantized networks from one run to the next. Needs TensorFlow.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
from relu_networks import FAMILIES, quantized

from tfonnx_lab.graph import code_range
from tfonnx_lab.rewriters.fused_activation import code_bounds

KINDS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
SCHEMES = ("int8", "uint8", "drifted", "int16")
DTYPES = {"INT8": ir.DataType.INT8, "UINT8": ir.DataType.UINT8, "INT16": ir.DataType.INT16}
SIX = 6 * 1e-4


def network(family: str, seed: int, folder: Path) -> bytes | None:
    """The quantized network, from the folder where it is there; None where TensorFlow cannot quantize it."""
    scheme = SCHEMES[seed % len(SCHEMES)]
    path = folder / f"{family}_{seed}_{scheme}.tflite"
    if not path.exists():
        try:
            path.write_bytes(quantized(FAMILIES[family](seed), seed, "float" if scheme == "drifted" else scheme))
        except RuntimeError as error:
            print(f"{path.stem}: {str(error).splitlines()[0]}", file=sys.stderr)
            path.touch()
    return path.read_bytes() or None


def unpacked(data: bytes) -> Any:
    """The file as objects that can be changed."""
    from ai_edge_litert import schema_py_generated as schema

    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))


def packed(model: Any) -> bytes:
    """The file of these objects."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def drifted(data: bytes, seed: int) -> bytes:
    """The file with minima and maxima stored, and ranges that end a little below 6, as moving averages leave them."""
    model = unpacked(data)
    drift = 1 - 4e-5 * (seed % 3)
    for tensor in model.subgraphs[0].tensors:
        quant = tensor.quantization
        if quant is None or quant.scale is None or len(quant.scale) != 1 or tensor.type != 9:
            continue
        zero = int(quant.zeroPoint[0])
        if zero == -128 and abs(quant.scale[0] * 255 - 6) < SIX:
            quant.scale = np.float32(quant.scale * drift)
        quant.min = np.float32((-128 - zero) * quant.scale)
        quant.max = np.float32((127 - zero) * quant.scale)
    return packed(model)


def without_activations(data: bytes) -> tuple[bytes, dict[int, tuple[str, float]]]:
    """The file without its redundant fused activations, and op index => (activation, its output's highest value)."""
    from ai_edge_litert import schema_py_generated as schema

    model = unpacked(data)
    kinds = {v: k for k, v in vars(schema.ActivationFunctionType).items() if not k.startswith("_")}
    dtypes = {v: DTYPES[k] for k, v in vars(schema.TensorType).items() if k in DTYPES}
    truth = {}
    graph = model.subgraphs[0]
    for index, op in enumerate(graph.operators):
        kind = getattr(op.builtinOptions, "fusedActivationFunction", None)
        tensor = graph.tensors[op.outputs[0]]
        if kind is None or tensor.type not in dtypes or tensor.quantization.scale is None:
            continue
        step, zero = float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])
        dtype = dtypes[tensor.type]
        low, high = code_range(dtype)
        if kind and code_bounds(kinds[kind], step, zero, dtype) != (low, high):
            continue
        truth[index] = kinds[kind], (high - zero) * step
        op.builtinOptions.fusedActivationFunction = 0
    return packed(model), truth


def inferred(data: bytes) -> dict[int, str]:
    """Op index => the activation that the conversion put behind it."""
    import tfonnx_lab as lab

    result = lab.convert(data, dequantize=True, on_error="keep")
    found = {}
    for step in result.trace:
        if step.rule.get("name") == "infer_relu" and step.edits:
            found[step.origin[0]] = step.note.split(": ")[1].split()[0]
    return found


def main() -> None:
    """Print the table."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else scratch)
        table, networks = tabulate(seeds, folder)
    print(f"{f'{networks} networks':26}" + "".join(f"{k:>14}" for k in KINDS))
    for row in sorted({kind for kind, _ in table}):
        print(f"{row:26}" + "".join(f"{table[row, k]:14}" for k in KINDS))
    false = sum(n for (kind, got), n in table.items() if got == "RELU6" and not kind.startswith("RELU6"))
    missed = sum(n for (kind, got), n in table.items() if kind == "RELU6" and got != "RELU6")
    print(f"false RELU6: {false}; RELU6 whose range ends at six, but not found: {missed}")


def tabulate(seeds: int, folder: Path) -> tuple[Counter[tuple[str, str]], int]:
    """(what there was, what was inferred) => how often, and the number of networks."""
    table: Counter[tuple[str, str]] = Counter()
    networks = 0
    for seed in range(seeds):
        for family in FAMILIES:
            data = network(family, seed, folder)
            if data is None:
                continue
            networks += 1
            scheme = SCHEMES[seed % len(SCHEMES)]
            data, truth = without_activations(drifted(data, seed) if scheme == "drifted" else data)
            found = inferred(data)
            for index, (kind, high) in truth.items():
                row, got = kind, found.get(index, "NONE")
                if kind == "RELU6" and abs(high - 6) > SIX:
                    row = "RELU6, not reached"
                elif family == "by_chance" and abs(high - 6) < 6 / 255:
                    row = f"{kind}, by chance 0..6"
                table[row, got] += 1
                if row != got and (got == "RELU6" or row in ("RELU6", "RELU_N1_TO_1")):
                    print(f"  {family} {seed} {scheme}, op {index}: {row}, inferred {got}")
    return table, networks


if __name__ == "__main__":
    main()
