"""Custom ops: those of LiteRT, MediaPipe and TensorFlow, and those that are kept as they are."""
