"""Image networks as architectures in use are built, small and untrained: what `benchmarks/networks.py` quantizes."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

layers, keras = tf.keras.layers, tf.keras


def conv(
    x: Any, width: int, size: int | tuple[int, int] = 3, stride: int = 1, act: str | None = "relu", groups: int = 1
) -> Any:
    """Convolution, BatchNormalization, activation."""
    x = layers.Conv2D(width, size, stride, "same", use_bias=False, groups=groups)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation(act)(x) if act else x


def depthwise(x: Any, stride: int = 1, act: str | None = "relu6", size: int = 3) -> Any:
    """The same of a depthwise convolution."""
    x = layers.BatchNormalization()(layers.DepthwiseConv2D(size, stride, "same", use_bias=False)(x))
    return layers.Activation(act)(x) if act else x


def separable(x: Any, width: int, stride: int = 1, act: str = "relu6") -> Any:
    """A depthwise and a 1 x 1 convolution."""
    return conv(depthwise(x, stride, act), width, 1, act=act)


def bottleneck(x: Any, width: int, stride: int = 1, act: str = "relu6") -> Any:
    """MobileNetV2's inverted residual."""
    y = conv(depthwise(conv(x, 4 * x.shape[-1], 1, act=act), stride, act), width, 1, act=None)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == width else y


def features(x: Any) -> list[Any]:
    """A backbone's results at a quarter, an eighth, a 16th and a 32nd of the size."""
    x, found = conv(x, 16, 3, 2, "relu6"), []
    for width, repeats in ((24, 2), (32, 2), (64, 2), (96, 1)):
        for k in range(repeats):
            x = bottleneck(x, width, 2 if k == 0 else 1)
        found.append(x)
    return found


def ssd() -> Any:
    """Boxes and scores from three sizes."""
    image = layers.Input((160, 160, 3))
    found = features(image)
    sizes = [found[2], found[3], conv(conv(found[3], 64, 1), 96, 3, 2)]
    boxes, scores = (
        layers.Concatenate(axis=1)(
            [layers.Reshape((-1, n))(layers.Conv2D(6 * n, 1)(separable(t, t.shape[-1]))) for t in sizes]
        )
        for n in (4, 11)
    )
    return keras.Model(image, [boxes, layers.Activation("sigmoid")(scores)])


def efficientdet() -> Any:
    """Two bidirectional feature pyramids, heads that share their layers."""
    image = layers.Input((128, 128, 3))
    levels = [conv(t, 32, 1, act=None) for t in features(image)[1:]]
    levels.append(layers.MaxPooling2D(3, 2, "same")(levels[-1]))
    for _ in range(2):
        down = [levels[-1]]
        for level in levels[2::-1]:
            down.append(_fused([level, layers.UpSampling2D(2)(down[-1])]))
        down.reverse()
        up = [down[0]]
        for level, other in zip(levels[1:], down[1:], strict=True):
            terms = [level, layers.MaxPooling2D(3, 2, "same")(up[-1])]
            up.append(_fused([*terms, other] if other is not level else terms))
        levels = up
    heads = []
    for count in (10, 4):
        shared = layers.SeparableConv2D(32, 3, padding="same", activation="relu6")
        last = layers.SeparableConv2D(9 * count, 3, padding="same")
        heads.append(layers.Concatenate(axis=1)([layers.Reshape((-1, count))(last(shared(t))) for t in levels]))
    return keras.Model(image, heads)


def _fused(terms: list[Any]) -> Any:
    y = layers.Activation("relu6")(layers.Add()(terms))
    return conv(layers.DepthwiseConv2D(3, padding="same")(y), 32, 1, act=None)


def deeplab() -> Any:
    """Dilated convolutions, pooled features, bilinear resizing with aligned corners."""
    image = layers.Input((129, 129, 3))
    found = features(image)
    x, low = found[2], conv(found[0], 24, 1)
    branches = [conv(x, 64, 1)]
    branches += [conv(layers.DepthwiseConv2D(3, padding="same", dilation_rate=r)(x), 64, 1) for r in (2, 4)]
    pooled = conv(layers.GlobalAveragePooling2D(keepdims=True)(x), 64, 1)
    x = conv(layers.Concatenate()([*branches, resized(pooled, x.shape[1])]), 64, 1)
    x = separable(layers.Concatenate()([resized(x, low.shape[1]), low]), 64)
    return keras.Model(image, resized(layers.Conv2D(21, 1)(x), 129))


def resized(x: Any, size: int) -> Any:
    """Bilinear, corners aligned."""
    return layers.Lambda(lambda t: tf.compat.v1.image.resize_bilinear(t, (size, size), align_corners=True))(x)


def unet() -> Any:
    """Transposed convolutions, ELU."""
    image = x = layers.Input((64, 64, 3))
    skipped = []
    for width in (16, 32):
        x = conv(x, width, act="elu")
        skipped.append(x)
        x = conv(x, width, 3, 2, "elu")
    for width, skip in zip((32, 16), skipped[::-1], strict=True):
        x = layers.Conv2DTranspose(width, 3, 2, "same", activation="relu")(x)
        x = conv(layers.Add()([x, skip]), width)
    return keras.Model(image, layers.Conv2D(4, 3, padding="same", activation="tanh")(x))


def yolo() -> Any:
    """SiLU, slices beside each other, cross-stage parts, upsampling."""
    image = layers.Input((128, 128, 3))
    corners = layers.Lambda(lambda t: tf.concat([t[:, a::2, b::2] for b in (0, 1) for a in (0, 1)], -1))(image)
    x = conv(corners, 16, act="silu")
    fine = _cross_stage(conv(conv(x, 32, 3, 2, "silu"), 64, 3, 2, "silu"), 64)
    coarse = _cross_stage(conv(fine, 96, 3, 2, "silu"), 96)
    up = layers.UpSampling2D()(conv(coarse, 64, 1, act="silu"))
    ends = [_cross_stage(layers.Concatenate()([up, fine]), 64), coarse]
    boxes = [layers.Reshape((-1, 15))(layers.Conv2D(45, 1)(t)) for t in ends]
    return keras.Model(image, layers.Activation("sigmoid")(layers.Concatenate(axis=1)(boxes)))


def _cross_stage(x: Any, width: int) -> Any:
    a, b = (conv(x, width // 2, 1, act="silu") for _ in range(2))
    a = layers.Add()([a, conv(conv(a, width // 2, 1, act="silu"), width // 2, act="silu")])
    return conv(layers.Concatenate()([a, b]), width, 1, act="silu")


def movenet() -> Any:
    """A feature pyramid with bilinear upsampling and four heads."""
    image = layers.Input((128, 128, 3))
    found = features(image)
    x = conv(found[3], 32, 1)
    for level in found[2::-1]:
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        x = separable(layers.Add()([x, conv(level, 32, 1, act=None)]), 32)
    ends = {17: "sigmoid", 1: "sigmoid", 34: None, 2: None}
    return keras.Model(image, [layers.Conv2D(n, 1, activation=a)(separable(x, 64)) for n, a in ends.items()])


def gated() -> Any:
    """Squeeze and excite with dense layers, hard swish."""
    image = layers.Input((64, 64, 3))
    x = conv(image, 32, 3, 2, "hard_silu")
    for width, stride in ((32, 1), (64, 2), (64, 1)):
        y = conv(x, width, 3, stride, "hard_silu")
        gate = layers.Dense(width // 4, activation="relu")(layers.GlobalAveragePooling2D()(y))
        gate = layers.Reshape((1, 1, width))(layers.Dense(width, activation="hard_sigmoid")(gate))
        y = conv(layers.Multiply()([y, gate]), width, 1, act=None)
        x = layers.Add()([x, y]) if x.shape[-1] == width else y
    return keras.Model(image, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def super_resolution() -> Any:
    """Residual convolutions, depth to space."""
    image = layers.Input((48, 48, 3))
    x = first = conv(image, 32)
    for _ in range(2):
        x = layers.Add()([x, conv(conv(x, 32), 32, act=None)])
    x = layers.Conv2D(48, 3, padding="same")(layers.Add()([x, first]))
    return keras.Model(image, layers.Lambda(lambda t: tf.nn.depth_to_space(t, 4))(x))


def grouped() -> Any:
    """Convolutions in groups, residual."""
    image = layers.Input((64, 64, 3))
    x = conv(image, 32, 3, 2)
    for width, stride in ((64, 1), (128, 2)):
        y = conv(conv(conv(x, width // 2, 1), width // 2, 3, stride, groups=8), width, 1, act=None)
        x = layers.ReLU()(layers.Add()([y, conv(x, width, 1, stride, None)]))
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


IMAGES = (ssd, efficientdet, deeplab, unet, yolo, movenet, gated, super_resolution, grouped)
