"""The catalogue against the facts it was collected from, where a checkout has them beside it (../shared/devices)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from memprof import devices

SHARED = Path(__file__).parents[3] / "shared" / "devices" / "devices.csv"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="../shared/devices is not beside this checkout")

IDS = {
    "MI250X-1GCD": "mi250x-gcd",
    "MI250X": "mi250x-module",
    "RTX-PRO-6000-Blackwell-WS": "rtx-pro-6000",
    "RTX-PRO-6000-Blackwell-MaxQ": "rtx-pro-6000-maxq",
}
COLUMNS = {
    "sm_count": "sm_count",
    "boost_clock_hz": "boost_clock_hz",
    "base_clock_hz": "base_clock_hz",
    "tensor_clock_hz": "tensor_clock_hz",
    "fp64_flops": "fp64_flops_per_second",
    "fp64_tensor_flops": "fp64_tensor_flops_per_second",
    "fp32_cuda_core_flops": "fp32_flops_per_second",
    "fp16_cuda_core_flops": "fp16_flops_per_second",
    "tf32_tensor_dense_flops": "tf32_tensor_flops_per_second",
    "fp16_tensor_dense_flops": "fp16_tensor_flops_per_second",
    "fp16_tensor_fp16acc_dense_flops": "fp16_tensor_fp16_accumulate_flops_per_second",
    "bf16_tensor_dense_flops": "bf16_tensor_flops_per_second",
    "fp8_dense_flops": "fp8_tensor_flops_per_second",
    "fp8_fp16acc_dense_flops": "fp8_tensor_fp16_accumulate_flops_per_second",
    "int8_dense_ops": "int8_tensor_ops_per_second",
    "memory_capacity_bytes": "dram_capacity_bytes",
    "dram_bandwidth_bytes_per_s": "dram_bytes_per_second",
    "l2_capacity_bytes": "l2_capacity_bytes",
    "l2_bandwidth_bytes_per_s": "l2_bytes_per_second",
    "l2_bytes_per_clk": "l2_bytes_per_clock",
    "l1_shared_capacity_per_sm_bytes": "l1_capacity_bytes_per_sm",
    "shared_max_per_sm_bytes": "shared_capacity_bytes_per_sm",
    "l1_bytes_per_clk_per_sm": "l1_bytes_per_clock_per_sm",
    "l1_measured_bytes_per_clk_per_sm": "l1_measured_bytes_per_clock_per_sm",
    "sfu_ops_per_clk_per_sm": "sfu_results_per_clock_per_sm",
    "fp32_lanes_per_sm": "fp32_lanes_per_sm",
    "max_threads_per_sm": "threads_per_sm",
    "registers_per_sm": "registers_per_sm",
    "tdp_watts": "power_watts",
}
WIDE_L1 = {"8.6", "8.9"}

# Figures of the catalogue that the table does not hold, or holds with another value, and why.
OTHERWISE = {
    ("a100-pcie-40gb", "l2_bytes_per_second"): "the A100 SXM4's: same die, SMs and clock",
    ("a100-pcie-80gb", "l2_bytes_per_second"): "the A100 SXM4's: same die, SMs and clock",
    ("v100-sxm2-16gb", "l2_bytes_per_second"): "gpu-benches' 2.43 TB/s of the slower PCIe card, not Jia's 2.16",
    ("v100-sxm2-32gb", "l2_bytes_per_second"): "the same",
    ("v100-dgxs-32gb", "l2_bytes_per_second"): "the same",
    **{
        (name, key): "L1 is a CU's vector cache, not its LDS; matrix FP32 is in AMD's documentation"
        for name in ("mi210", "mi250x-gcd", "mi250x-module", "mi300x", "mi325x")
        for key in ("l1_capacity_bytes_per_sm", "fp32_tensor_flops_per_second")
    },
}
# Cells that were from memory and could not be computed or found elsewhere: absent here.
LEFT_OUT = {("t4", "l2_bytes_per_second"), ("rtx-5090", "base_clock_hz"), ("mi210", "power_watts")}
# The table has their siblings, which differ in memory capacity.
SIBLINGS = {"v100-pcie-32gb", "v100-dgxs-16gb"}
LEFT_OUT_COLUMN = "sfu_results_per_clock_per_sm"


def rows() -> dict[str, dict[str, str]]:
    with SHARED.open(encoding="utf-8") as file:
        return {IDS.get(row["device_id"], row["device_id"].lower()): row for row in csv.DictReader(file)}


def key_of(column: str, row: dict[str, str], name: str) -> str:
    """Return the key of a column; its L1 rates are those of 128-bit loads on 8.6 and 8.9, but for two measurements."""
    key = COLUMNS[column]
    is_wide = row["compute_capability"] in WIDE_L1 and (
        column == "l1_bytes_per_clk_per_sm" or (column == "l1_measured_bytes_per_clk_per_sm" and name == "rtx-4090")
    )
    return key.replace("l1_", "l1_wide_", 1) if is_wide else key


def test_the_catalogue_and_the_table_hold_the_same_devices() -> None:
    assert {device.name for device in devices.list_devices()} == set(rows()) | SIBLINGS


def test_every_figure_equals_the_table() -> None:
    for name, row in rows().items():
        device = devices.get(name)
        for column in COLUMNS:
            key = key_of(column, row, name)
            if (name, key) in OTHERWISE:
                continue
            value = device.get(key)
            is_left_out = (name, key) in LEFT_OUT or (key == LEFT_OUT_COLUMN and value is None)
            if row[column] and not is_left_out:
                assert value == float(row[column]), (name, key)
            else:
                assert value is None, (name, key)


def test_no_figure_is_beyond_the_table_unless_said_why() -> None:
    for name, row in rows().items():
        stated = {key_of(column, row, name) for column in COLUMNS if row[column]}
        narrow = {"l1_bytes_per_clock_per_sm"} if row["compute_capability"] in WIDE_L1 else set()
        beyond = set(devices.get(name).figures) - stated - narrow - {"l1_bytes_per_second"}
        assert all((name, key) in OTHERWISE for key in beyond), (name, beyond)


def test_text_facts_equal_the_table() -> None:
    for name, row in rows().items():
        device = devices.get(name)
        assert device.compute_capability == row["compute_capability"]
        assert device.memory_type == row["memory_type"]
        for alias in row["aliases"].split("|"):
            if not alias.startswith("("):
                assert devices.get(alias).name == name, alias
