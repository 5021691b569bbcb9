"""How large a build of ONNX Runtime is, before anybody builds it: base, kernels, types, from measured tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.build import PROVIDERS, build_commands
from tfonnx_lab.mobile.config import ALL, KernelConfig
from tfonnx_lab.mobile.kernels import Asked
from tfonnx_lab.mobile.shown import one_of
from tfonnx_lab.mobile.size_answer import Choice, Size, Step
from tfonnx_lab.mobile.size_sum import EXCEPTIONS, Adding, Cost

__all__ = ["Choice", "Size", "Step", "size"]

Ops = KernelConfig | Asked | Iterable[Asked] | str


def size(
    ops: Ops = "all",
    types: bool | Iterable[str] = True,
    exceptions: bool = False,
    ml_ops: bool | None = None,
    libcxx: str = "shared",
    arch: str = "arm64",
    config_file: str = "required_operators.config",
    providers: Sequence[str] = (),
) -> Size:
    """How large a build is.

    ops: what it keeps: a config, a model of the ORT format or its kernels, several of these, or "all".
    types: True, the types that the config or the models name; False, all types; a list, these only for all operators
        (words of either world: "float16" or "MLFloat16").
    exceptions: C++ exceptions on.
    ml_ops: the traditional ML operators (ai.onnx.ml) are compiled; by default where one is needed.
    libcxx: "shared" or "static".
    arch: "arm64", the only one that was measured.
    config_file: the name of the config file in the build commands.
    providers: of "nnapi", "coreml", "xnnpack"; the build then is an extended one, with the kernels that a change of
        layout needs.
    Raises ConversionError for a value that an argument does not have, or ml_ops=False where ops needs them.
    """
    one_of("libcxx", libcxx, ("shared", "static"))
    one_of("arch", arch, ("arm64",))
    one_of("exceptions", exceptions, (False, True))
    one_of("ml_ops", ml_ops, (None, False, True))
    for provider in providers:
        one_of("providers", provider, PROVIDERS)
    whole = _config(ops)
    needs_ml = any(domain == "ai.onnx.ml" for domain, _ in whole.ops)
    if ml_ops is False and needs_ml:
        raise ConversionError(
            "ml_ops=False: the operators hold some of ai.onnx.ml; leave ml_ops out, or these operators"
        )
    with_ml = needs_ml if ml_ops is None else ml_ops
    reduced = _reduced(whole, types)
    choices = [("all kernels", ALL)]
    if not whole.keeps_all:
        choices.append(("only these", whole.without_types()))
    if str(reduced) != str(choices[-1][1]):
        choices.append(("only these types", reduced))
    factor = EXCEPTIONS if exceptions else 1.0
    adding = [(name, Adding(c.extended() if providers else c, ml_ops=with_ml)) for name, c in choices]
    steps = tuple(Step(name, a.sum().scaled(factor)) for name, a in adding)
    last = adding[-1][1]
    commands = build_commands(
        reduced, config_file=config_file, exceptions=exceptions, ml_ops=with_ml, libcxx=libcxx, arch=arch,
        **dict.fromkeys(providers, True),
    )  # fmt: skip
    costs = tuple(_scaled(c, factor) for c in last.costs())
    asked = Choice(exceptions, with_ml, libcxx, arch, tuple(providers))
    return Size(reduced, steps, costs, last.release_kernels(), last.inside(), asked, commands)


def _config(ops: Ops) -> KernelConfig:
    if isinstance(ops, str) and not ops.endswith(".ort"):
        one_of("ops", ops, ("all",))
        return ALL
    return ops if isinstance(ops, KernelConfig) else KernelConfig.of(ops)


def _reduced(config: KernelConfig, types: bool | Iterable[str]) -> KernelConfig:
    if types is True:
        return config
    return config.without_types() if types is False else config.with_global_types(types)


def _scaled(cost: Cost, factor: float) -> Cost:
    return Cost(
        cost.domain, cost.op, round(cost.alone * factor), round(cost.on_top * factor), cost.matrix, cost.estimated
    )
