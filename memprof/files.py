"""Files read, and files written whole or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path

from memprof.errors import OutputError, ReportError
from memprof.report.reading import load_reports
from memprof.report.record import Coverage, Memory, OperatorRow, Report, Totals, Workload

_OTHER_FOLDER = "name another folder with --output"
_CEILING, _CAPACITY = "ceiling", "capacity"
_NEVER_ZERO = (_CEILING, _CAPACITY)
_SMALLEST, _LARGEST = 1e-30, 1e30
"""No second, byte, FLOP or rate of the physical world lies outside; arithmetic on what does would overflow."""
_WRITE_AGAIN = "write it again with `memprof roofline`"


def check_writable(folder: Path, remedy: str = _OTHER_FOLDER) -> None:
    """Raise OutputError where files cannot be written into `folder`, which need not exist yet and is not made.

    `remedy` is what the error advises: how the command at hand lets one choose another place.
    """
    with _translate_os_errors(OutputError, f"cannot write into {folder}", remedy):
        nearest = _nearest(folder)
        if not nearest.is_dir():
            raise OutputError(f"cannot write into {folder}: {nearest} is not a folder", remedy)
        # Permissions do not tell: a root user has them all, and a file system may be mounted read-only.
        with tempfile.TemporaryDirectory(prefix=".memprof-", dir=nearest):
            pass


def write_files(folder: Path, contents: Mapping[str, bytes], remedy: str = _OTHER_FOLDER) -> list[Path]:
    """Write files, by name, into `folder` (made where missing) and return their paths; all of them or none.

    They are written beside their places and moved there together at the end, so that a run which fails or is
    interrupted leaves what was there before. OutputError, which advises `remedy`, where that is not possible.
    """
    finals = [folder / name for name in contents]
    with _translate_os_errors(OutputError, f"cannot write into {folder}", f"free some space or {remedy}"):
        occupied = next((path for path in finals if path.is_dir()), None)
        if occupied is not None:
            raise OutputError(f"cannot write {occupied}: it is a folder", f"remove it or {remedy}")
        with (
            _make_folder(folder),
            tempfile.TemporaryDirectory(prefix=".memprof-", dir=folder, ignore_cleanup_errors=True) as aside,
        ):
            for name, content in contents.items():
                (Path(aside) / name).write_bytes(content)
                _flush(Path(aside) / name)
            with _ignore_interrupts():
                _move(Path(aside), finals)
    return finals


def _move(aside: Path, finals: Sequence[Path]) -> None:
    """Move the files of `aside` over those in their places; where one cannot go there, put back what was there before.

    A place is never empty meanwhile: what was there stays until the new file takes its name, which is one step.
    """
    before = {final: aside / f"{final.name}.before" for final in finals if final.exists()}
    for final, kept in before.items():
        _keep(final, kept)
    moved: list[Path] = []
    try:
        for final in finals:
            (aside / final.name).replace(final)
            moved.append(final)
    except OSError:
        for final in moved:
            if final in before:
                before[final].replace(final)
            else:
                final.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # some file systems flush no folders
        _flush(aside.parent)


def _keep(path: Path, kept: Path) -> None:
    """Give a file a second name, or copy it where the file system knows no such names."""
    try:
        kept.hardlink_to(path)
    except OSError:
        shutil.copy2(path, kept)


def _flush(path: Path) -> None:
    """Have what was written, or a folder's names, reach the disk before anything relies on it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _make_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; where what follows fails, remove those that were made."""
    missing = []
    while folder != folder.parent and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    try:
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
        yield
    except BaseException:
        for path in missing:
            with suppress(OSError):  # never made, or somebody else put something there
                path.rmdir()
        raise


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


def read_reports(path: Path) -> tuple[Report, ...]:
    """Read the report or the report set in a file; ReportError says what is wrong with which file."""
    with _translate_os_errors(ReportError, f"cannot read {path}", "name a report.json that `memprof roofline` wrote"):
        content = path.read_bytes()
    try:
        reports = load_reports(content)
    except RecursionError as error:
        raise ReportError(f"{path} is not a memprof report: it is nested too deeply", _WRITE_AGAIN) from error
    except ReportError as error:
        raise ReportError(f"{path}: {error.what}", error.remedy) from error
    if not reports:
        raise ReportError(f"{path} holds no report", _WRITE_AGAIN)
    for report in reports:
        for name, value in _amounts(report):
            if not _SMALLEST <= value <= _LARGEST and (value != 0 or name.endswith(_NEVER_ZERO)):
                raise ReportError(f"{path}: {name} cannot be {value:g}", _WRITE_AGAIN)
    return reports


def _amounts(report: Report) -> Iterator[tuple[str, float]]:
    """Yield every amount of a report that somebody may have edited, with its name."""
    for ceilings in (report.device.memory_bytes_per_second, report.device.peak_flops_per_second):
        yield from ((f"{name} {_CEILING}", value) for name, value in ceilings.items())
    yield from report.device.achievable.items()
    if report.device.memory_capacity_bytes is not None:
        yield f"memory {_CAPACITY}", report.device.memory_capacity_bytes
    records: list[Workload | Totals | Memory | Coverage | OperatorRow]
    records = [report.workload, report.totals, report.coverage, *report.operators]
    records += [report.memory] if report.memory is not None else []
    for record in records:
        for field in fields(record):
            value = getattr(record, field.name)
            if isinstance(value, (int, float)):
                yield field.name, value


def _nearest(folder: Path) -> Path:
    """Return what exists of a path."""
    while folder != folder.parent and not folder.exists():
        folder = folder.parent
    return folder


@contextmanager
def _translate_os_errors(kind: type[OutputError] | type[ReportError], what: str, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {error.strerror or error}", remedy) from error
