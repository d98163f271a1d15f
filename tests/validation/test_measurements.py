"""Every cell of a row is checked; a row that is wrong says what is, and leaves the others alone."""

from __future__ import annotations

import pytest

from memprof.errors import ModelError
from memprof.validation.measurements import REQUIRED, model_spec, read_measurements, unknown_columns
from memprof.validation.records import Measurement
from memprof.validation.tables import MeasurementError, RowError
from tests.validation.files import COLUMNS, GOOD, line, table


def test_a_good_row_is_a_measurement():
    (entry,) = read_measurements(table(GOOD))

    assert entry.measurement == Measurement(
        "me", "a100-sxm4-40gb", "torch 2.4", "tf32", ("channels-last",), 2, 64, "infer", "resnet18", 1000.0
    )
    assert entry.row.line == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"images_per_second": "-5"}, "images_per_second -5 is not above zero"),
        ({"images_per_second": "0"}, "images_per_second 0 is not above zero"),
        ({"images_per_second": "nan"}, "images_per_second 'nan' is no number"),
        ({"images_per_second": "inf"}, "images_per_second 'inf' is no number"),
        ({"images_per_second": "1e999"}, "images_per_second 1e999 is out of range"),
        ({"images_per_second": "1_000"}, "is no number"),
        ({"images_per_second": ""}, "images_per_second is empty"),
        ({"batch": "two"}, "batch 'two' is no whole number"),
        ({"batch": "2.5"}, "batch '2.5' is no whole number"),
        ({"batch": "0"}, "batch size 0 is out of range"),
        ({"resolution": "-1"}, "resolution '-1' is no whole number"),
        ({"resolution": "99999"}, "resolution 99999 is out of range"),
        ({"phase": "eval"}, "phase 'eval' is neither infer nor train"),
        ({"layout": "nhcw"}, "layout 'nhcw' is none of nchw, nhwc"),
        ({"dtype": "int8"}, "unknown precision 'int8'"),
        ({"device": "a1000"}, "unknown device 'a1000'"),
        ({"device": "rtx-2080-ti"}, "rtx-2080-ti has no TF32"),
        ({"compiled": "1"}, "compiled=1: memprof predicts eager PyTorch"),
        ({"compiled": "maybe"}, "compiled 'maybe' is neither 0 nor 1"),
        ({"model": ""}, "model is empty"),
        ({"model": "convnext_t:kernel=4"}, "kernel=4 is not valid"),
        ({"model": "net.py:build"}, "net.py:build would run code"),
        ({"model": "ig_resnext101_32x48d"}, "timm no longer has ig_resnext101_32x48d: it would build the much smaller"),
        ({"model": "os:getcwd"}, "os:getcwd would run code"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_wrong_row_says_why_and_the_next_goes_on(changes: dict[str, str], reason: str):
    wrong, good = read_measurements(table(line(**changes), GOOD))

    assert wrong.measurement is None
    assert reason in wrong.reason
    assert (wrong.row.line, good.row.line) == (2, 3)
    assert good.measurement is not None


@pytest.mark.parametrize(
    ("text", "layouts"),
    [
        ("nchw", ("channels-first",)),
        ("NHWC", ("channels-last",)),
        ("channels-first", ("channels-first",)),
        ("channels-last", ("channels-last",)),
        ("best of nchw and nhwc", ("channels-first", "channels-last")),
    ],
)
def test_layouts(text: str, layouts: tuple[str, ...]):
    (entry,) = read_measurements(table(line(layout=text)))

    assert entry.measurement is not None
    assert entry.measurement.layouts == layouts


@pytest.mark.parametrize(
    ("name", "source", "spec"),
    [
        ("resnet50", "a paper", "resnet50"),
        ("convnext_tiny", "a paper", "convnext_t"),
        ("resnet50", "timm results", "timm:resnet50"),
        ("convnext_tiny", "timm results", "timm:convnext_tiny"),
        ("vit_tiny_patch16_224", "a paper", "timm:vit_tiny_patch16_224"),
        ("timm:resnet50", "a paper", "timm:resnet50"),
        ("ig_resnext101_32x32d", "timm results", "timm:resnext101_32x32d"),
        ("timm:ig_resnext101_32x16d", "a paper", "timm:resnext101_32x16d"),
        ("torchvision:resnet50", "timm results", "torchvision:resnet50"),
        ("convnext_t_k3:norm=arithmetic", "a paper", "convnext_t_k3:norm=arithmetic"),
    ],
)
def test_which_model_a_name_means(name: str, source: str, spec: str):
    assert model_spec(name, source) == spec


def test_a_model_that_is_not_known_or_would_run_code():
    with pytest.raises(ModelError):
        model_spec("convnext_t:nothing=3", "a paper")
    with pytest.raises(RowError, match="would run code"):
        model_spec("somewhere/net.py:Net", "timm results")


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_needed_column_is_missed(missing: str):
    place = COLUMNS.split(",").index(missing)
    columns, cells = (",".join(text.split(",")[:place] + text.split(",")[place + 1 :]) for text in (COLUMNS, GOOD))

    with pytest.raises(MeasurementError, match=rf"file\.csv lacks the column {missing};"):
        read_measurements(table(cells, columns=columns))


def test_columns_that_may_be_missing_and_those_nobody_reads():
    rows = table("a100,tf32,nchw,2,64,infer,resnet18,10,x", columns=",".join([*REQUIRED, "comment"]))
    (entry,) = read_measurements(rows)

    assert entry.measurement is not None
    assert (entry.measurement.source, entry.measurement.stack) == ("file.csv", "")
    assert unknown_columns(rows) == ("comment",)
