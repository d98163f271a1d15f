"""The files that may hold memprof's configuration: reading its section, and adding one without touching the rest."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from memprof.errors import GateError
from memprof.files import read_file

OWN = "memprof.toml"
NAMES = (OWN, "pyproject.toml", "setup.cfg")
"""The files in which a configuration is looked for."""

_MENTIONED = "memprof"
_INI_HEADER, _TOML_HEADER = "[memprof]", "[tool.memprof]"
_OTHER = "name another file with --config"


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of file holds the section; "" as `header` is the whole file."""

    header: str
    is_toml: bool


def form(path: Path) -> Form:
    """Return how the file `path` holds memprof's section; GateError where its name tells no kind."""
    suffix = path.suffix.lower()
    if suffix in (".cfg", ".ini"):
        return Form(_INI_HEADER, is_toml=False)
    if suffix == ".toml":
        return Form(_TOML_HEADER if path.name == "pyproject.toml" else "", is_toml=True)
    raise GateError(f"{path} is no file for a configuration", "its name must end in .toml, .cfg or .ini")


def section_of(path: Path, text: str) -> Mapping[str, object] | None:
    """Return what memprof's section says in the text of the file `path`, None where it has none."""
    return _split_sections(path, text)[0]


def has_section(path: Path) -> bool:
    """Return whether there is such a file with a section of memprof; files that never mention it are not parsed."""
    return path.is_file() and _MENTIONED in (text := read_text(path)) + path.name and section_of(path, text) is not None


def section_line(text: str) -> int:
    """Return the line on which memprof's section begins, counted from 1; 1 where that is the whole file."""
    for number, line in enumerate(text.splitlines(), 1):
        if _is_header(line):
            return number
    return 1


def add_section(path: Path, text: str, lines: str, *, replace: bool) -> str:
    """Return the text of the file `path` with a section of memprof that says `lines`; nothing else changes.

    GateError where there is one already, unless `replace`, and where the file is such that this cannot be done.
    """
    kind = form(path)
    current, others = _split_sections(path, text)
    if current is not None and not replace:
        raise GateError(f"{path} configures memprof already", "edit it, or replace that section with --force")
    end = "\r\n" if "\r\n" in text else "\n"
    section = "\n".join(filter(None, (kind.header, lines))).replace("\n", end).rstrip() + end
    rest = text if current is None else _remove_section(text, kind)
    whole = f"{rest.rstrip()}{end}{end}{section}" if rest.strip() else section
    try:
        now, still = _split_sections(path, whole)
    except GateError:
        now, still = None, None
    if now is None or now != section_of(path, section) or still != others:
        raise GateError(f"memprof's section cannot be added to {path} without changing the rest", _OTHER)
    return whole


def _remove_section(text: str, kind: Form) -> str:
    """Return a file without memprof's section: from its header to the next one."""
    if not kind.header:
        return ""
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        if line.startswith("["):
            inside = _is_header(line)
        if not inside:
            kept.append(line)
    return "".join(kept)


def _is_header(line: str) -> bool:
    return re.match(r"\[\s*(tool\s*\.\s*)?memprof\s*\]", line) is not None


def read_text(path: Path) -> str:
    """Return the text of a configuration's file, line ends as they are; GateError where it cannot be read."""
    try:
        return read_file(path).decode("utf-8")
    except OSError as error:
        raise GateError(f"cannot read {path}: {error.strerror}", "name the configuration with --config") from error
    except UnicodeDecodeError as error:
        raise GateError(f"cannot read {path}: it is not text in UTF-8", _OTHER) from error


def _split_sections(path: Path, text: str) -> tuple[Mapping[str, object] | None, object]:
    """Return memprof's section, None where there is none, and everything else that the file says."""
    kind = form(path)
    try:
        return _split_toml(text, kind) if kind.is_toml else _split_ini(text)
    except (ValueError, configparser.Error, RecursionError) as error:  # a number of 5000 digits is no TOMLDecodeError
        message = " ".join(str(error).replace("'<string>'", "it").replace("<string>", path.name).split())
        raise GateError(f"cannot read {path}: {message}", "correct it") from error


def _split_ini(text: str) -> tuple[Mapping[str, object] | None, object]:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    sections = {name: dict(parser.items(name)) for name in parser.sections()}
    own = sections.pop("memprof", None)
    return own, sections


def _split_toml(text: str, kind: Form) -> tuple[Mapping[str, object] | None, object]:
    data = tomllib.loads(text)
    tools = data.get("tool", {})
    own = tools.pop("memprof", None) if isinstance(tools, dict) else None
    if not kind.header:  # a file of memprof alone: its keys at the top, or under the header of either other file
        return _table(data.get("memprof", own if own is not None else data)) or None, {}
    if tools == {}:
        data.pop("tool", None)
    return None if own is None else _table(own), data


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise GateError("memprof's section is no table", f"write {_TOML_HEADER}, and its keys below")
    return value
