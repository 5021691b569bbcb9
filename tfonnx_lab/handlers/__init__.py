"""Handlers convert single TFLite ops to ONNX. One family a file; the file for an op is found by its name below.

Every module of this package is imported here, which registers its rules; a new file needs no other entry.
"""

import importlib
import pkgutil

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")
