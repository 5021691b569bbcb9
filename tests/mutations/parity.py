"""Of validity, parity, runtime, LiteRT and the conversion as a whole."""

from __future__ import annotations

from .mutation import C, Mutation

MUTATIONS = [
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
        "got if perm is None or got.ndim != len(perm) else got.transpose(perm)",
        "got",
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
    Mutation(
        "validity/node.py",
        "if not schema.fewest <= len(given) <= schema.most:",
        "if len(given) > schema.most:",
        "an input that is missing",
        "tests/validity",
    ),
    Mutation(
        "validity/node.py",
        "bound.setdefault(formal.kind, (kind, name))",
        "bound.setdefault(name, (kind, name))",
        "inputs of two dtypes",
        "tests/validity",
    ),
    Mutation(
        "validity/schemas.py",
        "range(schema.since + 1,",
        "range(schema.since + 6,",
        "the first opset that takes a dtype",
        "tests/validity",
    ),
    Mutation(
        "validity/model.py",
        "and (kernels or not is_of_kernels(text))",
        "and True",
        "kernels of a runtime that is not the one to be used",
        "tests/validity",
    ),
    Mutation(
        "validity/model.py",
        "len(old) != len(new) or any(",
        "any(",
        "a shape of another rank",
        "tests/validity",
    ),
    Mutation(
        "parity/gap.py",
        "tells = (want != zero) & (want != low) & (want != high)",
        "tells = want != zero",
        "codes at the ends of their range tell nothing",
        "tests/parity",
    ),
    Mutation(
        "parity/gap.py",
        "np.maximum(got - bounds[1], bounds[0] - got)",
        "(got - bounds[1])",
        "real numbers below what an activation allows",
        "tests/parity/test_gap.py",
    ),
    Mutation(
        "parity/judge.py",
        "return bool(found.mismatch) or not np.isfinite(found.worst)",
        "return False",
        "random numbers that are none",
        "tests/parity",
    ),
    Mutation(
        "parity/judgement.py",
        "_ORDER.index(one.status) > _ORDER.index(old.status)",
        "_ORDER.index(one.status) < _ORDER.index(old.status)",
        "the worst of an op's outputs",
        "tests/parity",
    ),
    Mutation(
        "parity/judgement.py",
        '"within" if gone.worst or gone.mismatch else "exact"',
        '"exact"',
        "an op within LiteRT's band",
        "tests/parity tests/debug/test_bisection.py",
    ),
]
