"""Rewriters convert op patterns of the TFLite graph and make explicit what it leaves implicit. One family a file.

Every module of this package and of those in it is imported here, which registers its rules; a new file needs no other
entry.
"""

import importlib
import pkgutil

for _module in sorted(module.name for module in pkgutil.walk_packages(__path__, f"{__name__}.")):
    importlib.import_module(_module)
