"""How far predictions are typically off, and of what that is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof.findings import prediction
from memprof.report.digest import digest
from tests.reports.sample import sample


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("convnext_t", "typically within 7 %"),
        ("upernet:convnext_t", "typically within 7 %, of classifiers"),
        ("semantic_fpn:resnet50", "typically within 7 %, of classifiers"),
    ],
)
def test_the_error_of_segmentation_networks_is_that_of_classifiers(model: str, words: str) -> None:
    """No network of another kind was held against measurements."""
    report = sample()
    told = replace(
        report,
        workload=replace(report.workload, model=model),
        totals=replace(report.totals, relative_error=0.07),
    )
    assert prediction.error(digest(told)) == words
