"""Where models come from and where files go: paths, globs and URLs that fsspec knows (s3://, gs://, memory:// ...)."""

from __future__ import annotations

import errno
import os
import posixpath
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.files import write_bytes

ENDINGS = (".tflite", ".keras", ".h5")
"""The files that a folder is searched for."""


_PACKAGES = {"s3": ["s3fs"], "gs": ["gcsfs"], "http": ["aiohttp", "requests"], "https": ["aiohttp", "requests"]}
"""Protocol => what fsspec needs for it."""


def is_url(place: str) -> bool:
    """Whether a place is asked of fsspec."""
    return "://" in place


def filesystem(place: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it. Raises ConversionError where fsspec or its part is not there."""
    try:
        import fsspec

        files, path = fsspec.core.url_to_fs(place)
        return files, path
    except ImportError as error:
        kind = place.partition("://")[0]
        wanted = " ".join(("fsspec", *_PACKAGES.get(kind, ())))
        raise ConversionError(
            f"{place}: {kind}:// needs a package that is not installed ({error}): pip install {wanted}"
        ) from error
    except ValueError as error:  # a protocol that there is not
        raise ConversionError(f"{place}: {error}") from error


def found(places: Sequence[str | os.PathLike[str]]) -> list[tuple[str, str]]:
    """(source, stamp) of every model in files, folders, globs and URLs, each once and in order.

    Raises ConversionError where one of them is not there, or holds no model.
    """
    models: dict[str, str] = {}
    for given in places:
        place = os.fspath(given)
        here = dict(_remote(place) if is_url(place) else _local(place))
        if not here:
            raise ConversionError(f"{place}: no model there; models are files named {', '.join(ENDINGS)}")
        models.update(here)
    return list(models.items())


def _local(place: str) -> Iterator[tuple[str, str]]:
    if has_magic(place) and not Path(place).exists():
        paths = sorted(glob(place, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
    elif Path(place).is_dir() and not (Path(place) / "saved_model.pb").exists():
        paths = sorted(str(p) for p in Path(place).rglob("*") if p.suffix.lower() in ENDINGS)
    else:
        paths = [place]
    for path in paths:
        try:
            stat = Path(path).stat()
        except OSError as error:
            raise ConversionError(f"{path}: {error.strerror or error}") from error
        yield path, f"{stat.st_size} {stat.st_mtime_ns}"


def _remote(place: str) -> Iterator[tuple[str, str]]:
    files, path = filesystem(place)
    try:
        if has_magic(path):
            paths = sorted(files.glob(path))
        elif files.isdir(path):
            paths = sorted(p for p in files.find(path) if posixpath.splitext(p)[1].lower() in ENDINGS)
        else:
            paths = [path]
        for one in paths:
            yield files.unstrip_protocol(one), f"{files.size(one)} {files.checksum(one)}"
    except FileNotFoundError as error:
        raise ConversionError(f"{place}: there is no such file") from error


def named(sources: Sequence[str]) -> list[str]:
    """Names for models: their paths without what all of them share and without the ending, each once.

    Two that differ in their endings only keep them.
    """
    plain = [(s.partition("://")[2] if is_url(s) else absolute(s).replace(os.sep, "/")).strip("/") for s in sources]
    shared = posixpath.commonpath([posixpath.dirname(p) for p in plain]) if plain else ""
    short = [posixpath.relpath(p, shared) if shared else p for p in plain]
    stems = [posixpath.splitext(s)[0] for s in short]
    count = Counter(stems)
    return [s if count[stem] > 1 else stem for s, stem in zip(short, stems, strict=True)]


def absolute(place: str) -> str:
    """A path from the root, symbolic links as they are; a URL as it is."""
    return place if is_url(place) else str(Path(place).absolute())


def joined(folder: str, name: str) -> str:
    """A place in a folder."""
    return f"{folder.rstrip('/')}/{name}" if is_url(folder) else str(Path(folder, name))


def exists(place: str) -> bool:
    """Whether there is a file."""
    if not is_url(place):
        return Path(place).is_file()
    files, path = filesystem(place)
    return bool(files.isfile(path))


@contextmanager
def readable(source: str) -> Iterator[str]:
    """A local path of a source: itself, or a copy with the same name that is gone afterwards."""
    if not is_url(source):
        yield source
        return
    files, path = filesystem(source)
    with tempfile.TemporaryDirectory(prefix="tfonnx-") as folder:
        copy = str(Path(folder, posixpath.basename(path.rstrip("/"))))
        files.get(path, copy, recursive=files.isdir(path))
        yield copy


def write(target: str, data: bytes, keep: Sequence[str] = ()) -> None:
    """Write a file that has its name only when it is whole. Raises ConversionError or OSError where it cannot be.

    keep: what is read, and not written over.
    """
    if not is_url(target):
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        write_bytes(target, data, keep)
        return
    files, path = filesystem(target)
    files.makedirs(posixpath.dirname(path), exist_ok=True)
    draft = f"{path}.{os.getpid()}.part"
    try:
        files.pipe_file(draft, data)
        files.mv(draft, path)
    finally:
        if files.exists(draft):
            files.rm(draft)


def append(target: str, text: str) -> None:
    """Add a line to a local file, on the disk before this returns; a URL is rewritten by its owner instead.

    Where that cannot be, OSError is raised, and the file is as before: half a line would spoil the next one.
    """
    with Path(target).open("ab", buffering=0) as file:
        size = file.tell()
        line = text.encode()
        try:
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise
