"""What is printed and written about a validation: text, Markdown, JSON, CSV, PNG."""

from __future__ import annotations

import csv
import io
import json
import struct

import pytest

from memprof.reports.kernel_validation import document as kernels
from memprof.reports.parts import document_text as terminal
from memprof.reports.validation import document as validation_document
from memprof.reports.validation import markdown as validation_markdown
from memprof.reports.validation import scatter as figure
from memprof.reports.validation import write_json as data
from memprof.reports.validation.document import Document
from memprof.validation.kernels import validate_kernels
from memprof.validation.measurements import read_measurements
from memprof.validation.records import Case, Prediction, Validation
from tests.validation.files import COLUMNS, line, table
from tests.validation.test_kernels import NEUSIGHT, neusight

EVIL = "a\x1b[31m|<b>$x"


def validation(count: int = 3, *, predicted: float = 1100.0, **changes: str) -> Validation:
    """Return a validation of `count` rows that are all predicted alike, and one row that is skipped."""
    lines = [line(images_per_second=str(1000 + index), **changes) for index in range(count)]
    found = table(*(f"{text},kept" for text in [*lines, line(phase="dream")]), columns=f"{COLUMNS},comment")
    cases = []
    for entry in read_measurements(found):
        measured = entry.measurement
        cells = {
            name: found.cell(entry.row, name) for name in ("source", "device", "stack", "layout", "phase", "model")
        }
        prediction = Prediction(predicted, 2 * predicted, "l1", "channels-last") if measured else None
        cases.append(
            Case(
                entry.row,
                **cells,
                measurement=measured,
                prediction=prediction,  # type: ignore[arg-type]
                skipped_because=entry.reason,
            )
        )
    return Validation(found, tuple(cases))


def text(document: Document, width: int) -> str:
    return terminal.render(document, width, color=False)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_fits_its_terminal_and_says_every_row(width: int):
    found = text(validation_document.document(validation(), wide=width >= terminal.WIDE), width)

    assert max(map(len, found.splitlines())) <= width
    assert "3 of 4 rows predicted" in " ".join(found.split())
    assert "1.100" in found  # 1100 / 1000
    assert "phase 'dream' is neither infer nor train" in " ".join(found.split())


def test_of_a_large_file_the_worst_rows_are_shown_and_that_is_said():
    whole = validation(100)
    by_default = text(validation_document.document(whole), 100)
    chosen = text(validation_document.document(whole, 3), 100)

    assert "The 20 of 100 rows that are furthest off" in by_default
    assert "The 3 of 100 rows that are furthest off" in chosen
    assert " 1,000 " in chosen
    assert " 1,003 " not in chosen


def test_errors_are_printed():
    found = " ".join(text(validation_document.document(validation(1)), 100).split())

    assert "They are 10.0 % off on average, 0.0 % without what they have in common" in found


def test_names_take_no_effect_in_a_terminal_or_in_markdown():
    document = validation_document.document(validation(source=EVIL))

    assert "\x1b" not in text(document, 120)
    markdown = validation_markdown.render(document)
    assert "<b>" not in markdown
    assert r"\|\<b\>$x" in markdown


def test_markdown_tables_have_as_many_cells_as_columns():
    lines = validation_markdown.render(validation_document.document(validation())).splitlines()
    rows = [row for row in lines if row.startswith("| ") and "Line" in row]

    assert rows
    assert {row.count("|") for row in lines if row.startswith("| 2 ")} == {rows[0].count("|")}


def test_json_has_every_row_and_the_errors():
    found = json.loads(data.to_json(validation(2)))

    assert found["schema"] == "memprof.validation/1"
    assert [row["ratio"] for row in found["rows"]] == [1.1, 1100 / 1001, None]
    assert found["rows"][0]["memprof_model"] == "resnet18"
    assert found["rows"][2]["skipped_because"] == "phase 'dream' is neither infer nor train"
    infer = next(group for group in found["statistics"] if group["phase"] == "infer")
    assert infer["mean_absolute_percentage_error"] == pytest.approx((0.1 + (1100 / 1001 - 1)) / 2)


def test_csv_keeps_the_input_and_adds_columns():
    content = data.to_csv(validation(2)).decode()
    rows = list(csv.DictReader(io.StringIO(content)))

    assert list(rows[0]) == [*COLUMNS.split(","), "comment", *data.ADDED]
    assert [row["comment"] for row in rows] == ["kept"] * 3
    assert float(rows[0]["predicted_images_per_second"]) == 1100
    assert float(rows[0]["roofline_images_per_second"]) == 2200
    assert (rows[0]["bound"], rows[0]["skipped_because"]) == ("l1", "")
    assert (rows[2]["ratio"], rows[2]["skipped_because"]) == ("", "phase 'dream' is neither infer nor train")


def test_columns_of_an_earlier_run_are_replaced():
    one = validation(1)
    again = table(",".join([*one.table.rows[0].cells, "9", "old"]), columns=f"{COLUMNS},comment,ratio,bound")
    content = data.to_csv(Validation(again, (Case(again.rows[0], "", "", "", "", "", ""),))).decode()

    assert content.splitlines()[0] == f"{COLUMNS},comment,{','.join(data.ADDED)}"
    assert "old" not in content


def png_size(content: bytes) -> tuple[int, int]:
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.mark.parametrize("changes", [{}, {"model": "timm:$\\frac"}, {"source": "源 $"}])
def test_the_plot_is_a_png(changes: dict[str, str]):
    assert png_size(figure.draw(validation(**changes))) == (1800, 1050)


def test_the_plot_of_equal_and_of_far_apart_figures():
    assert png_size(figure.draw(validation(1, predicted=1000.0))) == (1800, 1050)
    assert png_size(figure.draw(validation(1, predicted=1e9))) == (1800, 1050)


def test_kernels_in_every_form():
    rows = [neusight(name) for name in ("add", "bmm", "conv", "ln", "nothing")]
    found = validate_kernels(table(*rows, columns=NEUSIGHT))

    for width in (80, 120):
        shown = text(kernels.document(found, wide=width >= terminal.WIDE), width)
        assert max(map(len, shown.splitlines())) <= width
        assert "4 of 5 rows predicted" in shown
    document = json.loads(data.kernels_to_json(found))
    assert [row["operator"] for row in document["rows"]] == ["add", "bmm", "conv", "ln", "nothing"]
    assert document["rows"][0]["predicted_seconds"] == pytest.approx(26.7e-6)
    assert {item["operator"] for item in document["statistics"]} == {"add", "bmm", "conv", "ln"}
    written = list(csv.DictReader(io.StringIO(data.kernels_to_csv(found).decode())))
    assert float(written[0]["predicted_milliseconds"]) == pytest.approx(0.0267)
    assert written[4]["skipped_because"].startswith("operator 'nothing'")
    assert png_size(figure.draw_kernels(found)) == (1800, 1050)


def test_more_series_than_colours_are_drawn():
    stack = "device,dtype,input_shape_nchw,layers,kernel,implementation,stack_milliseconds"
    rows = [f'RTX 2080Ti,fp32,"8,16,32,32",2,{2 * size + 1},PyTorch,1' for size in range(12)]

    assert png_size(figure.draw_kernels(validate_kernels(table(*rows, columns=stack)))) == (1800, 1050)
