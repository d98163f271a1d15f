"""What is printed and written about a validation: text, Markdown, JSON, CSV, PNG."""

from __future__ import annotations

import csv
import io
import json
import struct

import pytest

from memprof.reports.kernel_validation import WRITERS as KERNELS
from memprof.reports.parts import markdown as layout
from memprof.reports.validation import WRITERS as THROUGHPUTS
from memprof.reports.validation import document as validation_document
from memprof.reports.validation.write_csv import ADDED
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import KernelValidation, validate_kernels
from memprof.validation.measurements import read_measurements
from memprof.validation.records import Case, Prediction, Validation
from tests.validation.files import COLUMNS, line, table
from tests.validation.test_kernels import CONVOLUTION, NEUSIGHT, PRODUCT, convolution, neusight, product

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


def text(record: Validation | KernelValidation, width: int, top: int = 0) -> str:
    writers = THROUGHPUTS if isinstance(record, Validation) else KERNELS
    return writers.render(record, "text", RenderOptions(width=width, top=top)).decode()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_fits_its_terminal_and_says_every_row(width: int):
    found = text(validation(), width)

    assert max(map(len, found.splitlines())) <= width
    assert "3 of 4 rows predicted" in " ".join(found.split())
    assert "1.100" in found  # 1100 / 1000
    assert "phase 'dream' is neither infer nor train" in " ".join(found.split())


def test_of_a_large_file_the_worst_rows_are_shown_and_that_is_said():
    whole = validation(100)
    by_default = text(whole, 100)
    chosen = text(whole, 100, top=3)

    assert "The 20 of 100 rows that are furthest off" in by_default
    assert "The 3 of 100 rows that are furthest off" in chosen
    assert " 1,000 " in chosen
    assert " 1,003 " not in chosen


def test_errors_are_printed():
    found = " ".join(text(validation(1), 100).split())

    assert "They are 10.0 % off on average, 0.0 % without what they have in common" in found


def test_names_take_no_effect_in_a_terminal_or_in_markdown():
    evil = validation(source=EVIL)

    assert "\x1b" not in text(evil, 120)
    markdown = layout.lay_out(validation_document.document(evil))
    assert "<b>" not in markdown
    assert r"\|\<b\>$x" in markdown


def test_markdown_tables_have_as_many_cells_as_columns():
    lines = layout.lay_out(validation_document.document(validation())).splitlines()
    rows = [row for row in lines if row.startswith("| ") and "Line" in row]

    assert rows
    assert {row.count("|") for row in lines if row.startswith("| 2 ")} == {rows[0].count("|")}


def test_json_has_every_row_and_the_errors():
    found = json.loads(THROUGHPUTS.render(validation(2), "json"))

    assert found["schema"] == "memprof.validation/2"
    assert [row["ratio"] for row in found["rows"]] == [1.1, 1100 / 1001, None]
    assert found["rows"][0]["memprof_model"] == "resnet18"
    assert found["rows"][2]["skipped_because"] == "phase 'dream' is neither infer nor train"
    infer = next(group for group in found["statistics"] if group["phase"] == "infer")
    assert infer["mean_absolute_percentage_error"] == pytest.approx((0.1 + (1100 / 1001 - 1)) / 2)


def test_csv_keeps_the_input_and_adds_columns():
    content = THROUGHPUTS.render(validation(2), "csv").decode()
    rows = list(csv.DictReader(io.StringIO(content)))

    assert list(rows[0]) == [*COLUMNS.split(","), "comment", *ADDED]
    assert [row["comment"] for row in rows] == ["kept"] * 3
    assert float(rows[0]["predicted_images_per_second"]) == 1100
    assert float(rows[0]["roofline_images_per_second"]) == 2200
    assert (rows[0]["bound"], rows[0]["skipped_because"]) == ("l1", "")
    assert (rows[2]["ratio"], rows[2]["skipped_because"]) == ("", "phase 'dream' is neither infer nor train")


def test_columns_of_an_earlier_run_are_replaced():
    one = validation(1)
    again = table(",".join([*one.table.rows[0].cells, "9", "old"]), columns=f"{COLUMNS},comment,ratio,bound")
    record = Validation(again, (Case(again.rows[0], "", "", "", "", "", ""),))
    content = THROUGHPUTS.render(record, "csv").decode()

    assert content.splitlines()[0] == f"{COLUMNS},comment,{','.join(ADDED)}"
    assert "old" not in content


def png_width(content: bytes) -> int:
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert 0.4 * width < height < width
    return int(width)


@pytest.mark.parametrize("changes", [{}, {"model": "timm:$\\frac"}, {"source": "源 $"}])
def test_the_plot_is_a_png(changes: dict[str, str]):
    assert png_width(THROUGHPUTS.render(validation(**changes), "png")) == 1800


def test_the_plot_of_equal_and_of_far_apart_figures():
    assert png_width(THROUGHPUTS.render(validation(1, predicted=1000.0), "png")) == 1800
    assert png_width(THROUGHPUTS.render(validation(1, predicted=1e9), "png")) == 1800


def test_kernels_in_every_form():
    rows = [neusight(name) for name in ("add", "bmm", "conv", "ln", "nothing")]
    found = validate_kernels(table(*rows, columns=NEUSIGHT))

    for width in (80, 120):
        shown = text(found, width)
        assert max(map(len, shown.splitlines())) <= width
        assert "4 of 5 rows predicted" in shown
    document = json.loads(KERNELS.render(found, "json"))
    assert [row["operator"] for row in document["rows"]] == ["add", "bmm", "conv", "ln", "nothing"]
    assert document["rows"][0]["predicted_seconds"] == pytest.approx(26.7e-6)
    assert {item["operator"] for item in document["statistics"]} == {"add", "bmm", "conv", "ln"}
    written = list(csv.DictReader(io.StringIO(KERNELS.render(found, "csv").decode())))
    assert float(written[0]["predicted_milliseconds"]) == pytest.approx(0.0267)
    assert written[4]["skipped_because"].startswith("operator 'nothing'")
    assert png_width(KERNELS.render(found, "png")) == 1800


def test_passes_dtypes_and_algorithms_in_every_form():
    rows = [convolution("grad_weight"), *(convolution(algorithm=name) for name in ("WINOGRAD", "FFT"))]
    found = validate_kernels(table(*rows, columns=CONVOLUTION))

    for width in (80, 120):
        shown = text(found, width)
        assert max(map(len, shown.splitlines())) <= width
        assert "conv, weight gradient, fp32" in shown
        assert "  winograd" in shown
    document = json.loads(KERNELS.render(found, "json"))
    assert document["schema"] == "memprof.kernel-validation/3"
    assert [row["algorithm"] for row in document["rows"]] == [None, "winograd", "fft"]
    assert [(item["pass_name"], item["algorithm"]) for item in document["statistics"]] == [
        ("weight gradient", None),
        ("forward", None),
        ("forward", "fft"),
        ("forward", "winograd"),
    ]
    assert png_width(KERNELS.render(found, "png")) == 1800


def test_several_devices_are_told_apart_in_a_narrow_terminal_too():
    found = validate_kernels(table(product(), product().replace("a100-sxm4-80gb", "l40s"), columns=PRODUCT))
    shown = text(found, 80)

    assert max(map(len, shown.splitlines())) <= 80
    assert [name for name in ("a100-sxm4-80gb", "l40s") if name not in shown] == []


def test_more_series_than_colours_are_drawn():
    stack = "device,dtype,input_shape_nchw,layers,kernel,implementation,stack_milliseconds"
    rows = [f'RTX 2080Ti,fp32,"8,16,32,32",2,{2 * size + 1},PyTorch,1' for size in range(12)]

    assert png_width(KERNELS.render(validate_kernels(table(*rows, columns=stack)), "png")) == 1800
