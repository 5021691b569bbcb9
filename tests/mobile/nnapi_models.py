"""Small graphs whose answers were recorded from NNAPI's provider (ONNX Runtime 1.29), in ONNX's text form."""

from __future__ import annotations

import onnx

HEAD = '<ir_version: 8, opset_import: ["" : {opset}, "com.microsoft" : 1]>\n'

MODELS = {
    # The CPU's Erf stands between two partitions.
    "between": """g (float[1, 4] x) => (float[1, 4] y) {
        [a] a = Relu(x) [b] b = Abs(a) [c] c = Erf(b) [d] d = Neg(c) [e] y = Relu(d) }""",
    # The node that the provider lacks is beside the way, so one partition holds the rest.
    "beside": """g (float[1, 4] x) => (float[1, 4] y, float[1, 4] z) {
        [a] a = Relu(x) [b] z = Erf(x) [c] y = Abs(a) }""",
    # Erf reads the first partition and the Add reads Erf, so the Add waits for a second one.
    "around": """g (float[1, 4] x) => (float[1, 4] y) {
        [a] a = Relu(x) [b] b = Erf(a) [c] c = Abs(a) [d] y = Add(b, c) }""",
    "trivial": """g (float[2, 4] x) => (float[8] y) <int64[1] s = {-1}> { [a] y = Reshape(x, s) }""",
    "trivial pair": """g (float[2, 4] x) => (float[4, 2] y) <int64[1] s = {-1}, int64[2] t = {4, 2}> {
        [a] a = Reshape(x, s) [b] y = Reshape(a, t) }""",
    "stop": """g (float[1, 8, 4] b, float[1, 1, 8] s) => (float[1, 8, 4] y, int64[n, 3] i, float[m, 3] z) {
        [a] y = Relu(b) [b] i = NonMaxSuppression(b, s) [c] f = Cast <to = 1> (i) [d] z = Relu(f) }""",
    "two convolutions": """g (float[1, 2, 4, 4] x) => (float[1, 2, 4, 4] y)
        <float[2, 2, 1, 1] w = {1, 0, 0, 1}> { [a] a = Conv(x, w) [b] b = Relu(a) [c] y = Conv(b, w) }""",
    "group": """g (uint8[1, 2, 4, 4] x) => (uint8[1, 2, 4, 4] y)
        <float s = {0.1}, uint8 z = {3}, uint8[2, 2, 1, 1] w = {1, 0, 0, 1}, float sw = {0.02}, uint8 zw = {0},
         int32[2] b = {1, 2}, float sb = {0.002}> {
        [dx] dx = DequantizeLinear(x, s, z) [dw] dw = DequantizeLinear(w, sw, zw) [db] db = DequantizeLinear(b, sb)
        [c] c = Conv(dx, dw, db) [q] y = QuantizeLinear(c, s, z) }""",
    # The bias has another scale than input times weights: no group, and the weights are no constant.
    "bias": """g (uint8[1, 2, 4, 4] x) => (uint8[1, 2, 4, 4] y)
        <float s = {0.1}, uint8 z = {3}, uint8[2, 2, 1, 1] w = {1, 0, 0, 1}, float sw = {0.02}, uint8 zw = {0},
         int32[2] b = {1, 2}, float sb = {0.003}> {
        [dx] dx = DequantizeLinear(x, s, z) [dw] dw = DequantizeLinear(w, sw, zw) [db] db = DequantizeLinear(b, sb)
        [c] c = Conv(dx, dw, db) [q] y = QuantizeLinear(c, s, z) }""",
    # Codes from 0 up cannot leave Relu's range.
    "redundant relu": """g (uint8[1, 4] x) => (uint8[1, 4] y) <float s = {0.1}, uint8 z = {0}> {
        [d] d = DequantizeLinear(x, s, z) [a] a = Add(d, e) [r] r = Relu(a) [q] y = QuantizeLinear(r, s, z)
        [e] e = DequantizeLinear(x, s, z) }""",
    "relu between": """g (uint8[1, 4] x) => (uint8[1, 4] y) <float s = {0.1}, uint8 z = {3}> {
        [d] d = DequantizeLinear(x, s, z) [e] e = DequantizeLinear(x, s, z) [a] a = Add(d, e) [r] r = Relu(a)
        [q] y = QuantizeLinear(r, s, z) }""",
    "softmax": """g (uint8[1, 4] x) => (uint8[1, 4] y) <float s = {0.1}, uint8 z = {3}> {
        [d] d = DequantizeLinear(x, s, z) [a] a = Softmax(d) [q] y = QuantizeLinear(a, s, z) }""",
    "refused group": """g (uint8[1, 4] x) => (uint8[1, 4] y) <float s = {0.1}, uint8 z = {3}> {
        [d] d = DequantizeLinear(x, s, z) [a] a = Neg(d) [q] y = QuantizeLinear(a, s, z) }""",
    "gemm alone": """g (uint8[2, 4] x) => (float[2, 2] y)
        <float s = {0.1}, uint8 z = {3}, uint8[4, 2] w = {1, 0, 0, 1, 1, 0, 0, 1}> {
        [d] d = DequantizeLinear(x, s, z) [e] e = DequantizeLinear(w, s, z) [a] y = Gemm(d, e) }""",
    "int8": """g (int8[1, 4] x) => (int8[1, 4] y) <float s = {0.1}, int8 z = {3}> {
        [d] d = DequantizeLinear(x, s, z) [e] e = DequantizeLinear(x, s, z) [a] a = Add(d, e)
        [q] y = QuantizeLinear(a, s, z) }""",
    # Plain uint8 is taken behind something in the same partition only.
    "codes": """g (float[1, 4, 2] x) => (uint8[1, 2, 4] y) <float s = {0.1}, uint8 z = {3}> {
        [r] r = Relu(x) [q] q = QuantizeLinear(r, s, z) [t] y = Transpose <perm = [0, 2, 1]> (q) }""",
    "codes alone": "g (uint8[1, 4, 2] x) => (uint8[1, 2, 4] y) { [t] y = Transpose <perm = [0, 2, 1]> (x) }",
    "two scales": """g (uint8[1, 4] x) => (float[1, 4] y) <float s = {0.1}, float t = {0.2}, uint8 z = {3}> {
        [d] d = DequantizeLinear(x, s, z) [e] e = DequantizeLinear(x, t, z) [a] y = Add(d, e) }""",
    "split": """g (float[1, 4] x) => (float[1, 2] y, float[1, 2] z) <int64[2] s = {2, 2}> {
        [a] y, z = Split <axis = 1> (x, s) }""",
    # int8 weights that no quantized op reads.
    "int8 constant": """g (float[1, 4] x) => (float[1, 4] y) <int8[1, 4] c = {1, 2, 3, 4}, float s = {0.1}> {
        [d] d = DequantizeLinear(c, s) [a] y = Add(x, d) }""",
    "plain concat": """g (float[1, 4] x) => (uint8[2, 4] y) <float s = {0.1}, float t = {0.2}, uint8 z = {3}> {
        [q] q = QuantizeLinear(x, s, z) [r] r = QuantizeLinear(x, t, z) [c] y = Concat <axis = 0> (q, r) }""",
    "resize": """g (float[1, 2, 4, 4] x) => (float[1, 2, 4, 8] y)
        <float[2, 2, 1, 1] w = {1, 0, 0, 1}, int64[4] s = {1, 2, 4, 8}> {
        [a] a = Conv(x, w) [b] y = Resize <mode = "linear", coordinate_transformation_mode = "asymmetric"> (a, , ,
          s) }""",
    "pad axes": """g (float[1, 2, 4, 4] x) => (float[1, 2, 4, 5] y)
        <float[2, 2, 1, 1] w = {1, 0, 0, 1}, int64[2] p = {0, 1}, int64[1] i = {3}> {
        [a] a = Conv(x, w) [b] y = Pad(a, p, , i) }""",
    # The Transpose back to channels first moves behind a Reshape that splits axes.
    "reshape splits": """g (float[1, 2, 4, 4] x) => (float[1, 2, 2, 2, 2, 2] y)
        <float[2, 2, 1, 1] w = {1, 0, 0, 1}, int64[6] s = {1, 2, 2, 2, 2, 2}> {
        [a] a = Conv(x, w) [b] b = Reshape(a, s) [c] y = Erf(b) }""",
    "one index": """g (float[1, 2, 4, 4] x) => (float[1, 4, 4] y) <float[2, 2, 1, 1] w = {1, 0, 0, 1}, int64 i = {1}> {
        [a] a = Conv(x, w) [b] y = Gather <axis = 1> (a, i) }""",
    # What reads constants only is dropped.
    "all constant": """g (float[1, 4] x) => (float[1, 4] y, float[1, 4] k)
        <uint8[1, 4] c = {1, 2, 3, 4}, float s = {0.1}, uint8 z = {3}> {
        [d] k = DequantizeLinear(c, s, z) [a] y = Erf(x) }""",
}


def parsed(name: str, opset: int = 18) -> onnx.ModelProto:
    return onnx.parser.parse_model(HEAD.format(opset=opset) + MODELS[name])
