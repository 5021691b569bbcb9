"""ONNX Runtime's change of layout for providers that want channels last, and its transpose optimizer."""
