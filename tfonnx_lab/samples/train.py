"""Trains the samples: `python -m tfonnx_lab.samples.train`. Needs TensorFlow and scikit-learn; takes about a minute.

The network has what conversions stumble over: an input that is padded, a ReLU6, a depthwise convolution, a residual Add
whose sum has two consumers, a global mean and a softmax.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
HELD_OUT = 64


def data() -> tuple[np.ndarray, np.ndarray]:
    """Images [n, 8, 8, 1] in 0 to 1 and labels [n], shuffled with a fixed seed; the first HELD_OUT are for testing."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    return (digits.images[order][..., None] / 16).astype(np.float32), digits.target[order]


def network() -> Any:
    """The Keras model."""
    import tensorflow as tf

    layers = tf.keras.layers
    x = image = layers.Input([8, 8, 1], batch_size=1, name="image")
    x = layers.ZeroPadding2D(1)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(12, 3, use_bias=False)(x)))
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)))
    y = layers.BatchNormalization()(layers.Conv2D(12, 1, use_bias=False)(y))
    x = layers.Add()([x, y])
    y = layers.ReLU()(layers.Conv2D(24, 3, strides=2, padding="same")(x))
    z = layers.Conv2D(24, 1, strides=2)(x)
    x = layers.Concatenate()([y, z])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(10)(x)
    return tf.keras.Model(image, layers.Softmax(name="probabilities")(x))


def main() -> None:
    """Train, quantize in every way, and write the files."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.keras.utils.set_random_seed(0)
    images, labels = data()
    model = network()
    batched = tf.data.Dataset.from_tensor_slices((images[HELD_OUT:], labels[HELD_OUT:])).shuffle(2000, seed=0)
    free = _with_free_batch(model)
    free.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    free.fit(batched.batch(32), epochs=30, verbose=0)
    model.set_weights(free.get_weights())
    np.savez_compressed(
        FOLDER / "images.npz",
        images=(images[:HELD_OUT, ..., 0] * 16).astype(np.uint8),
        labels=labels[:HELD_OUT].astype(np.uint8),
    )
    print("float accuracy", free.evaluate(images[:HELD_OUT], labels[:HELD_OUT], verbose=0)[1])
    for name, kind in (
        ("float", None),
        ("dynamic_range", "dynamic"),
        ("int8", tf.int8),
        ("uint8", tf.uint8),
        ("int16x8", "int16"),
    ):
        flatbuffer = quantized(model, images, kind)
        (FOLDER / f"digits_{name}.tflite").write_bytes(flatbuffer)
        print(name, len(flatbuffer), "bytes, accuracy", accuracy(flatbuffer, images[:HELD_OUT], labels[:HELD_OUT]))
    (FOLDER / "digits_unsupported.tflite").write_bytes(with_custom_op((FOLDER / "digits_float.tflite").read_bytes()))


def _with_free_batch(model: Any) -> Any:
    """The same network for batches of any size, to train with."""
    import tensorflow as tf

    return tf.keras.models.clone_model(model, input_tensors=tf.keras.layers.Input([8, 8, 1]))


def quantized(model: Any, images: np.ndarray, kind: Any) -> bytes:
    """A flatbuffer of the model.

    kind: None (float), "dynamic", "int16", or the dtype of an integer model's interface.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind not in (None, "dynamic"):

        def representative() -> Iterator[list[np.ndarray]]:
            for image in images[HELD_OUT : HELD_OUT + 200]:
                yield [image[None]]

        converter.representative_dataset = representative
        ops = tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        if kind == "int16":
            ops = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        else:
            converter.inference_input_type = converter.inference_output_type = kind
        converter.target_spec.supported_ops = [ops]
    return bytes(converter.convert())


def accuracy(flatbuffer: bytes, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that LiteRT classifies right."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=flatbuffer)
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    right = 0
    for image, label in zip(images, labels, strict=True):
        value = image[None]
        if source["dtype"] != np.float32:
            scale, zero = source["quantization"]
            info = np.iinfo(source["dtype"])
            value = np.clip(np.round(value / scale) + zero, info.min, info.max).astype(source["dtype"])
        interpreter.set_tensor(source["index"], value)
        interpreter.invoke()
        right += int(interpreter.get_tensor(target["index"])[0].argmax() == label)
    return right / len(labels)


def with_custom_op(flatbuffer: bytes) -> bytes:
    """The model with a made-up custom op `LabSharpen` at its input: y = x + 0.5 * (x - mean(x)), over each image.

    No runtime has a kernel for it; notebook 03 writes its handler. Its options are the flexbuffer map {"amount": 0.5}.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema
    from flatbuffers import flexbuffers

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(flatbuffer), 0))
    graph = model.subgraphs[0]
    image = graph.inputs[0]
    sharp = schema.TensorT(
        shape=list(graph.tensors[image].shape), type=schema.TensorType.FLOAT32, buffer=0, name=b"sharpened"
    )
    graph.tensors.append(sharp)
    number = len(graph.tensors) - 1
    for op in graph.operators:
        op.inputs = [number if i == image else i for i in op.inputs]
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Float("amount", 0.5)
    code = schema.OperatorCodeT(
        builtinCode=schema.BuiltinOperator.CUSTOM, deprecatedBuiltinCode=32, customCode=b"LabSharpen", version=1
    )
    model.operatorCodes.append(code)
    op = schema.OperatorT(
        opcodeIndex=len(model.operatorCodes) - 1, inputs=[image], outputs=[number], customOptions=list(builder.Finish())
    )
    graph.operators.insert(0, op)
    packer = flatbuffers.Builder(len(flatbuffer))
    packer.Finish(model.Pack(packer), file_identifier=b"TFL3")
    return bytes(packer.Output())


if __name__ == "__main__":
    main()
