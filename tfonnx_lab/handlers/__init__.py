"""Handlers convert single TFLite ops to ONNX. One family a file; the file for an op is found by its name below.

Every module of this package and of those in it is imported here, which registers its rules; a new file needs no other
entry.
"""

import importlib
import pkgutil

for _module in sorted(module.name for module in pkgutil.walk_packages(__path__, f"{__name__}.")):
    importlib.import_module(_module)
