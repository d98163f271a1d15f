"""From the rows of a file to measurements: every cell checked, one row's mistake never another row's loss."""

from __future__ import annotations

import math
import re

from memprof import devices, models
from memprof.devices import ceilings, hosts
from memprof.devices.catalogue import find
from memprof.errors import MemprofError
from memprof.models import registry
from memprof.models.spec import Source, parse
from memprof.validation.protocol import TIMM_SOURCE, host_of, model_of
from memprof.validation.records import Entry, Measurement
from memprof.validation.tables import Row, RowError, Table
from memprof.vocabulary import CHANNELS_FIRST, CHANNELS_LAST, LAYOUTS, PHASES
from memprof.workload import check_workload

REQUIRED = ("device", "dtype", "layout", "batch", "resolution", "phase", "model", "images_per_second")
COLUMNS = (
    "source",
    "device",
    "stack",
    "dtype",
    "layout",
    "compiled",
    "batch",
    "resolution",
    "phase",
    "model",
    "images_per_second",
    "host",
)
"""What memprof reads, in the order of the published files; other columns are kept and not read."""

BEST_OF_BOTH = "best of nchw and nhwc"
_LAYOUTS = {
    **{layout: (layout,) for layout in LAYOUTS},
    "nchw": (CHANNELS_FIRST,),
    "nhwc": (CHANNELS_LAST,),
    BEST_OF_BOTH: LAYOUTS,
}
_PRECISIONS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
_EAGER, _COMPILED = {"0", "", "false", "no"}, {"1", "true", "yes"}
_WHOLE = re.compile(r"[0-9]{1,9}(\.0+)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_RENAMED = {
    "ig_resnext101_32x16d": "resnext101_32x16d",
    "ig_resnext101_32x32d": "resnext101_32x32d",
    "regnety_040s_gn": "regnety_040_sgn",
}
"""Older names of timm's models. By the first two, timm 1.0 itself builds a smaller network, resnext101_32x8d."""
_MISLED = {"ig_resnext101_32x48d": "the much smaller resnext101_32x8d"}
_OPEN_SOURCES = (Source.ZOO, Source.TIMM, Source.TORCHVISION)


def read_measurements(table: Table) -> list[Entry]:
    """Return an entry for each row; MeasurementError where the table lacks a column that every row needs."""
    table.require(REQUIRED)
    return [_entry(table, row) for row in table.rows]


def unknown_columns(table: Table) -> tuple[str, ...]:
    """Return the columns that memprof does not read."""
    return tuple(column for column in table.columns if column.casefold() not in COLUMNS)


def model_spec(name: str, source: str) -> str:
    """Return what memprof builds for the model `name` in a row of `source`.

    A name alone is the zoo's where the zoo has it, else timm's; from a source whose name begins with "timm" it is
    timm's. Raises RowError for a model that only running code of somebody's file could tell, ModelError for one that
    is not known.
    """
    is_bare = ":" not in name and "/" not in name
    if is_bare and (source.startswith(TIMM_SOURCE) or not registry.is_known(name)):
        name = f"timm:{name}"
    spec = parse(name)
    if spec.source is Source.TIMM and spec.name in _MISLED:
        raise RowError(f"timm no longer has {spec.name}: it would build {_MISLED[spec.name]}")
    if spec.source is Source.TIMM:
        name = f"timm:{_RENAMED.get(spec.name, spec.name)}"
    if spec.source not in _OPEN_SOURCES:
        raise RowError(f"{name} would run code: a table may name models of the zoo, timm: and torchvision: only")
    return models.canonical_name(name)


def device_name(text: str) -> str:
    """Return the catalogue's name of a device; where the catalogue has none like that, the text itself."""
    device = find(text)
    return text if device is None else device.name


def _layouts(text: str) -> tuple[str, ...]:
    """Return the layouts that a cell names; RowError where it names none."""
    names = _LAYOUTS.get(" ".join(text.lower().split()))
    if names is None:
        raise RowError(f"layout {text!r} is none of nchw, nhwc, {BEST_OF_BOTH!r}")
    return names


def whole_number(text: str, what: str) -> int:
    """Return a whole number; RowError says `what` is none."""
    if not _WHOLE.fullmatch(text):
        raise RowError(f"{what} {text!r} is no whole number")
    return int(text.partition(".")[0])


def positive_number(text: str, what: str) -> float:
    """Return a number above zero; RowError says how `what` is none."""
    if not _NUMBER.fullmatch(text):
        raise RowError(f"{what} {text!r} is no number")
    value = float(text)
    if not 0 < value < math.inf:
        raise RowError(f"{what} {text} is not above zero" if value <= 0 else f"{what} {text} is out of range")
    return value


def _entry(table: Table, row: Row) -> Entry:
    try:
        return Entry(row, _measurement(table, row))
    except RowError as error:
        return Entry(row, None, str(error))
    except MemprofError as error:
        return Entry(row, None, error.what)


def _measurement(table: Table, row: Row) -> Measurement:
    if row.defect:
        raise RowError(row.defect)
    for column in REQUIRED:
        if not table.cell(row, column):
            raise RowError(f"{column} is empty")
    source, phase = table.cell(row, "source", table.name), table.cell(row, "phase").lower()
    dtype = table.cell(row, "dtype").lower()
    precision, layouts = _PRECISIONS.get(dtype, dtype), _layouts(table.cell(row, "layout"))
    _check_eager(table.cell(row, "compiled", "0").lower())
    if phase not in PHASES:
        raise RowError(f"phase {phase!r} is neither infer nor train")
    batch = whole_number(table.cell(row, "batch"), "batch")
    resolution = whole_number(table.cell(row, "resolution"), "resolution")
    throughput = positive_number(table.cell(row, "images_per_second"), "images_per_second")
    check_workload(batch_size=batch, resolution=resolution, phase=phase, precision=precision, layout=layouts[0])
    device, host = table.cell(row, "device"), table.cell(row, "host") or host_of(source)
    hosts.get(host)
    ceilings(devices.get(device), precision)
    return Measurement(
        source,
        device_name(device),
        table.cell(row, "stack"),
        precision,
        layouts,
        batch,
        resolution,
        phase,
        model_spec(model_of(source, table.cell(row, "model")), source),
        throughput,
        host,
    )


def _check_eager(compiled: str) -> None:
    if compiled in _COMPILED:
        raise RowError("compiled=1: memprof predicts eager PyTorch, not torch.compile")
    if compiled not in _EAGER:
        raise RowError(f"compiled {compiled!r} is neither 0 nor 1")
