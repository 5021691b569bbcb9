"""Rules of a user's out of a Python file or module: `--handlers`."""

from __future__ import annotations

import sys
from pathlib import Path


def load(name: str) -> None:
    """Import a module by its path or name: what it registers is newer than the package's own handlers."""
    import importlib
    import importlib.util
    import traceback

    path = Path(name)
    if path.is_dir() and not (path / "__init__.py").is_file():
        raise ValueError(f"--handlers: {name} is a folder without handlers; name a .py file in it")
    if path.suffix != ".py":
        sys.path.insert(0, "")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise ValueError(f"--handlers: there is no module {name!r} ({error})") from error
        except Exception as error:
            raise ValueError(f"--handlers: {name}: {type(error).__name__}: {error}") from error
        finally:
            sys.path.pop(0)
        return
    if not path.is_file():
        raise ValueError(f"--handlers: there is no file {name!r}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == path.name]
        where = f"line {frames[-1].lineno}" if frames else f"line {getattr(error, 'lineno', None) or 1}"
        raise ValueError(f"--handlers: {name}, {where}: {type(error).__name__}: {error}") from error
