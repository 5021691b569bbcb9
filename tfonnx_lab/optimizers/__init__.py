"""Optimizers remove what is unnecessary from the ONNX graph. One family a file.

Every module of this package is imported here, which registers its rules; a new file needs no other entry.
"""

import importlib
import pkgutil

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")
