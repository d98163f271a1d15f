"""The figures that ship, and the names by which they are found."""

from __future__ import annotations

import pytest

from memprof.errors import DeviceError
from memprof.validation.published import published_measurements, published_throughput


def test_all_24_rows_are_there_and_can_be_read():
    rows = published_measurements()

    assert len(rows) == 24
    assert {row.source for row in rows} == {"InceptionNeXt README"}
    assert {(row.precision, row.batch_size, row.resolution, row.layouts) for row in rows} == {
        ("tf32", 128, 224, ("channels-first", "channels-last"))
    }
    assert sum(row.phase == "train" for row in rows) == 12


@pytest.mark.parametrize(
    ("model", "phase", "figure"),
    [
        ("resnet50", "infer", 3149),
        ("inceptionnext_t", "train", 901),
        ("inception_next_tiny", "infer", 2900),
        ("convnext_t", "train", 575),
        ("convnext_t:norm=arithmetic", "train", 575),
        ("convnext_t:kernel=5", "infer", 2704),
        ("convnext_tiny_k3", "train", 798),
        ("convnext_t:kernel=3,conv_ratio=1/16", "train", 916),
        ("convnext_t_k3:conv_ratio=3/8", "infer", 2762),
        ("convnext_t:mlp=linear", "infer", 2413),
    ],
)
def test_figures_by_name(model: str, phase: str, figure: float):
    assert published_throughput(model, phase, "a100") == figure


@pytest.mark.parametrize(
    ("model", "phase", "device"),
    [
        ("convnext_s", "infer", "a100"),
        ("convnext_t:mlp=conv", "infer", "a100"),
        ("convnext_t:kernel=9", "infer", "a100"),
        ("inceptionnext_t:band_kernel=7", "infer", "a100"),
        ("resnet50", "infer", "h100"),
        ("timm:resnet50", "infer", "a100"),
    ],
)
def test_no_figure_where_none_was_published(model: str, phase: str, device: str):
    assert published_throughput(model, phase, device) is None


def test_an_unknown_device_is_an_error():
    with pytest.raises(DeviceError):
        published_throughput("resnet50", "infer", "a1000")
