"""Documents that lie in JSON files: what each is read as, and who writes it, by the name of its schema.

A schema is a name and a version, "memprof.comparison/1", and the first field of each document; a file of another
version is refused. Reports are read by `memprof.report.reading`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from memprof.errors import OutputError, ReportError, did_you_mean
from memprof.reports.report import WRITERS as REPORT
from memprof.reports.writer import Writers

_FOLDER = "memprof.reports"
_MOST, _SMALLEST = 1e30, 1e-30
"""No second, byte, FLOP or rate of the physical world lies outside; arithmetic on what does would overflow."""
_LARGEST = (1 << 63) - 1
_NEVER_NEGATIVE = (
    "seconds",
    "per_second",
    "bytes",
    "flops",
    "calls",
    "batch_size",
    "relative_error",
    "published",
    "computed",
)
_SIGNED = ("difference", "saved")
"""How names of amounts end of which none is negative, and begin where they are differences."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: the folder of its writers, what makes one, and what it is read as.

    `record` is a record of memprof's own, "module:Name", in whose module SCHEMA stands; without it the folder's
    `write_json` says the schema, and its `saved` reads. Of fields `filled` none may be empty, of those `above_zero`
    none 0; a `signed` one has seconds below zero, of what overlaps.
    """

    folder: str
    command: str
    record: str = ""
    filled: tuple[str, ...] = ()
    above_zero: tuple[str, ...] = ()
    signed: bool = False

    @property
    def writers(self) -> Writers[Any]:
        """Return its writers."""
        writers: Writers[Any] = importlib.import_module(f"{_FOLDER}.{self.folder}").WRITERS
        return writers

    @property
    def schema(self) -> str:
        """Return its schema as this memprof writes it."""
        module = self.record.partition(":")[0] or f"{_FOLDER}.{self.folder}.write_json"
        return str(importlib.import_module(module).SCHEMA)

    def read(self, content: bytes) -> Any:
        """Return the document that JSON holds; msgspec.DecodeError where that is none."""
        if not self.record:
            return importlib.import_module(f"{_FOLDER}.{self.folder}.saved").read(content)
        module, _, name = self.record.partition(":")
        return msgspec.json.decode(content, type=getattr(importlib.import_module(module), name))


KINDS: Mapping[str, Kind] = {
    "memprof.ablation": Kind("ablate", "memprof ablate", "memprof.whatif.ablation:Ablation", ("results",)),
    "memprof.alignment": Kind("alignment", "memprof trace --model", "memprof.comparisons.alignment:Alignment"),
    "memprof.batches": Kind(
        "batches", "memprof roofline --batch-size", "memprof.whatif.batches:Batches", ("curves", "batches")
    ),
    "memprof.comparison": Kind(
        "compare", "memprof compare", "memprof.comparisons.models:Comparison", ("entries",), ("batch_size",)
    ),
    "memprof.explanation": Kind("explain", "memprof explain --against", "memprof.comparisons.explanation:Explanation"),
    "memprof.frontier": Kind("pareto", "memprof pareto", "memprof.frontier.records:Frontier", ("devices", "sentences")),
    "memprof.gallery": Kind(
        "gallery", "memprof gallery", "memprof.whatif.gallery:Gallery", ("exhibits", "devices", "settings")
    ),
    "memprof.history": Kind("history", "memprof gate history", filled=("accepted",)),
    "memprof.kernel-validation": Kind(
        "kernel_validation",
        "memprof validate --kernels",
        filled=("rows",),
        above_zero=("measured_seconds", "predicted_seconds"),
    ),
    "memprof.losses": Kind("explain", "memprof explain", "memprof.whatif.savings:Losses"),
    "memprof.reproduction": Kind(
        "reproduce", "memprof reproduce", "memprof.papers.reproduction:Reproduction", ("tables",)
    ),
    "memprof.sweep": Kind("sweep", "memprof ablate --sweep", "memprof.whatif.sweep:Sweep", ("points",)),
    "memprof.trace-difference": Kind(
        "difference", "memprof trace --against", "memprof.comparisons.changes:TraceDifference", signed=True
    ),
    "memprof.trace-validation": Kind("trace_validation", "memprof validate --trace", filled=("cases",)),
    "memprof.validation": Kind("validation", "memprof validate", filled=("rows",), above_zero=("images_per_second",)),
}


class Formats:
    """The formats of all documents together."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return every format that a report or one of these documents has."""
        writers = (REPORT, *(kind.writers for kind in KINDS.values()))
        return tuple(dict.fromkeys(name for own in writers for name in own.names))

    def check(self, name: str) -> None:
        """Raise OutputError, with the nearest ones, where no document has a format of this name."""
        if name not in self.names:
            raise OutputError(f"unknown format {name!r}", did_you_mean(name, self.names))


EVERY = Formats()


@dataclass(frozen=True, slots=True)
class _Head:
    schema: str = ""


def kind_of(content: bytes) -> Kind | None:
    """Return which of these documents a file holds, None for a report or what is no document at all."""
    try:
        schema = msgspec.json.decode(content, type=_Head).schema
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return KINDS.get(schema.partition("/")[0])


def load(content: bytes, kind: Kind) -> Any:
    """Return the document that JSON holds; ReportError says what is wrong with it."""
    schema, ours = msgspec.json.decode(content, type=_Head).schema, kind.schema
    again = f"write it again with `{kind.command}`"
    if schema != ours:
        raise ReportError(f"schema {schema!r} is not {ours!r}, which this memprof reads", again)
    try:
        _check_amounts(msgspec.json.decode(content), "", kind, again)
        return kind.read(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"no document of memprof: {error}", again) from error


def _check_amounts(value: object, name: str, kind: Kind, again: str) -> None:
    """Raise ReportError where a number is none of the physical world, or nothing is where something must be."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ReportError(f"`{name}` is a whole number that 64 bits do not hold", again)
    if isinstance(value, (int, float)):
        is_none = abs(value) > _MOST or 0 < abs(value) < _SMALLEST
        is_below = value < 0 and not kind.signed and name.endswith(_NEVER_NEGATIVE) and not name.startswith(_SIGNED)
        if is_none or is_below or (value == 0 and name in kind.above_zero):
            raise ReportError(f"{name} cannot be {value:g}", again)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key in kind.filled and not item:
                raise ReportError(f"{key} is empty", again)
            _check_amounts(item, key, kind, again)
    elif isinstance(value, list):
        for item in value:
            _check_amounts(item, name, kind, again)
