"""Of the optimizers."""

from __future__ import annotations

from .mutation import C, Mutation

MUTATIONS = [
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
        "graph/handed_on.py",
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
    Mutation(
        "optimizers/prelu.py",
        "pick = op.Max if (slopes <= 1).all() else op.Min",
        "pick = op.Max",
        "slopes above one",
        "tests/optimizers/test_activations.py",
    ),
    Mutation(
        "optimizers/one_channel.py",
        "first[0] = bias[0]",
        "first[:] = bias[0]",
        "the bias is added once",
        "tests/optimizers/test_activations.py",
    ),
    Mutation(
        "optimizers/resize_layout.py",
        "or not channels_first or shape[1] == 1:",
        "or not channels_first:",
        "one channel needs no Transposes",
        "tests/optimizers/test_resize.py",
    ),
    Mutation(
        "optimizers/layout_axes.py",
        'axis = perm[attr(node, "axis", 0) % len(perm)]\n    rest = perm',
        'axis = attr(node, "axis", 0) % len(perm)\n    rest = perm',
        "the axis of an ArgMax before whose Transpose it goes",
        "tests/optimizers/test_layout.py",
    ),
]
