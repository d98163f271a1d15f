"""CSV files become rows with line numbers; what is wrong with a file or a row is said in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.validation.tables import MeasurementError, parse_table, read_table


def test_rows_keep_the_line_they_start_on():
    parsed = parse_table(b'a,b\r\n1,"two\r\nlines"\r\n\r\n3,4\r\n', "f")

    assert parsed.columns == ("a", "b")
    assert [(row.line, row.cells, row.defect) for row in parsed.rows] == [
        (2, ("1", "two\r\nlines"), ""),
        (5, ("3", "4"), ""),
    ]


def test_cells_are_found_by_name_whatever_case_and_spaces():
    parsed = parse_table("\ufeff Model , Batch\n net , \n".encode(), "f")

    assert parsed.cell(parsed.rows[0], "model") == "net"
    assert parsed.cell(parsed.rows[0], "batch", "none") == "none"
    assert parsed.cell(parsed.rows[0], "phase", "none") == "none"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1", "1 value where the header names 2 columns"),
        ("1,2,3", "3 values where the header names 2 columns"),
        ('"1"x,2', "not readable as CSV"),
    ],
)
def test_a_row_that_is_no_row_costs_no_other(row: str, reason: str):
    parsed = parse_table(f"a,b\n{row}\n3,4\n".encode(), "f")

    assert reason in parsed.rows[0].defect
    assert parsed.rows[0].line == 2
    assert (parsed.rows[1].line, parsed.rows[1].cells, parsed.rows[1].defect) == (3, ("3", "4"), "")


def test_a_quotation_mark_that_is_not_closed_is_named_where_it_begins():
    parsed = parse_table(b'a,b\n1,2\n"3,4\n5,6\n', "f")

    assert [(row.line, row.defect) for row in parsed.rows] == [
        (2, ""),
        (3, "not readable as CSV: a quotation mark is not closed"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "f is empty"),
        (b" \n\n", "f is empty"),
        (b"a,b\n1,\0\n", "NUL bytes"),
        (b"a,b\n1,2\n\xff,3\n", "not UTF-8 text (line 3)"),
        (b"a,,b\n1,2,3\n", "line 1, the header: a column has no name"),
        (b"a,b,A\n1,2,3\n", "two columns"),
        (b'a,"b\n1,2\n', "the header: not readable as CSV"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content: bytes, message: str):
    with pytest.raises(MeasurementError) as caught:
        parse_table(content, "f")

    assert message in str(caught.value)


def test_a_folder_and_a_file_that_is_not_there_are_refused(tmp_path: Path):
    with pytest.raises(MeasurementError, match="Is a directory"):
        read_table(tmp_path)
    with pytest.raises(MeasurementError, match=r"cannot read .*none\.csv: No such file"):
        read_table(tmp_path / "none.csv")


def test_columns_that_are_missing_are_named():
    with pytest.raises(MeasurementError, match="lacks the columns model, batch;"):
        parse_table(b"phase\n1\n", "f").require(("phase", "model", "batch"))
    with pytest.raises(MeasurementError, match=r"lacks the column phase; .*\(phase: did you mean phases\?\)"):
        parse_table(b"phases\n1\n", "f").require(("phase",))
    with pytest.raises(MeasurementError, match="separate the values of a line by commas"):
        parse_table(b"phase;model\n1;2\n", "f").require(("phase", "model"))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(content: bytes):
    try:
        parsed = parse_table(content, "f")
    except MeasurementError:
        return
    assert all(row.defect or len(row.cells) == len(parsed.columns) for row in parsed.rows)
