"""TensorFlow and Keras models, through TensorFlow's own TFLite converter.

TensorFlow takes seconds to import, so it is imported only when such a model is converted.
"""

from tfonnx_lab.readers.tensorflow.convert import is_tensorflow, to_tflite

__all__ = ["is_tensorflow", "to_tflite"]
