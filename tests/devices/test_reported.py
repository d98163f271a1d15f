"""Names that drivers report, with processors and memory: which device they are, and what is said where none is."""

from __future__ import annotations

import re

import pytest

from memprof import devices
from memprof.devices import catalogue
from memprof.devices.reported import identify
from memprof.errors import DeviceError

# Memory as the traces in shared/traces report it, or nominal.
REPORTED = [
    ("NVIDIA A100-PG509-200", 108, 42297524224, "a100-sxm4-40gb"),
    ("A100-PG509-200", None, 42297524224, "a100-sxm4-40gb"),
    ("NVIDIA PG509-210", 108, 85031714816, "a100-sxm4-80gb"),
    ("PG509-210", 108, 42297524224, "a100-sxm4-40gb"),
    ("Tesla V100-PCIE-32GB", 80, 34089730048, "v100-pcie-32gb"),
    ("Tesla V100-DGXS-32GB", 80, 34084028416, "v100-dgxs-32gb"),
    ("Tesla V100-DGXS-16GB", 80, None, "v100-dgxs-16gb"),
    ("AMD Instinct MI210", 104, 64 << 30, "mi210"),
    ("AMD Instinct MI250X", 110, 64 << 30, "mi250x-gcd"),
    ("AMD Instinct MI250X / MI250", 110, 64 << 30, "mi250x-gcd"),
    ("AMD Instinct MI300X", 304, 206141652992, "mi300x"),
    ("AMD Instinct MI300X VF", 304, 206141652992, "mi300x"),
    ("Aqua Vanjaram [Instinct MI300X]", 304, None, "mi300x"),
    ("AMD Instinct MI325X", 304, 256 << 30, "mi325x"),
]


@pytest.mark.parametrize(("name", "processors", "memory", "device"), REPORTED)
def test_names_with_processors_and_memory_tell_the_device(name, processors, memory, device):
    assert identify(name, processors, memory).name == device


@pytest.mark.parametrize(
    ("name", "processors", "memory", "words"),
    [
        ("NVIDIA PG509-210", None, None, "'NVIDIA PG509-210', which does not tell.*a100-sxm4-40gb or a100-sxm4-80gb"),
        ("NVIDIA PG509-210", 124, 64 << 30, "with 124 processors and 68.7 GB of memory, which does not tell"),
        ("AMD Instinct MI250X / MI250", 104, 64 << 30, "with 104 processors.*--device NAME, if it is mi250x-gcd"),
        ("AMD Instinct MI250", 104, 64 << 30, "with 104 processors"),
        ("AMD Instinct MI308X", 80, 192 << 30, "does not know.*names like it: mi300x.*--device FILE"),
        ("AMD Instinct MI300X VF", 38, 24 << 30, "with 38 processors"),
        ("AMD Instinct MI300X", 38, 24 << 30, '38 of the 304 processors of mi300x.*whole GPU.*base = "mi300x"'),
        ("GeForce 9999", None, None, "does not know; name a device like it with --device NAME.*--device FILE"),
    ],
)
def test_what_is_not_told_says_what_to_pass(name, processors, memory, words):
    with pytest.raises(DeviceError, match=words):
        identify(name, processors, memory)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "a100-sxm4-40gb"),
        ("NVIDIA H100 80GB HBM3 MIG 3g.40gb", "h100-sxm5-80gb"),
        ("NVIDIA A100-SXM4-80GB MIG 1c.3g.40gb", "a100-sxm4-80gb"),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb+me", "a100-sxm4-40gb"),
    ],
)
def test_an_instance_of_a_partitioned_gpu_is_not_the_whole(name, base):
    with pytest.raises(DeviceError, match=rf'\(MIG\).*base = "{base}".*--device FILE'):
        identify(name, 14, 5 << 30)
    assert catalogue.find(name) is None


def test_forms_of_names_are_of_known_devices_and_sourced():
    for form in catalogue.reported_names():
        assert form.source
        assert all(devices.get(name).name == name for name in form.devices)
        re.compile(form.pattern)
