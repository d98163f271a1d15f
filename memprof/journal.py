"""Files of one folder that change together, with a journal beside them: a change that was cut short is taken back.

What is promised:

- A file in its place is whole at every moment, the one of before or the new one, and its place is never empty between
  the two; a process that is killed and a machine that loses power change nothing of that.
- Several files are all of before or all new once `replace_together` has returned or raised. Where it was killed between
  the first and the last of its renames, they are so after the next `hold` of their folder: what memprof does before it
  reads or writes there. Programs that look into the folder earlier may find some of either.
- One process at a time changes a folder, where the file system has locks (`flock`): others wait, and none fails.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_ASIDE, _JOURNAL = ".memprof-aside-", ".memprof-undo-"
"""How folders' names begin: of files that count for nothing, and of what takes an unfinished change back."""
_NEW, _OLD, _ABSENT = "new", "old", "absent"
"""Folders in a journal: files not moved yet, files of before, and the names of those that were not there."""


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep other processes from changing a folder, after taking back what a change that was cut short left there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if _lock(handle):
            for journal in sorted(folder.glob(f"{_JOURNAL}*")):
                _take_back(journal)
            for aside in folder.glob(f"{_ASIDE}*"):
                shutil.rmtree(aside, ignore_errors=True)
        yield
    finally:
        os.close(handle)


@contextmanager
def hold_alone(path: Path) -> Iterator[bool]:
    """Lock a file, made where missing, for as long as this lasts, and tell whether nobody else had.

    Where the file system has no locks, who else is there cannot be known, and it tells that nobody is.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass
        yield True
    finally:
        os.close(handle)


def settle(folder: Path) -> None:
    """Have the files of a folder be those of one change, before they are read."""
    if next(folder.glob(f"{_JOURNAL}*"), None) is not None:
        with hold(folder):
            pass


def replace_together(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, by name, into a folder that the caller holds; OSError, and nothing changed, where that fails."""
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=folder))
    try:
        for part in (_NEW, _OLD, _ABSENT):
            (aside / part).mkdir()
        for name, content in contents.items():
            path = aside / _NEW / name
            path.write_bytes(content)
            _flush(path)
        with _ignore_interrupts():
            _move(aside, list(contents))
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _move(aside: Path, names: Sequence[str]) -> None:
    """Move the new files to their places, each in one step; where one cannot go there, take the others back."""
    folder = aside.parent
    if len(names) == 1:  # one step needs no journal
        (aside / _NEW / names[0]).replace(folder / names[0])
        _flush_names(folder)
        return
    for name in names:
        _keep(folder / name, aside)
    for part in (aside / _OLD, aside / _ABSENT, aside):
        _flush_names(part)
    journal = aside.rename(folder / f"{_JOURNAL}{aside.name.removeprefix(_ASIDE)}")
    _flush_names(folder)
    try:
        for name in names:
            (journal / _NEW / name).replace(folder / name)
        _flush_names(folder)
        journal.rename(aside)  # from here on the new files are the ones of the folder
    except OSError:
        _take_back(journal)
        raise
    _flush_names(folder)


def _keep(path: Path, aside: Path) -> None:
    """Keep a file under a second name, or as a copy where the file system knows none, or that there is no file."""
    if not path.exists():
        (aside / _ABSENT / path.name).touch()
        return
    kept = aside / _OLD / path.name
    try:
        kept.hardlink_to(path)
    except OSError:
        shutil.copy2(path, kept)
        _flush(kept)


def _take_back(journal: Path) -> None:
    """Put back what a journal keeps; one that was itself cut short goes on where it was."""
    folder = journal.parent
    for kept in (journal / _OLD).iterdir():
        kept.replace(folder / kept.name)
    for mark in (journal / _ABSENT).iterdir():
        (folder / mark.name).unlink(missing_ok=True)
    _flush_names(folder)
    shutil.rmtree(journal.rename(folder / f"{_ASIDE}{journal.name.removeprefix(_JOURNAL)}"), ignore_errors=True)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # the file system has no locks: who else writes there cannot be known, so nothing is tidied up
        return False
    return True


def _flush(path: Path) -> None:
    """Have what was written, or a folder's names, reach the disk before anything relies on it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_names(folder: Path) -> None:
    with suppress(OSError):  # some file systems flush no folders
        _flush(folder)


@contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C during a few renames: after them, everything is written and there is nothing to interrupt."""
    # Not blocked, as where git tidies up: that holds for this thread only, and one of torch's would take the signal.
    if threading.current_thread() is not threading.main_thread():
        yield  # Python interrupts the main thread only
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
