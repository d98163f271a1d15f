"""Questions to a Parquet set, in SQL, answered by DuckDB: it reads the set and nothing else, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memprof.errors import SweepError
from memprof.sweeps.extra import require
from memprof.sweeps.folder import part_names, read_manifest

if TYPE_CHECKING:
    import pyarrow.dataset
    from duckdb import DuckDBPyConnection

TABLE = "results"
"""What a set is called in SQL."""
_SETTINGS: Mapping[str, object] = {
    # What is asked may come from anywhere: no file, no network, no extension, no variable of this program.
    "python_enable_replacements": False,
    "temp_directory": "",
    "enable_external_access": False,
    "lock_configuration": True,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A table: its title, its columns and rows, and notes on how to read them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()


def ask(path: Path, sql: str, tables: Mapping[str, Mapping[str, Sequence[Any]]] | None = None) -> Answer:
    """Answer a question in SQL to the set in a folder, the table `results`; `tables` are others, by name, in columns.

    SweepError where there is no such set, where it is damaged, or where the question makes no sense.
    """
    require("duckdb", "pyarrow")
    manifest = read_manifest(path)
    names = part_names(path)
    if not names:
        raise SweepError(f"{path} has no rows yet", "run the sweep")
    import duckdb
    import pyarrow

    try:
        with closing(duckdb.connect(":memory:")) as connection:
            connection.register(TABLE, _dataset([path / name for name in names]))
            for name, table in (tables or {}).items():
                connection.register(name, pyarrow.table({key: list(values) for key, values in table.items()}))
            _lock(connection)
            done = connection.execute(sql)
            columns = tuple(column[0] for column in done.description or ())
            rows = tuple(map(tuple, done.fetchall())) if columns else ()
    except duckdb.Error as error:
        # DuckDB says what is wrong in the first lines, then points at it.
        said = " ".join(str(error).partition("LINE ")[0].split())
        raise SweepError(f"cannot answer that: {said}", f"the set is the table {TABLE}; see docs/scale.md") from error
    except (pyarrow.ArrowException, OSError) as error:
        raise SweepError(
            f"cannot read the parts of {path}: {error}", "remove the damaged one and sweep again"
        ) from error
    notes = (f"{len(names)} of {manifest.parts} parts are there",) if len(names) < manifest.parts else ()
    return Answer("", columns, rows, notes)


def _dataset(paths: Sequence[Path]) -> pyarrow.dataset.Dataset:
    from pyarrow import dataset

    return dataset.dataset([str(path) for path in paths], format="parquet")


def _lock(connection: DuckDBPyConnection) -> None:
    for name, value in _SETTINGS.items():
        connection.execute(f"SET {name} = {value!r}")
