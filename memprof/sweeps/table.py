"""Rows as Parquet: which columns, of which types, with which words about where they come from."""

from __future__ import annotations

import io
import typing
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

_SCHEMA_KEY = b"memprof.schema"


def to_parquet(records: Sequence[Any], kind: type, schema: str) -> bytes:
    """Return records of the dataclass `kind` as a Parquet file of one row group, equal for equal records.

    A column is named after its field, and is of text, whole numbers, floats or truth values as that says.
    """
    import pyarrow

    columns = {field.name: [getattr(record, field.name) for record in records] for field in fields(kind)}
    table = pyarrow.table(columns, schema=_arrow_schema(kind, schema))
    return _written(table)


def joined(contents: Sequence[bytes]) -> bytes:
    """Return the rows of several such files as one."""
    import pyarrow
    from pyarrow import parquet

    tables = [parquet.read_table(io.BytesIO(content)) for content in contents]
    return _written(pyarrow.concat_tables(tables).combine_chunks())


def count(content: bytes, column: str) -> int:
    """Return in how many rows of a file a column has something."""
    from pyarrow import parquet

    values = parquet.read_table(io.BytesIO(content), columns=[column]).column(column)
    return len(values) - int(values.null_count)


def column(path: Path, name: str) -> list[Any]:
    """Return the values of a column of a file."""
    from pyarrow import parquet

    values: list[Any] = parquet.read_table(path, columns=[name]).column(name).to_pylist()
    return values


def _written(table: pyarrow.Table) -> bytes:
    from pyarrow import parquet

    content = io.BytesIO()
    parquet.write_table(table, content, compression="zstd")
    return content.getvalue()


def _arrow_schema(kind: type, schema: str) -> pyarrow.Schema:
    import pyarrow

    types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    hints = typing.get_type_hints(kind)
    columns = []
    for field in fields(kind):
        hint = hints[field.name]
        given = [one for one in typing.get_args(hint) or (hint,) if one is not type(None)]
        columns.append(pyarrow.field(field.name, types[given[0]]))
    return pyarrow.schema(columns, metadata={_SCHEMA_KEY: schema.encode()})
