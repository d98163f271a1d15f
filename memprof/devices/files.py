"""Device files: a user's own device, or a device of the catalogue with some figures changed, in JSON or TOML.

Checked here and not by msgspec.convert, whose errors name a type and a path, but no unit, nearest key or remedy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from memprof.devices import catalogue
from memprof.devices.figures import FIGURES, format_figure
from memprof.devices.record import Device, Figure, complete
from memprof.devices.user_files import UserFile, kind_of, read
from memprof.errors import did_you_mean, nearest

REQUIRED = ("dram_bytes_per_second", "fp32_flops_per_second")
"""What every roofline needs: a memory roof, and the CUDA cores that run all but matrix work."""

_TEXTS = ("name", "title", "architecture", "compute_capability", "memory_type", "base")
_LISTS = ("aliases", "notes")
_FIELDS = (*_TEXTS, *_LISTS, "figures")
_FIGURE_FIELDS = ("value", "unit", "source")


def load(path: str | Path) -> Device:
    """Read a device file; DeviceError says what is wrong with it and where."""
    file = read(Path(path), "device")
    _check_fields(file)
    base = _base(file)
    figures = {} if base is None else dict(base.figures)
    figures.update(_figures(file))
    complete_figures = complete(figures)
    for key in REQUIRED:
        if key not in complete_figures:
            raise file.error(f"{FIGURES[key].words} is missing", f"a roofline needs it: state figures.{key}")
    return Device(
        name=file.fields["name"].strip(),
        title=_inherited(file, base, "title") or file.fields["name"].strip(),
        aliases=tuple(file.fields.get("aliases", ())),
        architecture=_inherited(file, base, "architecture"),
        compute_capability=_inherited(file, base, "compute_capability"),
        memory_type=_inherited(file, base, "memory_type"),
        figures=complete_figures,
        notes=(*(base.notes if base else ()), *file.fields.get("notes", ())),
    )


def _check_fields(file: UserFile) -> None:
    for field, value in file.fields.items():
        if field in FIGURES:
            raise file.error(f"{field} stands outside the figures", "move it under figures")
        if field not in _FIELDS:
            raise file.error(f"unknown field {field!r}", did_you_mean(field, _FIELDS))
        if field in _TEXTS and value is not None and not isinstance(value, str):
            raise file.error(f"{field} must be text, not {kind_of(value)}")
        if field in _LISTS and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise file.error(f"{field} must be a list of texts")
    if not (file.fields.get("name") or "").strip():
        raise file.error("the device has no name", 'state name = "..."')
    if not isinstance(file.fields.get("figures", {}), dict):
        raise file.error("figures must be a table of figures")


def _base(file: UserFile) -> Device | None:
    name = file.fields.get("base")
    if name is None:
        return None
    device = catalogue.find(name)
    if device is None:
        error = catalogue.unknown_device(name)
        raise file.error(f"base: {error.what}", error.remedy)
    return device


def _figures(file: UserFile) -> dict[str, Figure]:
    figures = {}
    for key, stated in file.fields.get("figures", {}).items():
        if key not in FIGURES:
            close = nearest(key, FIGURES)
            remedy = f"did you mean {', '.join(close)}?" if close else "docs/devices.md lists the figures"
            raise file.error(f"unknown figure {key!r}", remedy)
        figures[key] = _figure(file, key, stated)
    return figures


def _figure(file: UserFile, key: str, stated: Any) -> Figure:
    if not isinstance(stated, dict):
        return Figure(_value(file, key, stated), file.path.name)
    for field in stated:
        if field not in _FIGURE_FIELDS:
            raise file.error(f"unknown field {field!r} in figures.{key}", did_you_mean(field, _FIGURE_FIELDS))
    if "value" not in stated:
        raise file.error(f"figures.{key} has no value", "state a number, or a value and a source")
    unit = FIGURES[key].unit
    if stated.get("unit", unit) != unit:
        raise file.error(f"figures.{key} is in {stated['unit']!r}", f"give it in {unit or 'no unit'!r}")
    source = stated.get("source", file.path.name)
    if not isinstance(source, str):
        raise file.error(f"the source of figures.{key} must be text, not {kind_of(source)}")
    return Figure(_value(file, key, stated["value"]), source)


def _value(file: UserFile, key: str, stated: Any) -> float:
    fact = FIGURES[key]
    value = file.number(key, stated, fact.unit)
    if value < fact.least:
        remedy = f"figures are in base units, {fact.unit}: write 1555e9 for 1555 G{fact.unit}"
        raise file.error(f"figures.{key} is only {format_figure(key, value)}", remedy)
    return value


def _inherited(file: UserFile, base: Device | None, field: str) -> str | None:
    """Return a text of the file, of its base where the file does not state it, or None."""
    stated: str | None = file.fields.get(field)
    inherited: str | None = None if base is None else getattr(base, field)
    return inherited if stated is None else stated
