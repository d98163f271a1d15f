"""Report files: reports to and from JSON, and what is wrong with a file that is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields

import msgspec

from memprof.errors import ReportError
from memprof.report.json_text import indented_json
from memprof.report.record import SCHEMA, OperatorRow, Report

SET_SCHEMA = "memprof.report-set/1"
_WRITE_AGAIN = "write it again with `memprof roofline`"
_MOST = (1 << 63) - 1


def dump_reports(reports: Sequence[Report]) -> str:
    """Return one report as its JSON, several as a report set."""
    if len(reports) == 1:
        return indented_json(reports[0]).decode()
    return indented_json({"schema": SET_SCHEMA, "reports": list(reports)}).decode()


def dump_compactly(reports: Sequence[Report]) -> str:
    """Return what `dump_reports` does on one line, without what operators have by default; it reads as the same."""
    written = [msgspec.to_builtins(report) for report in reports]
    defaults = {item.name: item.default for item in fields(OperatorRow) if item.default is not MISSING}
    absent = {name: [] if default == () else default for name, default in defaults.items()}
    for report in written:
        report["operators"] = [
            {name: value for name, value in row.items() if name not in absent or value != absent[name]}
            for row in report["operators"]
        ]
    whole = written[0] if len(written) == 1 else {"schema": SET_SCHEMA, "reports": written}
    return msgspec.json.encode(whole).decode()


def load_reports(text: str | bytes) -> tuple[Report, ...]:
    """Read the report or report set in JSON `text`; ReportError says what is wrong with it and where."""
    try:
        head = msgspec.json.decode(text, type=_Head)
        schemas = [item.schema for item in head.reports] if head.schema == SET_SCHEMA else [head.schema]
        schema = next((name for name in schemas if name != SCHEMA), SCHEMA)
        if schema == SCHEMA:
            reports: tuple[Report, ...]
            if head.schema == SET_SCHEMA:
                reports = msgspec.json.decode(text, type=_ReportSet).reports
            else:
                reports = (msgspec.json.decode(text, type=Report),)
            _check_whole_numbers(msgspec.to_builtins(reports), "")
            return reports
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReportError(f"not a memprof report: {error}", _WRITE_AGAIN) from error
    raise ReportError(f"report schema {schema!r} is not {SCHEMA!r}, which this memprof reads", _schema_remedy(schema))


def _check_whole_numbers(value: object, name: str) -> None:
    """Raise ReportError where a whole number, which JSON may write with any number of digits, counts nothing real."""
    if isinstance(value, int) and abs(value) > _MOST:
        raise ReportError(f"not a memprof report: `{name}` is a whole number that 64 bits do not hold", _WRITE_AGAIN)
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_whole_numbers(item, key)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_whole_numbers(item, name)


@dataclass(frozen=True, slots=True)
class _SchemaOnly:
    schema: str


@dataclass(frozen=True, slots=True)
class _Head:
    """The schemas of a file, read before the rest, of which another version's fields would make no sense."""

    schema: str
    reports: tuple[_SchemaOnly, ...] = ()


@dataclass(frozen=True, slots=True)
class _ReportSet:
    schema: str
    reports: tuple[Report, ...]


def _schema_remedy(schema: str) -> str:
    name, _, version = schema.partition("/")
    known = dict(item.split("/") for item in (SCHEMA, SET_SCHEMA))
    if name not in known:
        return "give a file that `memprof roofline` wrote"
    if version in map(str, range(1, int(known[name]))):
        return "an older memprof wrote it: run `memprof roofline` again"
    return "a newer memprof wrote it: upgrade memprof"
