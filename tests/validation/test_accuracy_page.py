"""The page that benchmarks/accuracy.py writes, from records made by hand."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from memprof.validation.kernels import validate_kernels
from tests.reports.validation.test_validation import validation
from tests.validation.files import table
from tests.validation.test_kernels import NEUSIGHT, neusight

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def accuracy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("accuracy")


def test_a_file_of_throughputs_is_told_with_its_worst_cases_and_their_reasons(accuracy: ModuleType):
    (page,) = accuracy.throughputs("A file", validation(15), rows=False)

    assert page.startswith("## A file\n")
    assert "### The 10 furthest off in inference" in page
    assert page.count("| not known |") == 10
    assert "| 1 | phase ... is neither infer nor train |" in page
    assert "Every row" not in page


def test_a_case_that_is_near_needs_no_reason(accuracy: ModuleType):
    (page,) = accuracy.throughputs("A file", validation(2, predicted=1000.0), rows=True)

    assert "not known" not in page
    assert "### Every row" in page


def test_reasons_are_found_by_name_and_phase(accuracy: ModuleType, monkeypatch: pytest.MonkeyPatch):
    reasons = importlib.import_module("accuracy_reasons")
    monkeypatch.setattr(
        reasons,
        "REASONS",
        (
            reasons.Reason("^conv", "so arranged", "train", "channels-last"),
            reasons.Reason("^conv", "in training", "train"),
        ),
    )

    assert reasons.reason("convnext", "train", "channels-last") == "so arranged"
    assert reasons.reason("convnext", "train", "channels-first") == "in training"
    assert reasons.reason("convnext", "infer", "channels-last") == "not known"
    assert reasons.reason("resnet", "train", "channels-last") == "not known"


def test_kernels_are_told_in_one_table(accuracy: ModuleType):
    files = [table(neusight(name), neusight("what"), columns=NEUSIGHT) for name in ("add", "ln")]
    page = "\n".join(accuracy.kernels([validate_kernels(file) for file in files]))

    assert page.count("| Operator |") == 1
    assert "\n| add |" in page
    assert "\n| ln |" in page
    assert "| 2 | operator ... is none of" in page
