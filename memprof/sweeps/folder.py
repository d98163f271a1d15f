"""The folder of a set: what it is of, its parts, and that one process at a time adds to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from memprof import journal
from memprof.errors import SweepError
from memprof.files import check_writable, read_file, write_files
from memprof.report.json_text import indented_json

MANIFEST = "_set.json"
"""Readers of Parquet pass by files whose names begin like this."""
_LOCK = ".memprof-lock"
_PART = re.compile(r"part-(\d{5,})\.parquet")
_ANOTHER = "name another folder with --output"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a set is of: the `schema` of its rows, what it was `made_with`, what was `asked` for, in how many parts.

    Sets are only ever added to by what is equal to that, so that no folder mixes two versions or two questions.
    """

    schema: str
    made_with: Mapping[str, str]
    asked: Mapping[str, Any]
    parts: int
    rows: int | None = None


class Folder:
    """A folder that this process alone adds parts to."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self.finished = {int(match[1]) for item in path.iterdir() if (match := _PART.fullmatch(item.name))}

    def missing(self) -> Iterator[int]:
        """Yield the parts that are not there."""
        return (index for index in range(self.manifest.parts) if index not in self.finished)

    def paths(self) -> list[Path]:
        """Return the parts that are there, in order."""
        return [self.path / part_name(index) for index in sorted(self.finished)]

    def write(self, index: int, content: bytes) -> None:
        """Write a part, whole or not at all."""
        write_files(self.path, {part_name(index): content})
        self.finished.add(index)


def part_name(index: int) -> str:
    """Return the file name of a part."""
    return f"part-{index:05d}.parquet"


def part_names(path: Path) -> list[str]:
    """Return the file names of the parts that are in a folder, in order."""
    return sorted(item.name for item in path.iterdir() if _PART.fullmatch(item.name))


@contextmanager
def open_folder(path: Path, manifest: Manifest) -> Iterator[Folder]:
    """Make a folder for a set, or go on with the one that is there; SweepError where it is of something else.

    Other processes that would add to it are refused meanwhile.
    """
    check_writable(path)
    if not path.exists():
        write_files(path, {MANIFEST: indented_json(manifest)})
    with journal.hold_alone(path / _LOCK) as is_alone:
        if not is_alone:
            raise SweepError(f"another process is adding to {path}", f"wait until it is done, or {_ANOTHER}")
        if (path / MANIFEST).exists():
            _check_same(path, read_manifest(path), msgspec.json.decode(indented_json(manifest), type=Manifest))
        elif any(path.glob("*.parquet")):
            raise SweepError(f"{path} holds Parquet files that are no set of memprof", _ANOTHER)
        else:
            write_files(path, {MANIFEST: indented_json(manifest)})
        yield Folder(path, manifest)


def read_manifest(path: Path) -> Manifest:
    """Return what the set in a folder is of; SweepError where there is none."""
    try:
        content = read_file(path / MANIFEST)
    except OSError as error:
        raise SweepError(f"{path} holds no results", "name a folder that `memprof sweep` wrote") from error
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise SweepError(f"{path / MANIFEST} is damaged: {error}", _ANOTHER) from error


def _check_same(path: Path, was: Manifest, now: Manifest) -> None:
    if was.schema != now.schema:
        raise SweepError(f"{path} holds results of another version ({was.schema}, not {now.schema})", _ANOTHER)
    if was.made_with != now.made_with:
        raise SweepError(
            f"{path} was begun with {_words(was.made_with)}; this is {_words(now.made_with)}, and two versions do not "
            "go into one set",
            f"go on with that version, or {_ANOTHER}",
        )
    keys = [key for key in now.asked if was.asked.get(key) != now.asked[key]]
    if keys:
        raise SweepError(f"{path} holds results of something else: {' and '.join(keys)} differ", _ANOTHER)


def _words(made_with: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in made_with.items())
