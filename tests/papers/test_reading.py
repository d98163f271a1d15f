from __future__ import annotations

import pytest

from memprof import devices
from memprof.models import canonical_name
from memprof.papers import reading
from memprof.papers.reading import PaperError


def test_an_unknown_paper_is_told_with_those_there_are():
    with pytest.raises(PaperError, match="no paper 'inceptionnxt' to reproduce; did you mean inceptionnext"):
        reading.get("inceptionnxt")


def test_all_rows_are_read_in_base_units():
    paper = reading.get("inceptionnext")
    rows = {(table.name, row.label): row for table in paper.tables for row in table.rows}

    assert {table.name: len(table.rows) for table in paper.tables} == {
        "kernels": 8,
        "sizes": 4,
        "imagenet": 37,
        "finetuned": 5,
        "isotropic": 4,
        "upernet": 9,
        "semantic_fpn": 14,
        "ablation": 11,
    }
    row = rows["imagenet", "InceptionNeXt-T"]
    assert (row.parameters, row.macs_per_image, row.accuracy) == (28e6, 4.2e9, 82.3)
    assert (row.rate("a100", "train"), row.rate("a100", "infer")) == (901, 2900)
    assert (row.rate("rtx2080ti", "train"), row.rate("rtx2080ti", "infer")) == (254, 822)
    assert rows["imagenet", "T2T-ViT-14"].rates == ()


def test_every_model_device_and_row_that_is_named_exists():
    paper = reading.get("inceptionnext")
    labels = {(table.name, row.label) for table in paper.tables for row in table.rows}

    for row in (row for table in paper.tables for row in table.rows if row.model):
        assert canonical_name(row.model)
    for condition in paper.conditions:
        assert devices.get(condition.device)
    for claim in paper.claims:
        assert {(claim.table, claim.faster), (claim.table, claim.slower)} <= labels
    assert {*paper.figure_tables} <= {table.name for table in paper.tables}
