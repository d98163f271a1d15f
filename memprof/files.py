"""Files read, and files written whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path

from memprof import journal
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
        with tempfile.TemporaryFile(dir=nearest):
            pass


def write_files(folder: Path, contents: Mapping[str, bytes], remedy: str = _OTHER_FOLDER) -> list[Path]:
    """Write files, by name, into `folder` (made where missing) and return their paths; all of them or none.

    They are written beside their places and moved there together at the end, so that a run which fails, is interrupted
    or killed leaves what was there before: `memprof.journal` says what is promised. OutputError, which advises
    `remedy`, where that is not possible.
    """
    with _hold(folder, list(contents), remedy):
        journal.replace_together(folder, contents)
    return [folder / name for name in contents]


def update_file(path: Path, change: Callable[[bytes | None], bytes], remedy: str) -> None:
    """Put in the place of a file what `change` makes of its content, None where there is none; nobody writes meanwhile.

    A link stays one. OutputError, which advises `remedy`, where that is not possible.
    """
    place = path.resolve()
    with _hold(place.parent, [place.name], remedy):
        content = change(place.read_bytes() if place.exists() else None)
        journal.replace_together(place.parent, {place.name: content})


def read_file(path: Path) -> bytes:
    """Return the content of a file that memprof wrote, perhaps together with others; OSError where it cannot be."""
    journal.settle(path.resolve().parent)
    return path.read_bytes()


@contextmanager
def _hold(folder: Path, names: Iterable[str], remedy: str) -> Iterator[None]:
    """Make a folder and keep it from other writers, to write files of these names."""
    with _translate_os_errors(OutputError, f"cannot write into {folder}", f"free some space or {remedy}"):
        occupied = next((folder / name for name in names if (folder / name).is_dir()), None)
        if occupied is not None:
            raise OutputError(f"cannot write {occupied}: it is a folder", f"remove it or {remedy}")
        with _make_folder(folder), journal.hold(folder):
            yield


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


def read_reports(path: Path) -> tuple[Report, ...]:
    """Read the report or the report set in a file; ReportError says what is wrong with which file."""
    return parse_reports(path, read_document(path))


def read_document(path: Path) -> bytes:
    """Return the content of a file that memprof wrote; ReportError where it cannot be read."""
    with _translate_os_errors(ReportError, f"cannot read {path}", "name a report.json that `memprof roofline` wrote"):
        return read_file(path)


def parse_reports(path: Path, content: bytes) -> tuple[Report, ...]:
    """Return the report or the report set in the content of a file; ReportError says what is wrong with which file."""
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
