"""The baseline's file: JSON that is sorted, stable, small, and whose changes can be read line by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import msgspec

from memprof.errors import GateError
from memprof.files import read_file, update_file
from memprof.gate.identity import describe
from memprof.gate.metrics import SHARES
from memprof.gate.operator_text import modules_text, parse_modules, parse_tensors, tensors_text
from memprof.gate.records import (
    BASELINE_SCHEMA,
    LARGEST,
    Baseline,
    Entry,
    Figures,
    GateWorkload,
    OperatorLine,
    to_record,
)

COLUMNS = (
    "modules",
    "operator",
    "kind",
    "inputs",
    "dtype",
    "bound",
    "calls",
    "launches",
    "flops",
    "dram_bytes",
    "seconds",
)
"""What the values of an operator's line are, in order; calls and amounts are those of one module."""

_UPDATE = "write it again with `memprof gate update` on code that is known to be fine"
_ELSEWHERE = "name another file with --baseline"
_CONFLICT = ("<<<<<<< ", ">>>>>>> ")
_EXACT = 2**53

_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
_Row = tuple[str | list[str], str, str, str, str, str, _Count, _Count, float, float, float]


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    workload: dict[str, object]
    figures: dict[str, object]
    operators: dict[str, list[_Row]]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema: str
    memprof: str
    cost_model: _Count
    environment: dict[str, str]
    devices: dict[str, str]
    operator_columns: list[str]
    entries: list[_Entry]


class _Head(msgspec.Struct):
    schema: str


def load_baseline(path: Path) -> Baseline:
    """Read a baseline; GateError says what is wrong with which file."""
    try:
        content = read_file(path)
    except FileNotFoundError as error:
        raise GateError(
            f"there is no baseline {path}", "`memprof gate update` writes it; --baseline names another"
        ) from error
    except OSError as error:
        raise GateError(f"cannot read the baseline {path}: {error.strerror}", "name another with --baseline") from error
    return _named(path, content)


def _named(path: Path, content: bytes) -> Baseline:
    try:
        return from_json(content)
    except GateError as error:
        raise GateError(f"{path}: {error.what}", error.remedy) from error


def try_to_load(path: Path) -> tuple[Baseline | None, str]:
    """Return a baseline; where there is none that can be read, None and why."""
    try:
        return load_baseline(path), ""
    except GateError as error:
        return None, error.what


def check_free(path: Path, *, force: bool) -> None:
    """Raise GateError where there is a baseline already, unless `force`."""
    if path.exists() and not force:
        raise GateError(f"there is a baseline {path} already", "use `memprof gate update`, or replace it with --force")


def save_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all; OutputError where that is not possible."""
    update_file(path, lambda before: to_json(baseline).encode(), _ELSEWHERE)


def update_baseline(path: Path, change: Callable[[Baseline | None], Baseline]) -> None:
    """Put in the place of a baseline what `change` makes of it, None where there is none; nobody else writes meanwhile.

    GateError where the one that is there cannot be read, OutputError where the new one cannot be written.
    """
    update_file(
        path, lambda before: to_json(change(None if before is None else _named(path, before))).encode(), _ELSEWHERE
    )


def from_json(content: bytes) -> Baseline:
    """Read a baseline from its JSON; GateError where it is empty, damaged, or of another schema."""
    if not content.strip():
        raise GateError("the baseline is empty", _UPDATE)
    if any(line.startswith(_CONFLICT) for line in content.decode("utf-8", "replace").splitlines()):
        raise GateError("the baseline has marks of a merge conflict", "merge the code, then run `memprof gate update`")
    try:
        schema = msgspec.json.decode(content, type=_Head).schema
        if schema != BASELINE_SCHEMA:
            raise GateError(
                f"it is no baseline of this memprof: its schema is {schema!r}, not {BASELINE_SCHEMA!r}", _UPDATE
            )
        return _to_baseline(msgspec.json.decode(content, type=_File))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise GateError(f"the baseline is damaged: {error}", _UPDATE) from error


def to_json(baseline: Baseline) -> str:
    """Return a baseline's JSON: equal baselines give equal text, whatever the order of their entries."""
    head = {
        "schema": baseline.schema,
        "memprof": baseline.memprof,
        "cost_model": baseline.cost_model,
        "environment": dict(sorted(baseline.environment.items())),
        "devices": dict(sorted(baseline.devices.items())),
        "operator_columns": COLUMNS,
    }
    lines = [f"  {_text(name)}: {_text(value)}," for name, value in head.items()]
    entries = ",\n".join("\n".join(_entry_lines(entry)) for entry in sorted(baseline.entries, key=_workload))
    return "\n".join(["{", *lines, '  "entries": [', *filter(None, [entries]), "  ]", "}"]) + "\n"


def _entry_lines(entry: Entry) -> Iterator[str]:
    workload = {item.name: getattr(entry.workload, item.name) for item in fields(GateWorkload)}
    workload = {name: value for name, value in workload.items() if name != "inputs" or value}
    yield "    {"
    yield f'      "workload": {_text(workload)},'
    yield '      "figures": {'
    for item in fields(Figures):
        if item.name != SHARES:
            yield f"        {_text(item.name)}: {_number(getattr(entry.figures, item.name))},"
    yield f'        "{SHARES}": {{'
    shares = sorted(entry.figures.bound_shares.items())
    yield from _with_commas([f"          {_text(name)}: {_number(share)}" for name, share in shares])
    yield "        }"
    yield "      },"
    yield '      "operators": {'
    phases = dict.fromkeys(line.phase for line in entry.operators)
    for place, phase in enumerate(phases, 1):
        yield f"        {_text(phase)}: ["
        lines = [line for line in entry.operators if line.phase == phase]
        yield from _with_commas([f"          {_operator_text(line, entry.workload.layout)}" for line in lines])
        yield "        ]," if place < len(phases) else "        ]"
    yield "      }"
    yield "    }"


def _operator_text(line: OperatorLine, layout: str) -> str:
    words = (
        modules_text(line.modules),
        line.operator,
        line.kind,
        tensors_text(line.shapes, line.layouts, layout),
        line.dtype,
        line.bound,
    )
    numbers = (line.calls, line.launches, line.flops, line.dram_bytes, line.seconds)
    return f"[{', '.join([*map(_text, words), *map(_number, numbers)])}]"


def _to_baseline(file: _File) -> Baseline:
    if tuple(file.operator_columns) != COLUMNS:
        raise ValueError("its operators have other columns")
    if not file.entries:
        raise ValueError("it holds no workload")
    entries = tuple(_to_entry(item) for item in file.entries)
    workloads = [entry.workload for entry in entries]
    twice = next((item for item in workloads if workloads.count(item) > 1), None)
    if twice is not None:
        raise ValueError(f"it holds {describe(twice)} twice")
    ordered = tuple(sorted(entries, key=_workload))
    return Baseline(file.schema, file.memprof, file.cost_model, file.environment, ordered, file.devices)


def _to_entry(item: _Entry) -> Entry:
    workload, figures = to_record(item.workload, GateWorkload), to_record(item.figures, Figures)
    lines = [_to_line(row, phase, workload.layout) for phase, rows in item.operators.items() for row in rows]
    return Entry(workload, figures, tuple(lines))


def _to_line(row: _Row, phase: str, layout: str) -> OperatorLine:
    modules, operator, kind, inputs, dtype, bound, calls, launches, flops, moved, seconds = row
    shapes, layouts = parse_tensors(inputs, layout)
    return OperatorLine(
        operator,
        kind,
        phase,
        parse_modules(modules),
        shapes,
        layouts,
        dtype,
        bound,
        calls,
        launches,
        flops,
        moved,
        seconds,
    )


def _workload(entry: Entry) -> GateWorkload:
    return entry.workload


def _with_commas(lines: list[str]) -> Iterator[str]:
    yield from (f"{line}," for line in lines[:-1])
    yield from lines[-1:]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """Return a finite number in JSON; a whole one without a point."""
    whole = abs(value) < _EXACT and value == int(value)
    return str(int(value)) if whole else json.dumps(value, allow_nan=False)
