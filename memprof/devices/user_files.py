"""Files in which users describe a device or a host: a table in JSON or TOML, read with errors that name the file."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memprof.errors import DeviceError

SUFFIXES = (".json", ".toml")
FORMAT = "docs/devices.md shows the format"


@dataclass(frozen=True, slots=True)
class UserFile:
    """The decoded content of a file; `path` and `kind`, "device" or "host", name it in errors."""

    path: Path
    kind: str
    fields: Mapping[str, Any]

    def error(self, what: str, remedy: str = FORMAT) -> DeviceError:
        """Return an error about the file."""
        return DeviceError(f"{self.kind} file {self.path}: {what}", remedy)

    def number(self, key: str, stated: Any, unit: str) -> float:
        """Return what `figures.key` states as a number above zero; DeviceError where it is none."""
        if isinstance(stated, bool) or not isinstance(stated, int | float):
            raise self.error(f"figures.{key} must be a number, not {kind_of(stated)}", f"give it in {unit or 'units'}")
        try:
            value = float(stated)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value) or value <= 0:
            raise self.error(f"figures.{key} is {stated if math.isfinite(value) else value}", "it must be above zero")
        return value


def read(path: Path, kind: str) -> UserFile:
    """Read a file; DeviceError where it cannot be read or is no table."""
    name = f"{kind} file {path}"
    if path.is_dir():
        raise DeviceError(f"{name} is a directory", "give a file")
    if path.suffix.lower() not in SUFFIXES:
        raise DeviceError(f"{name} is neither {' nor '.join(SUFFIXES)}", "name it by its format")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DeviceError(f"{name} does not exist", f"`memprof devices` lists the bundled {kind}s") from None
    except UnicodeDecodeError as error:
        raise DeviceError(f"{name} is not UTF-8 text: {error.reason}", FORMAT) from error
    except OSError as error:
        raise DeviceError(f"{name} cannot be read: {error.strerror}", "check it") from error
    try:
        content = tomllib.loads(text) if path.suffix.lower() == ".toml" else _json(text)
    except RecursionError:
        raise DeviceError(f"{name} is nested too deeply", FORMAT) from None
    except ValueError as error:
        raise DeviceError(f"{name} is not valid {path.suffix[1:].upper()}: {error}", FORMAT) from error
    if not isinstance(content, dict):
        raise DeviceError(f"{name} does not hold one {kind}", FORMAT)
    return UserFile(path, kind, content)


def kind_of(value: Any) -> str:
    """Return what a value is called in an error: "a list"."""
    names = {bool: "true or false", str: "text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)


def _json(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        repeated = next((key for key in keys if keys.count(key) > 1), None)
        if repeated is not None:
            raise ValueError(f"{repeated!r} is stated twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=unique)
