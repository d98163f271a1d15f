"""What `memprof gate init` writes: the section of a configuration, in the file that is there for such things."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memprof.errors import GateError
from memprof.files import write_files
from memprof.gate.config import BASELINE_NAME, GateConfig, config_of
from memprof.gate.config_file import OWN, add_section, form, has_section, read_text

_COMMENT = (
    "# What `memprof gate check` holds against {baseline}, so that a change makes no network slower unnoticed.",
    "# How much worse each figure may get has defaults; say otherwise with lines such as {example}.",
)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A configuration that is not written yet: `text` is the whole file that will be."""

    config: GateConfig
    text: str


def place_for_config(folder: Path) -> Path:
    """Return the file that a configuration goes into: a pyproject.toml or setup.cfg that is there, or memprof.toml."""
    places = [folder / name for name in (OWN, "setup.cfg", "pyproject.toml")]
    there = [path for path in places if path.is_file()]
    return next((path for path in there if has_section(path)), there[0] if there else places[0])


def begin(
    path: Path,
    models: Sequence[str],
    settings: Mapping[str, Sequence[str | int]],
    baseline: Path | None,
    *,
    force: bool,
) -> Beginning:
    """Return the configuration that gates `models`, for the file `path`, whose other content stays.

    `settings` are lists by the configuration's keys ("phases", "devices", ...). Names of files, and `baseline`, are
    taken from the current folder. GateError where the file configures memprof already, unless `force`.
    """
    folder = path.resolve().parent
    kind = form(path)
    keys: dict[str, object] = {"models": [_rebase_name(model, folder) for model in models]}
    keys |= {key: [_rebase_name(str(word), folder) for word in words] for key, words in settings.items() if words}
    if baseline is not None:
        keys["baseline"] = _relative_path(baseline, folder)
    section = _section(keys, str(keys.get("baseline", BASELINE_NAME)), is_toml=kind.is_toml)
    before = read_text(path) if path.exists() else ""
    text = add_section(path, before, section, replace=force)
    return Beginning(config_of(path, text), text)


def write_beginning(begun: Beginning, baseline: str) -> list[Path]:
    """Write a configuration and the text of its baseline, and return both files; OutputError where that fails."""
    config, place = begun.config.path.resolve(), begun.config.baseline.resolve()
    contents = {place: baseline.encode(), config: begun.text.encode()}
    for folder in dict.fromkeys(path.parent for path in contents):
        here = {path.name: content for path, content in contents.items() if path.parent == folder}
        write_files(folder, here, "name another file with --config or --baseline")
    return [begun.config.path, begun.config.baseline]


def _section(keys: Mapping[str, object], baseline: str, *, is_toml: bool) -> str:
    example = '`seconds = "+2 %"`' if is_toml else "`seconds = +2 %`"
    lines = [line.format(baseline=baseline, example=example) for line in _COMMENT]
    for key, value in keys.items():
        lines += [f"{key} = {_toml(value)}"] if is_toml else _ini(key, value)
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    text = str(value)
    return text if text.isascii() and text.isdecimal() else json.dumps(text, ensure_ascii=False)


def _ini(key: str, value: object) -> list[str]:
    words = value if isinstance(value, list) else [value]
    if any("\n" in str(word) for word in words):
        raise GateError(f"{key} has a line break in a name", "rename it")
    return [f"{key} =", *(f"    {word}" for word in words)] if len(words) > 1 else [f"{key} = {words[0]}"]


def _rebase_name(word: str, folder: Path) -> str:
    """Return a model or device as seen from `folder`, where it is a file that is named from the current one."""
    name, ending, target = word.partition(".py:")
    if ending:
        return f"{_relative_path(Path(f'{name}.py'), folder)}:{target}"
    return (
        _relative_path(Path(word), folder) if Path(word).suffix in (".json", ".toml") and Path(word).is_file() else word
    )


def _relative_path(path: Path, folder: Path) -> str:
    """Return a path relative to `folder`, with forward slashes, so that every checkout has the same."""
    place = Path(os.path.abspath(path.expanduser()))
    try:
        return Path(os.path.relpath(place, folder)).as_posix()
    except ValueError:  # another drive
        return place.as_posix()
