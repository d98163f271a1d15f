"""What is printed and written about a trace held against a simulation: text, JSON, CSV, PNG."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from memprof.report.record import Workload
from memprof.reports.trace_validation import WRITERS
from memprof.reports.writer import RenderOptions
from memprof.validation.trace_records import LeftOut, PassCase, TraceValidation

WORKLOAD = Workload("net", 2, 6, "train", "tf32", "channels-first")
FORWARD = PassCase(
    *("convolution", "convolution", "forward", "stem.conv", ((2, 3, 6, 6), (8, 3, 3, 3))),
    *(1e-3, 0.8e-3, 0.5e-3, "tensor", ("to", "conv")),
)
BACKWARD = replace(FORWARD, operator="convolution_backward", pass_name="weight gradient", predicted_seconds=1.5e-3)
LOST = LeftOut("copy", "forward", (), 3.0, 0, 0.25e-3, 0.0, "the simulation has none")


def validation(*cases: PassCase, unsplit: int = 0) -> TraceValidation:
    return TraceValidation(
        *("trace.json", WORKLOAD, "a100-sxm4-40gb", 3, False, cases or (FORWARD, BACKWARD), (LOST,)),
        *(2.25e-3, 2.3e-3, 0.5e-3, unsplit),
    )


def text(record: TraceValidation, width: int = 100, top: int = 0) -> str:
    return WRITERS.render(record, "text", RenderOptions(width=width, top=top)).decode()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_fits_its_terminal_and_says_what_was_compared(width: int):
    shown = text(validation(), width)
    words = " ".join(shown.split())

    assert max(map(len, shown.splitlines())) <= width
    assert "batch 2, 6 pixels, training, tf32, channels-first, on a100-sxm4-40gb" in words
    assert "no shapes: calls are lined up by name and order" in words
    # 0.25 of 2.25 ms.
    assert "Kernels take 2.25 ms a step, the mean of 3 steps; predicted 2.30 ms. 250 µs of it (11.1 %)" in words
    assert "Communication beside it, 500 µs, is not counted." in words
    assert "the simulation has none" in words


def test_errors_are_told_by_kind_and_pass():
    rows = [line.split() for line in text(validation()).splitlines()]

    # Ratios 0.8 and 1.5: 20 % and 50 % off; the median ratio is that of logarithms, (0.8 * 1.5) ** 0.5.
    assert ["all", "2", "35.0", "%", "35.0", "%", "1.095", "–", "2.00", "2.30"] in rows
    assert ["forward", "1", "20.0", "%", "20.0", "%", "0.800", "–", "1.00", "0.800"] in rows
    assert ["weight", "gradient", "1", "50.0", "%", "50.0", "%", "1.500", "–", "1.00", "1.50"] in rows


def test_calls_that_could_not_be_split_are_counted():
    assert "The kernels of 4 backward calls do not tell" in " ".join(text(validation(unsplit=4)).split())


def test_of_many_passes_the_worst_are_shown():
    shown = text(validation(*[FORWARD] * 70, BACKWARD))

    assert "The 20 of 71 passes that are furthest off" in " ".join(shown.split())
    assert "The 3 of 70 passes" in " ".join(text(validation(*[FORWARD] * 70), top=3).split())


def test_json_has_every_pass_the_errors_and_what_was_left_out():
    found = json.loads(WRITERS.render(validation(), "json"))

    assert found["schema"] == "memprof.trace-validation/1"
    assert [case["ratio"] for case in found["cases"]] == [pytest.approx(0.8), pytest.approx(1.5)]
    assert found["cases"][0]["kernels"] == ["to", "conv"]
    assert found["left_out"][0]["reason"] == "the simulation has none"
    assert [(item["kind"], item["pass_name"]) for item in found["statistics"][:2]] == [
        (None, None),
        ("convolution", None),
    ]


def test_csv_has_passes_then_what_was_left_out():
    rows = list(csv.DictReader(io.StringIO(WRITERS.render(validation(), "csv").decode())))

    assert [row["pass_name"] for row in rows] == ["forward", "weight gradient", "forward"]
    assert float(rows[0]["measured_milliseconds"]) == 1.0
    assert rows[0]["kernels"] == "to; conv"
    assert (rows[2]["operator"], rows[2]["ratio"], rows[2]["left_out_because"]) == ("copy", "", LOST.reason)


def test_the_plot_is_a_png_and_a_pass_without_time_is_in_none():
    silent = replace(FORWARD, measured_seconds=0.0)
    content = WRITERS.render(validation(FORWARD, BACKWARD, silent), "png")

    assert content.startswith(b"\x89PNG")
    assert silent.ratio is None
    assert "\x1b" not in text(validation(replace(FORWARD, module="a\x1b[31m")), 120)
