"""Host files: a user's own host, or one that ships with memprof with some figures changed, in JSON or TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from memprof.devices import hosts
from memprof.devices.record import Figure
from memprof.devices.user_files import UserFile, kind_of, read
from memprof.errors import did_you_mean

_TEXTS = ("name", "title", "base")
_FIELDS = (*_TEXTS, "figures", "notes")
_FIGURE_FIELDS = ("value", "unit", "source")


def load(path: Path) -> hosts.Host:
    """Read a host file; DeviceError says what is wrong with it and where."""
    file = read(path, "host")
    _check_fields(file)
    base = _base(file)
    stated = {key: _figure(file, key, value) for key, value in file.fields.get("figures", {}).items()}
    figures = {**(base.figures if base else {}), **stated}
    for key, words in hosts.FIGURES.items():
        if key not in figures:
            raise file.error(
                f"the time of {words} is missing", f'state figures.{key}, or base = "{hosts.DEFAULT_HOST}"'
            )
    name = file.fields["name"].strip()
    return hosts.Host(
        name=name,
        title=file.fields.get("title") or name,
        figures={key: figures[key] for key in hosts.FIGURES},
        notes=(*(base.notes if base else ()), *file.fields.get("notes", ())),
    )


def _check_fields(file: UserFile) -> None:
    for field, value in file.fields.items():
        if field in hosts.FIGURES:
            raise file.error(f"{field} stands outside the figures", "move it under figures")
        if field not in _FIELDS:
            raise file.error(f"unknown field {field!r}", did_you_mean(field, _FIELDS))
        if field in _TEXTS and not isinstance(value, str):
            raise file.error(f"{field} must be text, not {kind_of(value)}")
    notes = file.fields.get("notes", [])
    if not (isinstance(notes, list) and all(isinstance(note, str) for note in notes)):
        raise file.error("notes must be a list of texts")
    if not file.fields.get("name", "").strip():
        raise file.error("the host has no name", 'state name = "..."')
    if not isinstance(file.fields.get("figures", {}), dict):
        raise file.error("figures must be a table of figures")


def _base(file: UserFile) -> hosts.Host | None:
    name = file.fields.get("base")
    if name is None:
        return None
    host = hosts.find(name)
    if host is None:
        raise file.error(f"base: unknown host {name!r}", did_you_mean(name, (host.name for host in hosts.list_hosts())))
    return host


def _figure(file: UserFile, key: str, stated: Any) -> Figure:
    if key not in hosts.FIGURES:
        raise file.error(f"unknown figure {key!r}", did_you_mean(key, hosts.FIGURES))
    fields = stated if isinstance(stated, dict) else {"value": stated, "source": file.path.name}
    for field in fields:
        if field not in _FIGURE_FIELDS:
            raise file.error(f"unknown field {field!r} in figures.{key}", did_you_mean(field, _FIGURE_FIELDS))
    if "value" not in fields:
        raise file.error(f"figures.{key} has no value", "state a number, or a value and a source")
    if fields.get("unit", hosts.UNIT) != hosts.UNIT:
        raise file.error(f"figures.{key} is in {fields['unit']!r}", f"give it in {hosts.UNIT!r}")
    source = fields.get("source", file.path.name)
    if not isinstance(source, str):
        raise file.error(f"the source of figures.{key} must be text, not {kind_of(source)}")
    value = file.number(key, fields["value"], hosts.UNIT)
    if value > hosts.LONGEST_SECONDS:
        raise file.error(f"figures.{key} is {value:g} s", "figures are in seconds: write 12e-6 for 12 microseconds")
    return Figure(value, source)
