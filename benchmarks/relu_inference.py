"""How well --dequantize finds activations in quantization ranges: `python benchmarks/relu_inference.py [NETWORKS]`.

Float networks with known activations are quantized with TensorFlow's converter, every fused activation that the codes'
range makes redundant is taken out of the file, as some converters do, and the float conversion is asked what it
inferred. Prints the confusion table (rows: what the network had, columns: what was inferred). Needs TensorFlow.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import code_range
from tfonnx_lab.rewriters.activation import code_bounds

KINDS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
ACTIVATIONS = ("NONE", "RELU", "RELU6")


def network(seed: int) -> Any:
    """A small Keras model: convolutions, depthwise ones, residual sums, products, joins and dense layers."""
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    tf.keras.utils.set_random_seed(seed)
    layers = tf.keras.layers

    def activated(x: Any) -> Any:
        kind = rng.choice(ACTIVATIONS)
        return x if kind == "NONE" else layers.ReLU(6.0 if kind == "RELU6" else None)(x)

    def scale() -> Any:
        return tf.keras.initializers.VarianceScaling(
            float(rng.choice([1.0, 8.0, 40.0])), seed=int(rng.integers(1 << 30))
        )

    x = image = layers.Input([16, 16, 3], batch_size=1)
    for _ in range(int(rng.integers(3, 7))):
        kind = rng.integers(5)
        if kind == 0:
            x = activated(
                layers.DepthwiseConv2D(
                    3, padding="same", depthwise_initializer=scale(), bias_initializer=scale_bias(rng)
                )(x)
            )
        elif kind == 1:
            y = activated(layers.Conv2D(x.shape[-1], 1, kernel_initializer=scale())(x))
            x = activated(layers.Add()([x, y]))
        elif kind == 2:
            y = activated(layers.Conv2D(4, 3, padding="same", kernel_initializer=scale())(x))
            x = layers.Concatenate()([x, y])
        elif kind == 3:
            x = layers.MaxPooling2D(2, padding="same")(
                activated(layers.Conv2D(8, 3, padding="same", kernel_initializer=scale())(x))
            )
        else:
            x = activated(
                layers.Conv2D(8, 3, padding="same", kernel_initializer=scale(), bias_initializer=scale_bias(rng))(x)
            )
    x = activated(layers.Dense(16, kernel_initializer=scale())(layers.GlobalAveragePooling2D()(x)))
    return tf.keras.Model(image, layers.Softmax()(layers.Dense(5)(x)))


def scale_bias(rng: np.random.Generator) -> Any:
    """Biases far enough from zero that some channels are all positive."""
    import tensorflow as tf

    return tf.keras.initializers.RandomUniform(-1.0, 1.0, seed=int(rng.integers(1 << 30)))


def quantized(model: Any, seed: int, dtype: str) -> bytes:
    """The model with int8 or uint8 inputs and outputs, calibrated on random images."""
    import tensorflow as tf

    def samples() -> Iterator[list[np.ndarray]]:
        rng = np.random.default_rng(seed)
        for _ in range(20):
            yield [rng.normal(0, 1.5, [1, 16, 16, 3]).astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = getattr(tf, dtype)
    return bytes(converter.convert())


def without_activations(data: bytes) -> tuple[bytes, dict[int, tuple[str, float, float]]]:
    """The file with every fused activation taken out, and op index => (activation, its output's highest value, step)."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    names = {v: k for k, v in vars(schema.ActivationFunctionType).items() if isinstance(v, int)}
    truth = {}
    graph = model.subgraphs[0]
    for index, op in enumerate(graph.operators):
        kind = getattr(op.builtinOptions, "fusedActivationFunction", None)
        if kind is None:
            continue
        tensor = graph.tensors[op.outputs[0]]
        step, zero = float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])
        dtype = ir.DataType.UINT8 if tensor.type == schema.TensorType.UINT8 else ir.DataType.INT8
        low, high = code_range(dtype)
        if kind and code_bounds(names[kind], step, zero, dtype) != (low, high):
            continue
        truth[index] = names[kind], (high - zero) * step, step
        op.builtinOptions.fusedActivationFunction = 0
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output()), truth


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
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    table: Counter[tuple[str, str]] = Counter()
    for seed in range(count):
        data, truth = without_activations(quantized(network(seed), seed, ("int8", "uint8")[seed % 2]))
        found = inferred(data)
        for index, (kind, high, step) in truth.items():
            if kind == "RELU6" and high < 6 - step / 2:
                kind = "RELU6, not reached"
            table[kind, found.get(index, "NONE")] += 1
    rows = sorted({kind for kind, _ in table})
    print(f"{count} networks{'':14}" + "".join(f"{k:>14}" for k in KINDS))
    for row in rows:
        print(f"{row:24}  " + "".join(f"{table[row, k]:14}" for k in KINDS))
    false = sum(n for (kind, got), n in table.items() if got == "RELU6" and kind != "RELU6")
    print(
        f"false RELU6: {false}; RELU6 missed: {sum(n for (k, g), n in table.items() if k == 'RELU6' and g != 'RELU6')}"
    )


if __name__ == "__main__":
    main()
