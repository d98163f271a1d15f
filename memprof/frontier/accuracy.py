"""Published accuracies: those that ship with memprof, or a user's table."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path

from memprof.errors import MemprofError
from memprof.frontier.records import IN1K, MORE, Accuracy
from memprof.models import canonical_name
from memprof.models.spec import LIBRARIES, Source, parse
from memprof.validation.tables import Row, RowError, Table, parse_table, read_table

SOURCES = {
    "timm": "results/results-imagenet.csv of github.com/huggingface/pytorch-image-models: the best weights of each "
    "network and resolution",
    "InceptionNeXt": "the README of github.com/sail-sg/inceptionnext",
}
"""Where shipped accuracies are from, by what their rows call it. They are facts: no weights ship with memprof."""
_REQUIRED = ("model", "top1")
_HIGHEST, _LARGEST = 100.0, 4096


class AccuracyError(MemprofError):
    """A table of accuracies that cannot be read, or of which nothing is left."""


@cache
def shipped() -> tuple[Accuracy, ...]:
    """Return the accuracies that ship with memprof."""
    data = resources.files("memprof.frontier").joinpath("accuracy.csv").read_bytes()
    return _read(parse_table(data, "the accuracies that ship with memprof"), own=True)


def from_file(path: Path) -> tuple[Accuracy, ...]:
    """Return a user's accuracies: columns model, top1 in percent, and perhaps resolution, trained_on, weights, source.

    AccuracyError where a column is missing or a cell makes no sense.
    """
    return _read(read_table(path))


def choose(rows: Sequence[Accuracy], patterns: Sequence[str], trained_on: str) -> tuple[Accuracy, ...]:
    """Return the rows whose model fits one of the patterns ("convnext*"), of weights trained on no more than asked.

    Of several weights of a network at one resolution the best count. AccuracyError where no row is left.
    """
    best: dict[tuple[str, int], Accuracy] = {}
    for row in rows:
        name = (
            row.model.rpartition(":")[2] if row.model.startswith(tuple(f"{item}:" for item in LIBRARIES)) else row.model
        )
        fits = not patterns or any(fnmatchcase(text, pattern) for pattern in patterns for text in (row.model, name))
        if not fits or (trained_on == IN1K and row.trained_on != IN1K):
            continue
        kept = best.setdefault((row.model, row.resolution), row)
        if row.top1 > kept.top1:
            best[row.model, row.resolution] = row
    if not best:
        asked = f" of {', '.join(patterns)}" if patterns else ""
        raise AccuracyError(f"there is no accuracy{asked}", "name models as the table does, with * for any text")
    return tuple(best.values())


def _read(table: Table, *, own: bool = False) -> tuple[Accuracy, ...]:
    missing = [column for column in _REQUIRED if table.position(column) is None]
    if missing:
        raise AccuracyError(
            f"{table.name} lacks the column{'s' * (len(missing) > 1)} {' and '.join(missing)}",
            "its columns are model, top1 (in percent), and perhaps resolution, trained_on, weights, source",
        )
    if not table.rows:
        raise AccuracyError(f"{table.name} holds no accuracy", "add a line for each network")
    found = []
    for row in table.rows:
        try:
            found.append(_accuracy(table, row, own=own))
        except RowError as error:
            raise AccuracyError(f"line {row.line} of {table.name}: {error}", "correct it") from error
        except MemprofError as error:
            raise AccuracyError(f"line {row.line} of {table.name}: {error.what}", error.remedy) from error
    return tuple(found)


def _accuracy(table: Table, row: Row, *, own: bool) -> Accuracy:
    if row.defect:
        raise RowError(row.defect)
    name = table.cell(row, "model")
    spec = parse(name) if name else None
    if spec is None or spec.source in (Source.FILE, Source.MODULE):
        raise RowError(f"{name or 'an empty model'} is none of the zoo, timm: or torchvision:")
    trained_on = table.cell(row, "trained_on", IN1K)
    if trained_on not in (IN1K, MORE):
        raise RowError(f"trained_on {trained_on!r} is neither {IN1K} nor {MORE}")
    source = table.cell(row, "source", table.name)
    model = name if own else canonical_name(name)
    return Accuracy(
        model=model,
        resolution=_resolution(table.cell(row, "resolution", "224")),
        top1=_percent(table.cell(row, "top1")),
        trained_on=trained_on,
        weights=table.cell(row, "weights"),
        source=source,
    )


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= _HIGHEST:
        raise RowError(f"top1 {text!r} is no percentage")
    if value <= 1:
        raise RowError(f"top1 {text} is a fraction: write it in percent")
    return value


def _resolution(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _LARGEST:
        raise RowError(f"resolution {text!r} is no number of pixels")
    return int(text)
