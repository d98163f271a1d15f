"""Names: which spellings find which device, and what an unknown one is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof import devices
from memprof.devices import catalogue
from memprof.errors import DeviceError

SPELLINGS = {
    "a100": "a100-sxm4-40gb",
    "A100-80GB": "a100-sxm4-80gb",
    "NVIDIA A100-SXM4-40GB": "a100-sxm4-40gb",
    "A100-PCIE-40GB": "a100-pcie-40gb",
    "NVIDIA A100 80GB PCIe": "a100-pcie-80gb",
    "v100": "v100-sxm2-16gb",
    "Tesla V100-SXM2-16GB": "v100-sxm2-16gb",
    "Tesla V100-DGXS-32GB": "v100-dgxs-32gb",
    "Tesla V100-DGXS-16GB": "v100-dgxs-16gb",
    "Tesla V100-PCIE-16GB": "v100-pcie-16gb",
    "Tesla V100-PCIE-32GB": "v100-pcie-32gb",
    "h100": "h100-sxm5-80gb",
    "NVIDIA H100 80GB HBM3": "h100-sxm5-80gb",
    "NVIDIA H100 PCIe": "h100-pcie-80gb",
    "h200": "h200-sxm-141gb",
    "3090": "rtx-3090",
    "RTX3090": "rtx-3090",
    "NVIDIA GeForce RTX 3090": "rtx-3090",
    "GeForce RTX 2080 Ti": "rtx-2080-ti",
    "rtx 2080ti": "rtx-2080-ti",
    "Tesla T4": "t4",
    "AMD Instinct MI300X": "mi300x",
    "AMD Instinct MI250X": "mi250x-gcd",
    "NVIDIA RTX PRO 6000 Blackwell Workstation Edition": "rtx-pro-6000",
}
KNOWN = [name for device in devices.list_devices() for name in (device.name, device.title, *device.aliases)]


@pytest.mark.parametrize(("spelling", "name"), SPELLINGS.items())
def test_the_names_people_and_drivers_use(spelling: str, name: str) -> None:
    assert devices.get(spelling).name == name


def test_no_spelling_means_two_devices() -> None:
    owners: dict[str, set[str]] = {}
    for device in devices.list_devices():
        for name in (device.name, device.title, *device.aliases):
            owners.setdefault(catalogue.normalize(name), set()).add(device.name)
    assert [names for names in owners.values() if len(names) > 1] == []


@given(st.sampled_from(KNOWN), st.sampled_from(["-", "_", " ", "--", " - "]), st.booleans(), st.booleans())
def test_case_separators_and_nvidia_do_not_matter(name: str, separator: str, upper: bool, vendor: bool) -> None:
    spelled = name.replace("-", separator).replace(" ", separator)
    spelled = spelled.upper() if upper else spelled.lower()
    assert devices.get(f"NVIDIA {spelled}" if vendor else spelled) == devices.get(name)


@given(st.text(max_size=30))
def test_any_other_text_is_one_clear_error(text: str) -> None:
    if catalogue.find(text) is not None:
        return
    with pytest.raises(DeviceError) as caught:
        devices.get(text)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("a10000", "a100-sxm4-40gb"), ("rtx-3080", "rtx-3090"), ("h10", "h100-sxm5-80gb"), ("mi300", "mi300x")],
)
def test_an_unknown_name_is_told_the_nearest(wrong: str, nearest: str) -> None:
    with pytest.raises(DeviceError, match=f"unknown device '{wrong}'.*did you mean.*{nearest}"):
        devices.get(wrong)


def test_a_name_like_nothing_is_sent_to_the_list() -> None:
    with pytest.raises(DeviceError, match="`memprof devices` lists the names"):
        devices.get("%%%")


def test_a_path_is_never_looked_up_as_a_name(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="does not exist"):
        devices.get(tmp_path / "a100.json")
    with pytest.raises(DeviceError, match="is a directory"):
        devices.get(str(tmp_path))


def test_an_absent_figure_is_named_with_what_to_do() -> None:
    b200 = devices.get("b200")
    assert b200.get("l1_bytes_per_second") is None
    with pytest.raises(DeviceError, match=r"b200 has no figure for L1 bandwidth.*base = \"b200\""):
        b200.bandwidth("l1")
    with pytest.raises(DeviceError, match="v100-sxm2-16gb has no figure for TF32 tensor-core peak"):
        devices.get("v100").peak("tensor", "tf32")


def test_figures_engines_levels_and_types_that_do_not_exist() -> None:
    a100 = devices.get("a100")
    with pytest.raises(DeviceError, match=r"no device has a figure 'dram_bytes'.*dram_bytes_per_second"):
        a100.get("dram_bytes")
    with pytest.raises(DeviceError, match=r"no engine 'fp31'.*fp32"):
        a100.peak("fp31")
    with pytest.raises(DeviceError, match="type 'fp4'"):
        a100.peak("tensor", "fp4")
    with pytest.raises(DeviceError, match="no memory level 'l3'"):
        a100.bandwidth("l3")
