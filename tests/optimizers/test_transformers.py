"""What transformers are made of, each as the one op that it is: normalization, rotary positions, GELU."""

from __future__ import annotations

import pytest

from optimizers.rewrite import optimized

CONSTANTS = (
    "float eps = {0.001}, float[4] gamma = {1, 2, 0.5, 1.5}, float[4] beta = {0.1, -1, 2, 0}, int64[1] last = {-1}, "
    "float[1, 1] rows = {1}, int64[3] column = {2, 3, 1}, float zero = {0}"
)
SPREAD = """m = ReduceMean(x, last)
d = Sub(x, m)
q = Mul(d, d)
v = ReduceMean(q, last)
e = Add(v, eps)
s = Sqrt(e)
r = Reciprocal(s)
"""


def text(body: str) -> str:
    return f"g (float[2, 3, 4] x) => (float[2, 3, 4] y) <{CONSTANTS}> {{ {body} }}"


@pytest.mark.parametrize("shape", ["2, 3, 4", "N, M, 4"])
def test_a_sum_before_a_normalization_stays_apart(shape: str) -> None:
    """As Add ONNX Runtime would make one slow op of both."""
    values = f"float[{shape}] a, float[{shape}] b"
    normed = f"g ({values}) => (float[{shape}] y) <float[4] g = {{1, 2, 3, 4}}> {{ s = Add(a, b)\n%s }}"
    assert optimized(normed % "y = LayerNormalization(s, g)") == {"Sum": 1, "LayerNormalization": 1}
    assert optimized(normed % "y = LayerNormalization(s, g)", target="coreml")["Add"] == 1
    assert optimized(normed % "r = Relu(s)\ny = LayerNormalization(r, g)")["Add"] == 1
    assert optimized(normed % "n = LayerNormalization(s, g)\ny = Mul(n, s)")["Add"] == 1


@pytest.mark.parametrize(
    "body",
    [
        "k = Mul(r, gamma)\na = Mul(x, k)\nb = Mul(m, k)\nc = Sub(beta, b)\ny = Add(a, c)",
        "k = Mul(gamma, r)\na = Mul(k, x)\nn = Neg(m)\nb = Mul(n, k)\nc = Add(b, beta)\ny = Add(c, a)",
        "a = Mul(x, r)\nb = Mul(m, r)\ny = Sub(a, b)",
        "a = Mul(d, r)\nb = Mul(a, gamma)\ny = Add(b, beta)",
        "a = Div(d, s)\ny = Mul(gamma, a)",
        "k = Mul(r, gamma)\na = Mul(d, k)\ny = Add(beta, a)",
    ],
)
def test_a_normalization_is_one_op(body: str) -> None:
    assert optimized(text(SPREAD + body)) == {"LayerNormalization": 1}


def test_a_normalization_without_the_axis() -> None:
    spread = """n = ReduceMean <keepdims = 0> (x, last)
m = Reshape(n, column)
d = Sub(x, m)
q = Mul(d, d)
v = ReduceMean <keepdims = 0> (q, last)
e = Add(v, eps)
s = Sqrt(e)
r = Reciprocal(s)
p = Mul(r, n)
c = Sub(zero, p)
k = Reshape(r, column)
a = Mul(x, k)
b = Reshape(c, column)
y = Add(a, b)"""
    assert optimized(text(spread)) == {"LayerNormalization": 1}


@pytest.mark.parametrize(
    "body",
    [
        "a = Mul(x, r)\nb = Mul(m, r)\ny = Sub(b, a)",  # the other sign
        "a = Mul(x, r)\nb = Mul(m, s)\ny = Sub(a, b)",  # another factor
        "a = Mul(m, r)\nb = Mul(d, s)\ny = Add(a, b)",
    ],
)
def test_what_only_looks_like_a_normalization_stays(body: str) -> None:
    assert "LayerNormalization" not in optimized(text(SPREAD + body))


def test_a_normalization_of_another_axis_stays() -> None:
    body = SPREAD.replace("last", "second") + "a = Mul(x, r)\nb = Mul(m, r)\ny = Sub(a, b)"
    assert "LayerNormalization" not in optimized(text(body).replace("float eps", "int64[1] second = {1}, float eps"))


def test_no_normalization_for_older_opsets_and_accelerators() -> None:
    model = text(SPREAD + "a = Mul(x, r)\nb = Mul(m, r)\ny = Sub(a, b)")
    assert "LayerNormalization" not in optimized(model, target="coreml")
    assert "LayerNormalization" not in optimized(model, 16), "it is there from opset 17 on"
    assert "LayerNormalization" in optimized(model, 17)


ROTARY = """u = Slice(x, start, half, axis)
v = Slice(x, half, end, axis)
a = Mul(u, cos)
b = Mul(v, sin)
p = Sub(a, b)
c = Mul(v, cos)
d = Mul(u, sin)
q = Add(c, d)
y = Concat <axis = 3> (p, q)"""


def rotary(body: str, batch: int) -> str:
    constants = "int64[1] start = {0}, int64[1] half = {3}, int64[1] end = {6}, int64[1] axis = {3}"
    tables = f"float[{batch}, 5, 1, 3] cos, float[{batch}, 5, 1, 3] sin"
    return f"g (float[2, 5, 4, 6] x, {tables}) => (float[2, 5, 4, 6] y) <{constants}> {{ {body} }}"


@pytest.mark.parametrize("batch", [1, 2])
def test_rotary_positions_are_one_op(batch: int) -> None:
    left = optimized(rotary(ROTARY, batch))
    assert left == {"RotaryEmbedding": 1, "Reshape": 4}


def test_rotary_positions_stay_where_they_are_others() -> None:
    for body in (ROTARY.replace("Sub(a, b)", "Sub(b, a)"), ROTARY.replace("v = Slice(x, half", "v = Slice(x, start")):
        changed = body if "start, end" not in body else body.replace("start, end", "start, half")
        assert "RotaryEmbedding" not in optimized(rotary(changed, 2))
    assert "RotaryEmbedding" not in optimized(rotary(ROTARY, 2), target="portable")


NUMBERS = (
    "float half = {0.5}, float root = {0.70710678}, float one = {1}, float k = {0.044715}, float p = {0.7978845608}"
)


def gelu(body: str) -> str:
    return f"g (float[2, 3, 4] x) => (float[2, 3, 4] y) <{NUMBERS}> {{ {body} }}"


def test_gelu_is_written_as_onnx_runtime_knows_it() -> None:
    body = "h = Mul(x, half)\nr = Mul(x, root)\ne = Erf(r)\na = Add(e, one)\ny = Mul(h, a)"
    assert optimized(gelu(body)) == {"Div": 1, "Erf": 1, "Add": 1, "Mul": 2}


def test_gelu_by_tanh() -> None:
    body = """s = Mul(x, x)
c = Mul(s, x)
w = Mul(c, k)
t = Add(x, w)
z = Mul(t, p)
e = Tanh(z)
a = Add(e, one)
h = Mul(x, half)
y = Mul(h, a)"""
    assert optimized(gelu(body)) == {"FastGelu": 1}
    assert "FastGelu" not in optimized(gelu(body), target="portable")
    assert "FastGelu" not in optimized(gelu(body.replace("Add(x, w)", "Add(s, w)")))


ROOT = """q = Mul(x, x)
v = ReduceMean(q, last)
e = Add(v, eps)
s = Sqrt(e)
r = Reciprocal(s)
"""


@pytest.mark.parametrize(
    "body",
    [
        "a = Mul(x, r)\ny = Mul(a, gamma)",
        "a = Mul(r, gamma)\ny = Mul(a, x)",
        "a = Mul(r, x)\ny = Mul(gamma, a)",
        "a = Div(x, s)\ny = Mul(a, gamma)",
    ],
)
def test_a_normalization_by_the_root_mean_square(body: str) -> None:
    one = {"Pow": 1, "ReduceMean": 1, "Add": 1, "Sqrt": 1, "Div": 1, "Mul": 1}
    assert optimized(text(ROOT + body), 18) == one, "which ONNX Runtime takes for one op"
    assert optimized(text(ROOT + body), 18, exact=True)["Pow"] == 0
    assert optimized(text(ROOT + body), 23) == {"RMSNormalization": 1}
    assert "RMSNormalization" not in optimized(text(ROOT + body), 23, target="coreml")


@pytest.mark.parametrize(
    "body",
    [
        ROOT.replace("q = Mul(x, x)", "n = Neg(x)\nq = Mul(x, n)") + "a = Mul(x, r)\ny = Mul(a, gamma)",
        ROOT.replace("last", "second") + "a = Mul(x, r)\ny = Mul(a, gamma)",
        ROOT + "n = Neg(x)\na = Mul(n, r)\ny = Mul(a, gamma)",
        ROOT + "a = Mul(x, r)\ny = Mul(a, x)",
    ],
)
def test_what_is_no_root_mean_square(body: str) -> None:
    model = text(body).replace("float eps", "int64[1] second = {1}, float eps")
    assert "RMSNormalization" not in optimized(model, 23)
