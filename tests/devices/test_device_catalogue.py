"""The bundled devices, checked by arithmetic a reader can redo and against each other."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources

import pytest

from memprof import devices
from memprof.devices import Device, catalogue
from memprof.devices.record import COMPUTED

NAMES = [
    "a100-sxm4-40gb",
    "a100-sxm4-80gb",
    "a100-pcie-40gb",
    "a100-pcie-80gb",
    "v100-sxm2-16gb",
    "v100-sxm2-32gb",
    "v100-pcie-16gb",
    "v100-pcie-32gb",
    "v100-dgxs-16gb",
    "v100-dgxs-32gb",
    "h100-sxm5-80gb",
    "h100-pcie-80gb",
    "h200-sxm-141gb",
    "b200",
    "l4",
    "l40s",
    "a10",
    "a30",
    "a40",
    "t4",
    "rtx-2080-ti",
    "rtx-3060",
    "rtx-3090",
    "rtx-4090",
    "rtx-5090",
    "rtx-pro-6000",
    "rtx-pro-6000-maxq",
    "mi210",
    "mi250x-gcd",
    "mi250x-module",
    "mi300x",
    "mi325x",
]

# FLOP per clock and SM of FP16 with FP32 accumulation, dense: NVIDIA's whitepapers, AMD's ROCm documentation.
FP16_TENSOR_RATE = {
    **dict.fromkeys(("a100-sxm4-40gb", "a100-sxm4-80gb", "a100-pcie-40gb", "a100-pcie-80gb", "a30"), 2048),
    **dict.fromkeys(("v100-sxm2-16gb", "v100-sxm2-32gb", "v100-pcie-16gb", "v100-pcie-32gb"), 1024),
    **dict.fromkeys(("v100-dgxs-16gb", "v100-dgxs-32gb", "t4"), 1024),
    **dict.fromkeys(("h100-sxm5-80gb", "h100-pcie-80gb", "h200-sxm-141gb"), 4096),
    **dict.fromkeys(("l4", "l40s", "a10", "a40", "rtx-pro-6000", "rtx-pro-6000-maxq"), 1024),
    **dict.fromkeys(("rtx-2080-ti", "rtx-3060", "rtx-3090", "rtx-4090", "rtx-5090"), 512),
    **dict.fromkeys(("mi210", "mi250x-gcd", "mi250x-module"), 1024),
    **dict.fromkeys(("mi300x", "mi325x"), 2048),
    "b200": 8192,
}


def every(*keys: str) -> list[Device]:
    return [device for device in devices.list_devices() if all(device.get(key) is not None for key in keys)]


def test_the_catalogue_holds_its_devices_in_order() -> None:
    assert [device.name for device in devices.list_devices()] == NAMES


def test_a100_by_hand() -> None:
    a100 = devices.get("a100")
    assert a100.name == "a100-sxm4-40gb"
    assert a100.peak("tensor", "tf32") == 156e12
    assert a100.peak("tensor", "bf16") == 312e12
    assert a100.peak("fp32") == pytest.approx(108 * 64 * 2 * 1.41e9, rel=0.002)
    assert a100.peak("fp16") == pytest.approx(108 * 256 * 2 * 1.41e9, rel=0.002)
    assert a100.bandwidth("dram") == 5 * 1024 / 8 * 2 * 1215e6  # five stacks of 1024 bits, double data rate
    assert a100.bandwidth("l1") == 108 * 128 * 1.41e9
    assert a100.figure("l2_capacity_bytes") == 40 * 2**20


def test_rtx_2080_ti_l1_by_hand() -> None:
    device = devices.get("rtx-2080-ti")
    assert device.bandwidth("l1") == 68 * 64 * 1.545e9
    # RepLKNet: 24 depthwise 31x31 layers on 64x384x64x64 in 3.0904 s; 8 bytes from L1 per tap and output
    seconds, l1_bytes = 3.0904, 24 * 64 * 384 * 64 * 64 * 8 * 31 * 31
    assert 48 < l1_bytes / seconds / (68 * 1.635e9) < 64


def test_fp32_peaks_are_sms_times_lanes_times_two_times_clock() -> None:
    devices_with_lanes = every("fp32_lanes_per_sm")
    assert len(devices_with_lanes) == 32
    for device in devices_with_lanes:
        lanes, sms, clock = (device.figure(key) for key in ("fp32_lanes_per_sm", "sm_count", "boost_clock_hz"))
        assert device.peak("fp32") == pytest.approx(sms * lanes * 2 * clock, rel=0.015), device.name


def test_tensor_peaks_are_sms_times_rate_times_clock() -> None:
    assert len(every("fp16_tensor_flops_per_second")) == len(FP16_TENSOR_RATE) == 32
    for device in every("fp16_tensor_flops_per_second"):
        clock = device.get("tensor_clock_hz") or device.figure("boost_clock_hz")
        expected = device.figure("sm_count") * FP16_TENSOR_RATE[device.name] * clock
        assert device.peak("tensor", "fp16") == pytest.approx(expected, rel=0.02), device.name


@pytest.mark.parametrize(("dtype", "of_fp16"), [("tf32", 0.5), ("bf16", 1), ("fp8", 2)])
def test_tensor_peaks_keep_their_ratio_to_fp16(dtype: str, of_fp16: float) -> None:
    for device in every(f"{dtype}_tensor_flops_per_second"):
        expected = device.peak("tensor", "fp16") * of_fp16
        assert device.peak("tensor", dtype) == pytest.approx(expected, rel=0.02), device.name


def test_int8_doubles_fp16_but_for_halved_accumulation_and_cdna2() -> None:
    cdna2 = {"mi210": 1, "mi250x-gcd": 1, "mi250x-module": 1}
    for device in every("int8_tensor_ops_per_second"):
        halved = (device.get("fp16_tensor_fp16_accumulate_flops_per_second") or 0) > device.peak("tensor", "fp16")
        times = cdna2.get(device.name, 4 if halved else 2)
        assert device.peak("tensor", "int8") == pytest.approx(device.peak("tensor", "fp16") * times, rel=0.015)


def test_geforce_halves_fp32_accumulation_and_data_centre_does_not() -> None:
    key = "fp16_tensor_fp16_accumulate_flops_per_second"
    for device in every(key):
        factor = 2 if "GeForce" in device.title else 1
        assert device.figure(key) == pytest.approx(factor * device.peak("tensor", "fp16"), rel=0.001), device.name


def test_l1_takes_the_rate_of_32_bit_loads() -> None:
    for device in every("l1_bytes_per_clock_per_sm"):
        rate = device.figure("l1_bytes_per_clock_per_sm")
        slow = device.compute_capability in {"7.5", "8.6", "8.9", "gfx90a"}
        assert rate == (64 if slow else 128), device.name
        assert device.bandwidth("l1") == device.figure("sm_count") * rate * device.figure("boost_clock_hz")
        assert device.figures["l1_bytes_per_second"].source == COMPUTED
        measured = device.get("l1_measured_bytes_per_clock_per_sm")
        assert measured is None or measured == pytest.approx(rate, rel=0.07)
    wide = every("l1_wide_bytes_per_clock_per_sm")
    assert {device.compute_capability for device in wide} == {"8.6", "8.9"}
    assert all(device.figure("l1_wide_bytes_per_clock_per_sm") == 128 for device in wide)


def test_levels_get_faster_and_smaller_towards_the_sms() -> None:
    for device in every("l2_bytes_per_second"):
        assert device.bandwidth("dram") < device.bandwidth("l2") < device.bandwidth("l1"), device.name
    for device in devices.list_devices():
        assert device.figure("l2_capacity_bytes") < device.figure("dram_capacity_bytes")


def test_l2_by_design_bounds_l2_as_measured() -> None:
    for device in every("l2_bytes_per_second", "l2_bytes_per_clock"):
        design = device.figure("l2_bytes_per_clock") * device.figure("boost_clock_hz")
        assert device.bandwidth("l2") < design, device.name


def test_parts_of_one_chip_agree() -> None:
    whole, half = devices.get("mi250x-module"), devices.get("mi250x-gcd")
    for key in ("sm_count", "dram_bytes_per_second", "fp32_flops_per_second", "l2_capacity_bytes", "power_watts"):
        assert whole.figure(key) == pytest.approx(2 * half.figure(key), rel=0.005), key
    a100s = [device for device in devices.list_devices() if device.name.startswith("a100")]
    for key in ("sm_count", "boost_clock_hz", "l2_bytes_per_second", "l1_bytes_per_second", "fp32_flops_per_second"):
        assert len({device.figure(key) for device in a100s}) == 1, key


def test_every_figure_has_a_source_in_words_and_none_is_from_memory() -> None:
    for device in devices.list_devices():
        for key, figure in device.figures.items():
            assert len(figure.source) > 5, (device.name, key)
            assert "MEM" not in figure.source
        assert device.notes, device.name


def test_the_data_file_uses_every_source_and_only_known_ones() -> None:
    data = json.loads(resources.files("memprof.devices").joinpath("catalogue.json").read_text(encoding="utf-8"))
    figures = [figure for entry in data["devices"] for figure in entry["figures"].values()]
    used = {part.partition(": ")[0] for figure in figures for part in figure["source"].split("; ")}
    assert data["schema"] == catalogue.SCHEMA
    assert used == set(data["sources"])
    assert all(set(entry["figures"]) <= set(devices.FIGURES) for entry in data["devices"])
    assert not any("; " in text for text in data["sources"].values())


def test_importing_devices_imports_no_torch() -> None:
    code = "import sys, memprof.devices as d; d.get('a100'); print({'torch', 'numpy', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_data_file_is_parsed_once() -> None:
    for remembered in (catalogue._read, catalogue._index, catalogue.devices):
        remembered.cache_clear()
    for name in (*NAMES, "a100", "no such device"):
        catalogue.find(name)
    assert catalogue.reported_names()
    assert catalogue._read.cache_info().misses == 1
