"""Reads the papers that ship with memprof: NAME.toml says what a paper is, NAME.csv holds the rows of its tables."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources

import msgspec

from memprof.errors import MemprofError, did_you_mean
from memprof.papers.records import Condition, Paper, Rate, Row
from memprof.vocabulary import PHASES

_PLACE = "memprof.papers"
_MILLION, _BILLION = 1e6, 1e9


class PaperError(MemprofError):
    """A paper that memprof does not know."""


def names() -> tuple[str, ...]:
    """Return the names of the papers."""
    files = (item.name for item in resources.files(_PLACE).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


@cache
def get(name: str) -> Paper:
    """Return a paper; PaperError names those there are where it is none of them."""
    if name not in names():
        raise PaperError(f"no paper {name!r} to reproduce", did_you_mean(name, names()))
    place = resources.files(_PLACE)
    paper = msgspec.convert(tomllib.loads(place.joinpath(f"{name}.toml").read_text(encoding="utf-8")), Paper)
    lines = list(csv.DictReader(io.StringIO(place.joinpath(f"{name}.csv").read_text(encoding="utf-8"))))
    tables = (
        replace(table, rows=tuple(_row(line, paper.conditions) for line in lines if line["table"] == table.name))
        for table in paper.tables
    )
    return replace(paper, tables=tuple(tables))


def _row(line: Mapping[str, str], conditions: tuple[Condition, ...]) -> Row:
    """Read a row; a column CONDITION_PHASE holds images/s."""
    places = [(item.name, phase) for item in conditions for phase in PHASES]
    return Row(
        label=line["label"],
        model=line["model"],
        resolution=line["resolution"],
        parameters=_number(line["parameters_millions"], _MILLION),
        macs_per_image=_number(line["gmacs"], _BILLION),
        rates=tuple(
            Rate(name, phase, float(line[f"{name}_{phase}"])) for name, phase in places if line.get(f"{name}_{phase}")
        ),
        accuracy=_number(line["accuracy"]),
    )


def _number(text: str, unit: float = 1.0) -> float | None:
    return float(text) * unit if text else None
