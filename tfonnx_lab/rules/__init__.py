"""Rules and the drivers that apply them."""

from tfonnx_lab.rules.driver import Driver
from tfonnx_lab.rules.listener import RuleListener, StageFailed, StepFailure
from tfonnx_lab.rules.registry import (
    HANDLERS,
    OPTIMIZERS,
    REWRITERS,
    STAGES,
    handler,
    optimizer,
    restore,
    rewriter,
    without,
)
from tfonnx_lab.rules.rule import Miss, Rule
from tfonnx_lab.rules.stage import Stage

__all__ = [
    "HANDLERS",
    "OPTIMIZERS",
    "REWRITERS",
    "STAGES",
    "Driver",
    "Miss",
    "Rule",
    "RuleListener",
    "Stage",
    "StageFailed",
    "StepFailure",
    "handler",
    "optimizer",
    "restore",
    "rewriter",
    "without",
]
