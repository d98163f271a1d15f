"""What was accepted, commit by commit, in a small SQLite file (sqlite3 of the standard library)."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import MISSING, astuple, dataclass, fields
from pathlib import Path

import msgspec

from memprof.errors import GateError
from memprof.files import update_file
from memprof.gate.identity import implausible_figures
from memprof.gate.records import Baseline, Figures, GateWorkload, to_record

APPLICATION_ID = 0x6D656D70
"""Of SQLite's file header: "memp", by which the file is known for what it is."""
FILE_NAME = "memprof-history.sqlite"
_ELSEWHERE = "name another file with --file"
_MAGIC = b"SQLite format 3\0"

_NAMES = {"parameters": "INTEGER", "launches": "INTEGER", "bound_shares": "TEXT"}
_WORKLOAD = tuple(field.name for field in fields(GateWorkload))
_FIGURES = tuple(field.name for field in fields(Figures))
_COLUMNS = ("commit_id", "moment", "memprof", "cost_model", *_WORKLOAD, *_FIGURES)
_TABLE = f"""
CREATE TABLE IF NOT EXISTS accepted (
    place INTEGER PRIMARY KEY,
    commit_id TEXT NOT NULL,
    moment TEXT NOT NULL,
    memprof TEXT NOT NULL,
    cost_model INTEGER NOT NULL,
    {", ".join(f"{name} NOT NULL" for name in _WORKLOAD)},
    {", ".join(f"{name} {_NAMES.get(name, 'REAL')} NOT NULL" for name in _FIGURES)},
    UNIQUE (commit_id, {", ".join(_WORKLOAD)})
)"""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit by its full name, and when it was made, as ISO 8601 text."""

    name: str
    moment: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The figures of one workload that were accepted at one commit."""

    commit: Commit
    memprof: str
    cost_model: int
    workload: GateWorkload
    figures: Figures


def find_commit(folder: Path, name: str = "HEAD") -> Commit:
    """Return a commit of the repository that `folder` lies in; GateError where there is none, or no git."""
    command = ["git", "-C", str(folder), "show", "--no-patch", "--format=%H %cI", f"{name}^{{commit}}", "--"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise GateError("git cannot be run, so the commit is not known", "install git") from error
    commit, _, moment = done.stdout.strip().partition(" ")
    if done.returncode or not moment:
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise GateError(f"git does not know the commit {name!r} in {folder}: {reason}", "name one with --commit")
    return Commit(commit, moment)


def append(path: Path, baseline: Baseline, commit: Commit) -> None:
    """Add what `baseline` accepts under `commit`; what that commit had accepted before is replaced."""
    rows = [
        (
            commit.name,
            commit.moment,
            baseline.memprof,
            baseline.cost_model,
            *astuple(entry.workload),
            *_figure_values(entry.figures),
        )
        for entry in baseline.entries
    ]
    marks = ", ".join("?" * len(_COLUMNS))

    def add(before: bytes | None) -> bytes:
        with _open(path, before or b"") as database:
            if not before:
                database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(_TABLE)
            database.executemany(f"INSERT OR REPLACE INTO accepted ({', '.join(_COLUMNS)}) VALUES ({marks})", rows)
            database.commit()
            return database.serialize()

    update_file(path, add, _ELSEWHERE)


def read(path: Path) -> tuple[Accepted, ...]:
    """Return what was accepted, in order of the commits' moments; GateError where the file is no history."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise GateError(f"there is no history {path}", "`memprof gate history` begins one") from error
    except OSError as error:
        raise GateError(f"cannot use the history {path}: {error.strerror}", _ELSEWHERE) from error
    with _open(path, content) as database:
        rows = database.execute(f"SELECT {', '.join(_COLUMNS)} FROM accepted ORDER BY place").fetchall()
    accepted = [_from_row(path, row) for row in rows]
    return tuple(sorted(accepted, key=lambda item: item.commit.moment))  # in one second, as they were accepted


@contextmanager
def _open(path: Path, content: bytes) -> Iterator[sqlite3.Connection]:
    """Open the content of a history in memory; GateError where it is one of something else, or damaged."""
    if content and not content.startswith(_MAGIC):
        raise GateError(f"{path} is no history: it is no SQLite file", _ELSEWHERE)
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            if content:
                database.deserialize(content)
            (number,) = database.execute("PRAGMA application_id").fetchone()
            if number != APPLICATION_ID and database.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise GateError(f"{path} is a database of something else", _ELSEWHERE)
            _add_columns(database)
            yield database
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a name that is no text is as damaged as the rest
        raise GateError(f"cannot use the history {path}: {error}", f"remove it, or {_ELSEWHERE}") from error


def _add_columns(database: sqlite3.Connection) -> None:
    """Give the table of an earlier memprof the columns that workloads have got since, each with its usual value."""
    before = [row[1] for row in database.execute("PRAGMA table_info(accepted)")]
    added = [field for field in fields(GateWorkload) if field.name not in before and field.default is not MISSING]
    if not before or not added:
        return
    names = ", ".join((*before, *(field.name for field in added)))
    database.execute("ALTER TABLE accepted RENAME TO earlier")
    database.execute(_TABLE)
    marks = ", ".join((*before, *("?" for _ in added)))
    database.execute(f"INSERT INTO accepted ({names}) SELECT {marks} FROM earlier", [field.default for field in added])
    database.execute("DROP TABLE earlier")
    database.commit()


def _figure_values(figures: Figures) -> list[float | str]:
    return [
        json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
        for value in (getattr(figures, name) for name in _FIGURES)
    ]


def _from_row(path: Path, row: tuple[object, ...]) -> Accepted:
    values = dict(zip(_COLUMNS, row, strict=True))
    try:
        shares = json.loads(str(values["bound_shares"]))
        figures = to_record({**{name: values[name] for name in _FIGURES}, "bound_shares": shares}, Figures)
        workload = to_record({name: values[name] for name in _WORKLOAD}, GateWorkload)
        cost_model = msgspec.convert(values["cost_model"], int)
    except (ValueError, RecursionError) as error:
        raise GateError(f"the history {path} is damaged: {error}", "remove it and begin anew") from error
    if bad := implausible_figures(figures):
        raise GateError(f"the history {path} is damaged: {bad[0]}", "remove it and begin anew")
    commit = Commit(str(values["commit_id"]), str(values["moment"]))
    return Accepted(commit, str(values["memprof"]), cost_model, workload, figures)
