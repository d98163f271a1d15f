"""What runs a model: this processor for real, a GPU by fakes; names and memory from a file system made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from memprof.errors import DeviceError
from memprof.profiles.run import machine as module
from memprof.profiles.run.machine import available_bytes, cpu_name, find_machine, matrix_precision
from memprof.profiles.run.timer import CudaTimer, HostTimer
from memprof.tensors.precision import get_precision


def put(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def test_this_processor():
    machine = find_machine("cpu")
    assert machine.device == "cpu"
    assert machine.name == machine.facts["cpu"]
    assert isinstance(machine.timer, HostTimer)
    assert machine.threads == torch.get_num_threads() == int(machine.facts["threads"])
    assert machine.cores >= 1
    assert machine.sensors is None


@pytest.mark.parametrize(
    ("cuda", "hip", "why"),
    [
        ("13.0", None, "PyTorch sees no GPU"),
        (None, "7.0", "PyTorch sees no GPU"),
        (None, None, "built for the CPU only"),
    ],
)
def test_without_a_gpu_there_is_no_cuda(monkeypatch, cuda, hip, why):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.version, "hip", hip)
    with pytest.raises(DeviceError, match=why) as caught:
        find_machine("cuda")
    assert "measure on the CPU" in caught.value.remedy


class Sensors:
    def driver(self):
        return "580.1"


@pytest.mark.parametrize("sensors", [Sensors(), None])
def test_a_gpu_is_known_by_its_name_and_its_sensors_by_its_uuid(monkeypatch, sensors):
    asked = []
    properties = SimpleNamespace(uuid="1-2-3", multi_processor_count=108, total_memory=42 * 10**9)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA A100-SXM4-40GB")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda: properties)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (38 * 2**30, 40 * 2**30))
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 92400)
    monkeypatch.setattr(module, "sensors_of", lambda uuid: asked.append(uuid) or sensors)
    machine = find_machine("cuda")
    assert (machine.device, machine.name, machine.free_bytes) == ("cuda", "NVIDIA A100-SXM4-40GB", 38 * 2**30)
    assert (machine.sm_count, machine.memory_bytes) == (108, 42 * 10**9)
    assert isinstance(machine.timer, CudaTimer)
    assert machine.sensors is sensors
    assert asked == ["GPU-1-2-3"]
    assert machine.facts.get("driver") == ("580.1" if sensors else None)


@pytest.mark.parametrize(("policy", "expected"), [("tf32", "tf32"), ("fp32", "ieee"), ("amp-fp16", "ieee")])
def test_the_policy_decides_whether_a_gpu_takes_tf32_and_what_was_set_before_returns(policy, expected):
    switches = (torch.backends.cudnn.conv, torch.backends.cudnn.rnn, torch.backends.cuda.matmul)
    before = [switch.fp32_precision for switch in switches]
    seen = []

    def broken_off():
        with matrix_precision(get_precision(policy)):
            seen.extend(switch.fp32_precision for switch in switches)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert seen == [expected] * 3
    assert [switch.fp32_precision for switch in switches] == before


def test_a_processor_says_its_name(tmp_path):
    put(tmp_path, "proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 7B13: 64-Core\nmodel name\t: other\n")
    assert cpu_name(tmp_path) == "AMD EPYC 7B13: 64-Core"
    assert cpu_name(tmp_path / "absent")


MEMINFO = "MemTotal:       16000000 kB\nMemFree:  1 kB\nMemAvailable:    8000000 kB\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"proc/meminfo": MEMINFO}, 8_000_000 * 1024),
        (
            {"proc/meminfo": MEMINFO, "sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "5"},
            8_000_000 * 1024,
        ),
        (
            {"proc/meminfo": MEMINFO, "sys/fs/cgroup/memory.max": "4000\n", "sys/fs/cgroup/memory.current": "1500\n"},
            4000 - 1500,
        ),
        (
            {
                "proc/meminfo": MEMINFO,
                "sys/fs/cgroup/memory.max": "4000",
                "sys/fs/cgroup/memory.current": "3500",
                "sys/fs/cgroup/memory.stat": "anon 3000\ninactive_file 300\n",
            },
            4000 - 3500 + 300,
        ),
        ({"sys/fs/cgroup/memory.max": "4000", "sys/fs/cgroup/memory.current": "4500"}, 0),
    ],
)
def test_memory_that_is_there_for_the_taking(tmp_path, files, expected):
    for path, text in files.items():
        put(tmp_path, path, text)
    assert available_bytes(tmp_path) == expected
