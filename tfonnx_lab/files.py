"""Every file that the package writes is written here, and nothing of the user's is destroyed by it.

The target is looked at first: only a regular file is replaced, never a device, a pipe or a folder, what is being read,
or what the same call writes, too. The new file is made in a hidden folder beside it, brought to the disk, and takes the
target's place at once, with its mode and owner. A symbolic link stays one, its target is replaced; a file with further
hard links is written into. Where anything fails, or the process is told to end, the target is as it was and no draft is
left.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, TypeAlias

from tfonnx_lab.errors import ConversionError

AnyPath: TypeAlias = str | os.PathLike[str]

_KINDS = (
    (stat.S_ISDIR, "a folder; name a file"),
    (stat.S_ISCHR, "a device; name a file"),
    (stat.S_ISBLK, "a device; name a file"),
    (stat.S_ISFIFO, "a pipe; name a file"),
    (stat.S_ISSOCK, "a socket; name a file"),
)

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than is allowed here",
    errno.ENAMETOOLONG: "the name is too long for this file system",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "no permission to write there",
    errno.EPERM: "no permission to write there",
    errno.ELOOP: "its symbolic links form a circle",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
}


def paths_of(*sources: Any) -> tuple[Path, ...]:
    """The paths among what was read: of a path itself, of an open file the one that it was opened by."""
    found = []
    for source in sources:
        name = getattr(source, "name", None) if hasattr(source, "read") else source
        if isinstance(name, (str, os.PathLike)) and os.fspath(name):
            path = Path(os.fsdecode(name))
            with suppress(OSError):  # the current folder may be gone
                path = path.absolute()
            found.append(path)
    return tuple(dict.fromkeys(found))


def check_targets(targets: Sequence[AnyPath], keep: Sequence[AnyPath] = ()) -> None:
    """Whether files of these names can be written without harm; nothing is written.

    keep: files and folders that are read, and stay what they are.
    Raises ConversionError where a target is no regular file, is one to keep, is there twice, is write-protected, or
    where its folder is missing or cannot be written to.
    """
    seen: dict[tuple[int, int] | str, AnyPath] = {}
    for target in targets:
        with _named(target):
            place = _place(target, keep)
            there = _stat(place)
            key = str(place) if there is None else (there.st_dev, there.st_ino)
        if key in seen:
            raise ConversionError(f"{target}: it is also what is written to {seen[key]}; name two files")
        seen[key] = target


def spare_model(target: AnyPath, keep: Sequence[AnyPath] = ()) -> None:
    """Raise ConversionError where a converted model would take the place of a .tflite file, be it another one than
    was read (`keep`): nobody means that."""
    place = Path(target)
    with suppress(OSError):
        if place.is_file():
            with place.open("rb") as file:
                if file.read(8)[4:] == b"TFL3":
                    check_targets([target], keep)
                    raise ConversionError(
                        f"{target}: not written, because it is a TensorFlow Lite model; name another file"
                    )


def made_folder(folder: AnyPath) -> Path:
    """The folder, made with those above it where there is none. Raises ConversionError where that cannot be done."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise ConversionError(f"{folder}: is a file; name a folder to write to") from error
    except NotADirectoryError as error:
        raise ConversionError(f"{folder}: a folder above it is a file; name another folder to write to") from error
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConversionError(f"{folder}: the folder cannot be made: {said}") from error
    return path


@contextmanager
def drafts(targets: Sequence[AnyPath], keep: Sequence[AnyPath] = ()) -> Iterator[list[Path]]:
    """Paths to write to, one for each target and with its name; what is there in the end takes the targets' places, in
    order.

    Drafts of several targets in one folder lie in one folder, too. A draft that is not written leaves its target alone.
    Raises ConversionError as `check_targets` does, and where writing fails (on a full disk, for example): then no
    target is changed.
    """
    check_targets(targets, keep)
    with _named(targets[0]), ExitStack() as stack, told_to_end():
        folders: dict[Path, Path] = {}
        made = []
        for target in targets:
            beside = Path(target).parent if len(targets) > 1 else Path(os.path.realpath(target)).parent
            if beside not in folders:
                folders[beside] = Path(tempfile.mkdtemp(prefix=".tfonnx-", suffix=".tmp", dir=beside))
                stack.callback(shutil.rmtree, folders[beside], ignore_errors=True)
            made.append(folders[beside] / Path(target).name)
        yield made
        written = [(draft, target) for draft, target in zip(made, targets, strict=True) if draft.exists()]
        for draft, _ in written:
            _to_disk(draft)
        for draft, target in written:
            with _named(target):
                _take_place(draft, _place(target, keep))


@contextmanager
def writing(target: AnyPath, keep: Sequence[AnyPath] = ()) -> Iterator[BinaryIO]:
    """A binary file whose contents take the target's place where the block ends without an exception; errors as of
    `drafts`."""
    with drafts([target], keep) as [draft], draft.open("xb") as file:
        yield file


def write_bytes(target: AnyPath, data: bytes, keep: Sequence[AnyPath] = ()) -> Path:
    """Write a file; returns its path. Errors as of `drafts`."""
    with writing(target, keep) as file:
        file.write(data)
    return Path(target)


def write_text(target: AnyPath, text: str, keep: Sequence[AnyPath] = ()) -> Path:
    """Write a file in UTF-8 (what is no Unicode is escaped); returns its path. Errors as of `drafts`."""
    return write_bytes(target, text.encode("utf-8", "backslashreplace"), keep)


def _place(target: AnyPath, keep: Sequence[AnyPath]) -> Path:
    """Where the target is once its symbolic links are followed. Raises as `check_targets`, and OSError."""
    place = Path(os.path.realpath(target))
    there = _stat(Path(target))  # /dev/stdout is a link to a pipe that has no name
    if there is not None:
        for is_kind, kind in _KINDS:
            if is_kind(there.st_mode):
                raise ConversionError(f"{target}: not written, because it is {kind}")
    there = _stat(place)
    if there is None:
        _look_at_folder(place.parent)
        return place
    for kept in keep:
        if _is_part_of(there, place, Path(kept)):
            raise ConversionError(f"{target}: not written, because it is the model that is read; name another file")
    if not there.st_mode & 0o222 or not os.access(place, os.W_OK):
        raise ConversionError(f"{target}: not written, because it is write-protected")
    _look_at_folder(place.parent)
    return place


def _stat(place: Path) -> os.stat_result | None:
    """What is at a path; None where nothing is."""
    try:
        return place.stat()
    except FileNotFoundError:
        return None


def _look_at_folder(folder: Path) -> None:
    """Raises ConversionError where no file can be made in the folder."""
    if not folder.is_dir():
        raise ConversionError(f"{folder}: there is no such folder; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConversionError(f"{folder}: no permission to write into this folder")


def _is_part_of(there: os.stat_result, place: Path, kept: Path) -> bool:
    """Whether the file is the kept one, under whatever name, or lies in the kept folder."""
    try:
        return os.path.samestat(there, kept.stat()) or (kept.is_dir() and place.is_relative_to(kept.resolve()))
    except (OSError, ValueError):
        return False


def _to_disk(draft: Path) -> None:
    with draft.open("rb+") as file:
        os.fsync(file.fileno())


def _take_place(draft: Path, place: Path) -> None:
    """Put the draft where the file is, or is to be."""
    there = _stat(place)
    if there is not None and there.st_nlink > 1:
        _write_into(draft, place)
        return
    if there is not None:
        with suppress(OSError):
            os.chown(draft, there.st_uid, there.st_gid)
        draft.chmod(stat.S_IMODE(there.st_mode))
    try:
        draft.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _write_into(draft, place)
    with suppress(OSError):
        _folder_to_disk(place.parent)


def _write_into(draft: Path, place: Path) -> None:
    """Write the draft's contents into the file, whose other names have them, too.

    Room for them is made sure of first.
    """
    size = draft.stat().st_size
    with draft.open("rb") as source, open(os.open(place, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        before = os.fstat(file.fileno()).st_size
        try:
            if size > before and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError:
            os.ftruncate(file.fileno(), before)
            raise
        shutil.copyfileobj(source, file, 1 << 20)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _folder_to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _named(target: AnyPath) -> Iterator[None]:
    """An error of the system within the block becomes one that names the file and says what is wrong."""
    try:
        yield
    except OSError as error:
        said = error.strerror or str(error)
        reason = f"{_REASONS[error.errno]} ({said})" if error.errno in _REASONS else said
        raise ConversionError(f"{target}: not written: {reason}") from error
    except ValueError as error:
        if "embedded null" not in str(error):
            raise
        raise ConversionError(f"{str(target)!r}: not written: a name holds no null character") from error


@contextmanager
def told_to_end() -> Iterator[None]:
    """SIGTERM and SIGHUP, where nobody handles them, end the process by an exception, so that drafts are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    mine = [
        number
        for name in ("SIGTERM", "SIGHUP")
        if (number := getattr(signal, name, None)) is not None and signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in mine:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
