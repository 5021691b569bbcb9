"""Of the graph, patterns and the rules' driver."""

from __future__ import annotations

from .mutation import C, Mutation

MUTATIONS = [
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
        "for order in (values, values[::-1]):",
        "for order in (values,):",
        "the other order of two inputs",
        "tests/patterns",
    ),
    Mutation(
        "patterns/pattern.py",
        "trial = bound.copy()\n            if all(",
        "trial = bound\n            if all(",
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
    Mutation(
        "arithmetic/fixed_point.py",
        "return high if right == 0 else (high + (1 << (right - 1))) >> right",
        "return high >> right",
        "sixteen elements at a time are rounded down",
        f"tests/rewriters/test_rounding.py {C}test_elementwise_unary.py",
    ),
]
