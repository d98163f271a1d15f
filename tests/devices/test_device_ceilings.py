"""From a device and a precision to the roofs of a report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof import devices
from memprof.devices.achievable import achievable
from memprof.errors import DeviceError, WorkloadError
from memprof.report.record import DeviceCeilings

ALL = ("tf32", "fp32", "amp-fp16", "amp-bf16", "fp16", "bf16")


def test_a100_in_tf32() -> None:
    roofs = devices.ceilings(devices.get("a100"), "tf32")
    assert replace(roofs, achievable={}) == DeviceCeilings(
        name="a100-sxm4-40gb",
        title="NVIDIA A100 SXM4 40 GB",
        memory_bytes_per_second={"dram": 1555.2e9, "l2": 5420e9, "l1": 108 * 128 * 1.41e9},
        peak_flops_per_second={"tensor": 156e12, "fp32": 19.5e12, "fp16": 78e12},
        memory_capacity_bytes=40370 * 2**20,
        compared="fitted",
    )


def test_the_constants_of_the_time_model_come_with_the_roofs() -> None:
    device = devices.get("a100")
    roofs = devices.ceilings(device, "tf32")
    assert roofs.achievable == {key: figure.value for key, figure in achievable(device).items()}
    assert roofs.achievable["sm_count"] == 108
    assert roofs.achievable["issue_slots_per_second"] == 108 * 128 * 1.41e9


@pytest.mark.parametrize(
    ("precision", "tensor"),
    [("fp16", 312e12), ("bf16", 312e12), ("amp-fp16", 312e12), ("amp-bf16", 312e12), ("tf32", 156e12)],
)
def test_the_tensor_roof_is_that_of_the_precision(precision: str, tensor: float) -> None:
    assert devices.ceilings(devices.get("a100"), precision).peak_flops_per_second["tensor"] == tensor


def test_fp32_has_no_tensor_roof_on_nvidia_and_the_matrix_cores_on_amd() -> None:
    assert set(devices.ceilings(devices.get("a100"), "fp32").peak_flops_per_second) == {"fp32", "fp16"}
    assert devices.ceilings(devices.get("mi210"), "fp32").peak_flops_per_second == {"tensor": 45.3e12, "fp32": 22.6e12}


def test_geforce_is_held_against_fp32_accumulation() -> None:
    assert devices.ceilings(devices.get("3090"), "amp-fp16").peak_flops_per_second["tensor"] == 71.2e12


def test_an_unknown_level_is_absent() -> None:
    assert set(devices.ceilings(devices.get("b200"), "bf16").memory_bytes_per_second) == {"dram"}
    assert set(devices.ceilings(devices.get("3090"), "bf16").memory_bytes_per_second) == {"dram", "l1"}


def test_a_precision_without_a_figure_is_told_the_others() -> None:
    expected = "v100-sxm2-16gb has no TF32 tensor-core figure; use precision fp32, amp-fp16 or fp16"
    with pytest.raises(DeviceError) as caught:
        devices.ceilings(devices.get("v100"), "tf32")
    assert str(caught.value) == expected


def test_an_unknown_precision() -> None:
    with pytest.raises(WorkloadError, match="unknown precision 'amp-fp61'; did you mean amp-fp16"):
        devices.ceilings(devices.get("v100"), "amp-fp61")


@pytest.mark.parametrize(
    ("name", "precisions", "default"),
    [
        ("a100", ALL, "tf32"),
        ("v100", ("fp32", "amp-fp16", "fp16"), "fp32"),
        ("t4", ("fp32", "amp-fp16", "fp16"), "fp32"),
        ("mi250x", ("fp32", "amp-fp16", "amp-bf16", "fp16", "bf16"), "fp32"),
        ("mi300x", ALL, "fp32"),
    ],
)
def test_precisions_of_a_device(name: str, precisions: tuple[str, ...], default: str) -> None:
    device = devices.get(name)
    assert devices.precisions(device) == precisions
    assert devices.default_precision(device) == default


def test_every_device_has_roofs_for_every_precision_it_lists() -> None:
    for device in devices.list_devices():
        assert devices.default_precision(device) in devices.precisions(device)
        for precision in devices.precisions(device):
            roofs = devices.ceilings(device, precision)
            assert roofs.memory_bytes_per_second["dram"] == device.figure("dram_bytes_per_second")
            assert ("tensor" in roofs.peak_flops_per_second) or precision == "fp32"
            assert roofs.peak_flops_per_second["fp32"] > 0
