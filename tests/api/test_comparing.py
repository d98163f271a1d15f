"""What compare, explain and their like give back: figures, text, files, tables; of names and of models in hand."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from torch import nn

import memprof
from memprof import MemprofError

IMAGES = memprof.spec("4x3x16x16")


def small(width: int = 8) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Flatten(), nn.Linear(width * 14 * 14, 10))


def test_models_in_hand_are_compared_on_several_devices() -> None:
    result = memprof.compare([small(), small(16)], ["a100", "h100"], IMAGES, layout="channels-last")
    table = result.to_pandas()

    assert len(table) == 2 * 2 * 2  # models, devices, phases
    assert set(table["batch_size"]) == {4}
    assert sorted(set(table["parameters"])) == [
        8 * 27 + 8 + 8 * 196 * 10 + 10,
        16 * 27 + 16 + 16 * 196 * 10 + 10,
    ]
    assert "Sequential" in str(result)
    assert repr(result).startswith("<compare of memprof")


def test_a_difference_is_explained_from_reports_too() -> None:
    reports = [memprof.analyze(small(width), IMAGES) for width in (8, 16)]
    result = memprof.explain(*reports)

    assert memprof.explain(small(8), small(16), IMAGES).to_json() == result.to_json()
    assert "less" in str(result)


def test_a_panel_is_drawn_on_anybodys_axes() -> None:
    axes = Figure().subplots()
    result = memprof.compare(small(), inputs=IMAGES, layout="channels-last")

    assert result.plot(axes, "train") is axes
    assert "Training" in [text.get_text() for text in axes.texts]
    with pytest.raises(MemprofError, match="no panel 'trian'; did you mean train"):
        result.plot(axes, "trian")


def test_the_losses_of_one_model_are_explained(tmp_path: object) -> None:
    result = memprof.explain("convnext_atto", batch_size=4, resolution=64)

    assert "What" in str(result) or "Where" in str(result)
    assert result.save(f"{tmp_path}/losses.md").read_text().startswith("#")
    with pytest.raises(MemprofError, match="is no table"):
        result.to_pandas()
    with pytest.raises(MemprofError, match=r"not written as \.xls"):
        result.save(f"{tmp_path}/losses.xls")


def test_a_sweep_has_a_row_for_each_value() -> None:
    options = {"phase": "infer", "batch_size": 4, "resolution": 64, "layout": "channels-last"}
    result = memprof.sweep("convnext_atto", "kernel=3,7", **options)  # type: ignore[arg-type]

    assert len(result.to_pandas()) == 2


def test_what_a_study_cannot_vary_is_said() -> None:
    with pytest.raises(MemprofError, match="resnet18"):
        memprof.ablate("resnet18")


def test_a_gate_is_checked_from_python(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MemprofError, match=r"no file|cannot read|there is no"):
        memprof.gate_check(f"{tmp_path}/memprof.toml")


def test_measured_throughputs_are_validated(tmp_path: object) -> None:
    path = f"{tmp_path}/measured.csv"
    with open(path, "w", encoding="utf-8") as file:
        file.write("device,dtype,layout,batch,resolution,phase,model,images_per_second\n")
        file.write("a100,tf32,nhwc,32,64,infer,resnet18,50000\n")
    result = memprof.validate(path)

    assert "50,000" in str(result)
    assert "50000" in result.to_json()
