from __future__ import annotations

from pathlib import Path

import pytest

from memprof.frontier import accuracy
from memprof.frontier.accuracy import AccuracyError
from memprof.models import canonical_name


def table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_accuracies_are_of_models_that_can_be_built_and_have_sources():
    rows = accuracy.shipped()

    assert len(rows) > 300
    assert {row.source for row in rows} == set(accuracy.SOURCES)
    assert all(50 < row.top1 < 90 for row in rows)
    for name in {row.model for row in rows if not row.model.startswith("timm:")}:
        assert canonical_name(name) == name
    pairs = [(row.model, row.resolution, row.trained_on) for row in rows]
    assert len(set(pairs)) == len(pairs)


def test_published_top1_of_the_papers_networks():
    found = {(row.model, row.resolution): row.top1 for row in accuracy.choose(accuracy.shipped(), ["*next_t"], "in1k")}

    assert found["inceptionnext_t", 224] == 82.508  # timm's test of the authors' weights
    assert found["convnext_t", 224] == 82.066


def test_all_timm_models_are_known_to_timm():
    timm = pytest.importorskip("timm")
    names = {row.model.removeprefix("timm:") for row in accuracy.shipped() if row.model.startswith("timm:")}

    assert names <= set(timm.list_models())


def test_a_users_table_is_read_and_the_best_weights_count(tmp_path: Path):
    path = table(tmp_path, "model,top1,weights\nresnet50,76.1,old\nresnet50,80.4,new\nconvnext_tiny,82.1,\n")

    found = accuracy.choose(accuracy.from_file(path), [], "in1k")
    assert [(row.model, row.resolution, row.top1, row.weights) for row in found] == [
        ("resnet50", 224, 80.4, "new"),
        ("convnext_t", 224, 82.1, ""),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,accuracy\nresnet50,80\n", "lacks the columns model and top1; its columns are model, top1"),
        ("model,top1\nresnet50,0.804\n", "line 2 of .*top1 0.804 is a fraction: write it in percent"),
        ("model,top1\nresnet50,eighty\n", "top1 'eighty' is no percentage"),
        ("model,top1\nnet.py:build,80\n", "net.py:build is none of the zoo, timm: or torchvision:"),
        ("model,top1,resolution\nresnet50,80,big\n", "resolution 'big' is no number of pixels"),
        ("model,top1\nresnet51,80\n", "line 2 of .*resnet51"),
        ("model,top1\n", "holds no accuracy"),
    ],
)
def test_a_table_that_makes_no_sense_is_told_with_its_line(tmp_path: Path, text: str, message: str):
    with pytest.raises(AccuracyError, match=message):
        accuracy.from_file(table(tmp_path, text))


def test_patterns_that_fit_nothing_are_told():
    with pytest.raises(AccuracyError, match="no accuracy of resnexx"):
        accuracy.choose(accuracy.shipped(), ["resnexx*"], "in1k")
