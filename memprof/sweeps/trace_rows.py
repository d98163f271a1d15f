"""Trace files as rows of a Parquet set: what each measured a step, where its time went, what was predicted."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from memprof.devices.record import Device
from memprof.errors import MemprofError, SweepError
from memprof.sweeps.engine import Engine, Failure, map_surely
from memprof.sweeps.folder import Folder, Manifest, open_folder
from memprof.sweeps.run import Outcome, Show, made_with, one_at_a_time
from memprof.sweeps.table import column, count, joined, to_parquet
from memprof.vocabulary import Kind

SCHEMA = "memprof.traces/1"
_FILES_OF_PART = 16
_SUFFIX = re.compile(r"\.json(\.gz|\.zst)?$")
_STAMP = re.compile(r"\.(\d{13}|\d{16}|\d{19})\.pt\.trace\.json")
"""When torch.profiler.tensorboard_trace_handler wrote a file, in its name: ms, later ns since 1970."""
_DIGITS_OF_SECONDS = 10


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One trace file: a row of the set, its columns in order. Seconds are of one step.

    `size` and `modified` (seconds since 1970) tell whether the file is still the same; `recorded` is when it was
    written, by its name or else the file system. Files whose steps run the same operators on the same shapes have the
    same `workload`. `seconds` is from start to end, `busy_seconds` what the device computed or copied,
    `predicted_seconds` and `roofline_seconds` those of the operators with shapes. Columns by kind of operator are
    measured, `stray_seconds` what ran for no operator that is known. `failed_because` says why there is nothing.
    """

    file: str
    size: int
    modified: float
    recorded: float
    rank: int | None = None
    device: str | None = None
    workload: str | None = None
    phase: str | None = None
    precision: str | None = None
    batch_size: int | None = None
    steps: int | None = None
    seconds: float | None = None
    busy_seconds: float | None = None
    idle_share: float | None = None
    operator_seconds: float | None = None
    predicted_seconds: float | None = None
    roofline_seconds: float | None = None
    attributed_share: float | None = None
    convolution_seconds: float | None = None
    depthwise_seconds: float | None = None
    matmul_seconds: float | None = None
    attention_seconds: float | None = None
    normalization_seconds: float | None = None
    elementwise_seconds: float | None = None
    reduction_seconds: float | None = None
    pooling_seconds: float | None = None
    layout_seconds: float | None = None
    optimizer_seconds: float | None = None
    unknown_seconds: float | None = None
    stray_seconds: float | None = None
    failed_because: str | None = None


KIND_COLUMNS = {kind: f"{kind.name.lower()}_seconds" for kind in Kind}
"""The column of each kind of operator."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How traces are read: on which device and in which precision, where they do not tell; at most how many bytes."""

    device: Device | None = None
    precision: str | None = None
    largest_bytes: int = 2 << 30


@dataclass(frozen=True, slots=True)
class _Shared:
    folder: Path
    wanted: Wanted
    made_with: dict[str, str]


def find_traces(folder: Path) -> list[TraceRow]:
    """Return a bare row for each trace file in a folder and below it, by name; SweepError where there is none."""
    found = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in filter(_SUFFIX.search, names):
            path = Path(place, name)
            known = path.stat()
            found.append(TraceRow(str(path.relative_to(folder)), known.st_size, known.st_mtime, _recorded(path)))
    if not found:
        raise SweepError(f"{folder} holds no traces", "name a folder of .json, .json.gz or .json.zst files")
    return sorted(found, key=lambda row: row.file)


def _recorded(path: Path) -> float:
    stamp = _STAMP.search(path.name)
    if stamp is None:
        return path.stat().st_mtime
    return int(stamp[1]) / 10.0 ** (len(stamp[1]) - _DIGITS_OF_SECONDS)


def read_traces(
    traces: Path,
    files: Sequence[TraceRow],
    wanted: Wanted,
    output: Path,
    make: Callable[[], Engine],
    show: Show = lambda done, before: None,
) -> Outcome:
    """Read those of `files` in a folder of traces that are new into the set in another; errors as of `run`."""
    described = {"device": wanted.device.name if wanted.device else "", "precision": wanted.precision or ""}
    with open_folder(output, Manifest(SCHEMA, made_with(), described, 0)) as folder:
        known = {key for path in folder.paths() for key in zip(*(column(path, name) for name in _KEY), strict=True)}
        new = [row for row in files if (row.file, row.size, row.modified) not in known]
        if not new:
            return Outcome(0, 0, 0, len(files))
        chunks = [tuple(new[start : start + _FILES_OF_PART]) for start in range(0, len(new), _FILES_OF_PART)]
        shared = _Shared(traces.resolve(), wanted, made_with())
        return _read(folder, make(), shared, chunks, show, len(files) - len(new))


_KEY = ("file", "size", "modified")


def _read(
    folder: Folder, engine: Engine, shared: _Shared, chunks: Sequence[tuple[TraceRow, ...]], show: Show, before: int
) -> Outcome:
    show(0, before)
    parts = rows = failed = 0
    for chunk, answers in map_surely(engine, analyse, shared, chunks, lambda chunk: [(row,) for row in chunk]):
        contents = [_content(piece, answer) for piece, answer in answers]
        content = contents[0] if len(contents) == 1 else joined(contents)
        folder.write(max(folder.finished, default=-1) + 1, content)
        parts, rows, failed = parts + 1, rows + len(chunk), failed + count(content, "failed_because")
        show(rows, before)
    return Outcome(parts, rows, failed, before)


def _content(piece: tuple[TraceRow, ...], answer: bytes | Failure) -> bytes:
    if not isinstance(answer, Failure):
        return answer
    return to_parquet([replace(row, failed_because=answer.reason) for row in piece], TraceRow, SCHEMA)


def analyse(shared: _Shared, files: Sequence[TraceRow]) -> bytes:
    """Return the rows of some files as Parquet; what cannot be read is a row with its reason."""
    if made_with() != shared.made_with:
        raise SweepError(f"a worker has {made_with()}, not {shared.made_with}", "install the same versions there")
    with one_at_a_time:
        rows = [_row(shared, bare) for bare in files]
    return to_parquet(rows, TraceRow, SCHEMA)


def _row(shared: _Shared, bare: TraceRow) -> TraceRow:
    from memprof.analysis.traced import analyze_trace
    from memprof.traces.reading import read_trace

    wanted = shared.wanted
    try:
        trace = read_trace(shared.folder / bare.file, largest_bytes=wanted.largest_bytes)
        report = analyze_trace(trace, device=wanted.device, precision=wanted.precision)
    except MemprofError as error:
        return replace(bare, failed_because=" ".join(error.what.split()))
    measured, steps = report.measured, report.measured.steps if report.measured else 1
    assert measured is not None
    times: dict[str, Any] = dict.fromkeys(KIND_COLUMNS.values(), 0.0)
    shapes: Counter[str] = Counter()
    for row in report.operators:
        times[KIND_COLUMNS[Kind(row.kind)]] += (row.measured_seconds or 0.0) / steps
        shapes[f"{row.name} {row.phase} {row.input_shapes} {row.dtype}"] += round(row.calls / steps)
    device_time = measured.device_time
    has_operators = bool(report.operators)
    return replace(
        bare,
        rank=trace.rank,
        device=report.device.name,
        workload=hashlib.sha256(repr(sorted(shapes.items())).encode()).hexdigest()[:8] if has_operators else None,
        phase=report.workload.phase or None,
        precision=report.workload.precision or None,
        batch_size=report.workload.batch_size or None,
        steps=steps,
        seconds=measured.seconds / steps,
        busy_seconds=device_time.busy_seconds / steps if device_time else None,
        idle_share=device_time.idle_share if device_time else None,
        operator_seconds=(report.totals.measured_seconds or 0.0) / steps,
        predicted_seconds=report.totals.seconds / steps if has_operators else None,
        roofline_seconds=report.totals.roofline_seconds / steps if has_operators else None,
        attributed_share=measured.attributed_share,
        stray_seconds=measured.stray_seconds / steps,
        **times,
    )
