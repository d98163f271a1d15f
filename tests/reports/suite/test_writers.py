from __future__ import annotations

import csv
import io

import pytest

from memprof.reports.suite import WRITERS
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import validate_kernels
from memprof.validation.prediction import validate
from memprof.validation.tables import parse_table
from tests.reports.suite.sample import sample


def test_files_have_the_names_that_contributors_are_told():
    assert set(WRITERS.files(sample(), ("networks", "kernels", "json"), "suite")) == {
        "networks.csv",
        "kernels.csv",
        "suite.json",
    }


def test_validation_predicts_the_network_that_the_suite_wrote():
    validation = validate(parse_table(WRITERS.render(sample(), "networks"), "networks.csv"))

    (case,) = validation.predicted
    assert (case.measurement.images_per_second, case.measurement.layouts) == (128 / 0.04, ("channels-last",))
    assert case.ratio == pytest.approx(1, abs=0.5)


def test_validation_predicts_the_kernel_that_the_suite_wrote():
    content = WRITERS.render(sample(), "kernels")
    (case,) = validate_kernels(parse_table(content, "kernels.csv")).predicted
    (row,) = csv.DictReader(io.StringIO(content.decode()))

    assert (case.operator, case.pass_name, case.dtype) == ("depthwise k=7", "forward", "fp32")
    assert case.measured_seconds == pytest.approx(0.9e-3)
    assert case.shapes[0] == (64, 96, 56, 56)
    assert case.ratio == pytest.approx(1, abs=0.5)
    assert (row["sm_clock_mhz"], row["memory_clock_mhz"], row["power_watts"]) == ("1300.0", "", "310")


def test_text_says_what_was_not_measured_and_that_others_ran():
    text = " ".join(WRITERS.render(sample(), "text", RenderOptions(width=80)).decode().split())

    assert "Other programs kept 0.5 cores busy meanwhile" in text
    assert "convnext_t no time was left" in text
    assert "memprof validate --kernels kernels.csv" in text
