"""The device `host`: where it is kept, what is said before it is measured, and what it is to a roofline."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from memprof import analyze, devices
from memprof.calibration.session import calibrate_bench
from memprof.devices import host
from memprof.devices.achievable import achievable, choose
from memprof.devices.record import Device
from memprof.errors import DeviceError
from tests.calibration.fakes import FakeClock, bench


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(host.platformdirs, "user_data_path", lambda name, appauthor: tmp_path / name)
    return tmp_path / "memprof"


def calibrated() -> Device:
    clock = FakeClock()
    return calibrate_bench(
        bench(clock), 10.0, clock.now, lambda what, done: None, 0.0, datetime.date(2031, 2, 3)
    ).device


def save(folder: Path, name: str = "host") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(calibrated().as_dict()), encoding="utf-8")
    return path


def test_before_it_is_measured_one_is_told_how(data: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        devices.get("host")
    assert str(caught.value) == "this machine has not been measured yet; run `memprof calibrate` (one minute)"
    with pytest.raises(DeviceError, match=r"the GPU of this machine.*memprof calibrate --device cuda"):
        devices.get("host-cuda")


def test_it_is_the_file_that_was_written_figure_by_figure(data: Path) -> None:
    save(data)
    assert devices.get("host") == devices.get("HOST") == calibrated()
    assert devices.get("host").figure("dram_bytes_per_second") == 20e9


def test_a_file_of_that_name_does_not_stand_in_the_way(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(data)
    monkeypatch.chdir(data.parent)
    (data.parent / "host").write_text("", encoding="utf-8")
    assert devices.get("host") == calibrated()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "\x00", '{"name": "host"}', '{"name": "host", "figures": {"dram_bytes_per_second": 0}}'],
)
def test_a_damaged_file_is_named_with_the_way_out(content: str, data: Path) -> None:
    save(data).write_text(content, encoding="utf-8")
    with pytest.raises(DeviceError) as caught:
        devices.get("host")
    assert str(data / "host.json") in caught.value.what
    assert caught.value.remedy == "run `memprof calibrate` again"


def test_the_constants_of_gpus_are_not_a_cpus() -> None:
    device = calibrated()
    assert choose(device) == achievable(device) == {}
    roofs = devices.ceilings(device, "fp32")
    assert (roofs.kind, roofs.achievable) == ("cpu", {})
    assert roofs.memory_bytes_per_second == {"dram": 20e9, "l1": 500e9}
    assert roofs.peak_flops_per_second == {"fp32": 100e9}
    assert devices.default_precision(device) == "fp32"


def test_a_measured_type_is_a_precision_and_another_is_refused_in_words_for_a_cpu() -> None:
    device = calibrated()
    assert devices.precisions(device) == ("fp32", "amp-bf16", "bf16")
    assert devices.ceilings(device, "bf16").peak_flops_per_second == {"tensor": 1e9, "fp32": 100e9}
    with pytest.raises(DeviceError, match="host has no FP16 matrix figure"):
        devices.ceilings(device, "fp16")


def test_figures_have_the_names_of_a_cpu_on_a_cpu_only() -> None:
    device = calibrated()
    assert device.words("fp32_flops_per_second") == "FP32 peak"
    assert device.words("l1_bytes_per_second") == "L1 bandwidth"
    assert device.words("dram_bytes_per_second") == "DRAM bandwidth"
    assert devices.get("a100").words("fp32_flops_per_second") == "FP32 CUDA-core peak"
    with pytest.raises(DeviceError, match="no device has a figure"):
        device.words("l4_bytes_per_second")


def test_what_is_predicted_for_a_cpu_is_the_least_time(data: Path) -> None:
    save(data)
    report = analyze("resnet18", device="host", batch_size=1, resolution=64)
    assert report.totals.seconds == pytest.approx(report.totals.roofline_seconds)
    assert report.device.name == "host"
    for row in report.operators:
        assert row.seconds == pytest.approx(row.roofline_seconds)
