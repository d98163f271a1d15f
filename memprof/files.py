"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from memprof.errors import OutputError, ReportError


def check_writable(folder: Path) -> None:
    """Raise OutputError where files cannot be written into `folder`, which need not exist yet."""
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise OutputError(f"{nearest} is a file, not a folder", "name another folder with --output")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write into {nearest}", "name another folder with --output")


def write_files(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files, by name, into `folder` (made where missing) and return their paths; all of them or none.

    Each is written beside its place and moved there at the end, so that an interrupted or failed run leaves what was
    there before. OutputError where that is not possible.
    """
    with _os_errors_as(
        OutputError, f"cannot write into {folder}", "free some space or name another folder with --output"
    ):
        folder.mkdir(parents=True, exist_ok=True)
        ready: list[tuple[Path, Path]] = []
        try:
            for name, content in contents.items():
                ready.append((_write_beside(folder, name, content), folder / name))
            for temporary, final in ready:
                temporary.replace(final)
        finally:
            for temporary, _ in ready:
                temporary.unlink(missing_ok=True)
    return [folder / name for name in contents]


def _write_beside(folder: Path, name: str, content: bytes) -> Path:
    handle, path = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    temporary = Path(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(0o666 & ~_umask())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_file(path: Path) -> bytes:
    """Return the content of a report file; ReportError where it cannot be read."""
    with _os_errors_as(ReportError, f"cannot read {path}", "name a report.json that `memprof roofline` wrote"):
        return path.read_bytes()


@contextmanager
def _os_errors_as(kind: type[OutputError] | type[ReportError], what: str, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {error.strerror or error}", remedy) from error
