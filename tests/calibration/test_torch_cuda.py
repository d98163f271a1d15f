"""Calibrating a GPU, without one: what is asked of CUDA is answered by fakes."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from memprof.calibration import torch_cuda, torch_probes
from memprof.calibration.records import Group
from memprof.profiles.run.machine import Machine
from tests.calibration.fakes import FakeClock

MIB = 2**20
FACTS = SimpleNamespace(
    L2_cache_size=40 * MIB, multi_processor_count=108, total_memory=40 * 2**30, major=8, minor=0, name="A GPU"
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the probes are asked to measure, by the name of the group."""
    probes: dict[str, Any] = {}

    def bandwidth(working_set: Any, device: str) -> Group:
        probes[working_set.level] = (working_set, device)
        return Group(working_set.level, 1.0, list)

    def matrix(key: str, dtype: torch.dtype, threads: int, level: Any, device: str, around: Any) -> Group:
        probes[key] = (dtype, device, around)
        return Group(key, 1.0, list)

    monkeypatch.setattr(torch_probes, "bandwidth", bandwidth)
    monkeypatch.setattr(torch_probes, "matrix", matrix)
    monkeypatch.setattr(torch_cuda, "find_machine", lambda device: Machine("cuda", "A GPU", FakeClock(), 32 * 2**30))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: FACTS)
    return probes


def test_a_gpu_has_dram_l2_and_four_kinds_of_arithmetic(asked: dict[str, Any]) -> None:
    bench = torch_cuda.bench()
    assert (bench.name, bench.title, bench.architecture, bench.compute_capability) == (
        "host-cuda",
        "A GPU",
        "CUDA",
        "8.0",
    )
    assert {key: figure.value for key, figure in bench.figures.items()} == {
        "sm_count": 108,
        "dram_capacity_bytes": 40 * 2**30,
        "l2_capacity_bytes": 40 * MIB,
    }
    l2, dram = asked["l2"], asked["dram"]
    assert (l2[0].threads, l2[0].bytes_per_thread, l2[1]) == (1, 20 * MIB, "cuda")  # half of L2
    assert (dram[0].threads, dram[0].bytes_per_thread, dram[1]) == (1, 256 * MIB, "cuda")  # the least for DRAM
    assert {key: value[0] for key, value in asked.items() if key.endswith("flops_per_second")} == {
        "fp32_flops_per_second": torch.float32,
        "tf32_tensor_flops_per_second": torch.float32,
        "fp16_tensor_flops_per_second": torch.float16,
        "bf16_tensor_flops_per_second": torch.bfloat16,
    }
    assert bench.groups[0].name == "dram"  # what every roofline needs comes first


@pytest.mark.parametrize(("kind", "expected"), [("fp32", "ieee"), ("tf32_tensor", "tf32")])
def test_fp32_and_tf32_differ_by_the_precision_in_which_matrix_work_runs(
    kind: str, expected: str, asked: dict[str, Any]
) -> None:
    torch_cuda.bench()
    around: Callable[[Callable[[], object]], Callable[[], object]] = asked[f"{kind}_flops_per_second"][2]
    before = torch.backends.cuda.matmul.fp32_precision
    assert around(lambda: torch.backends.cuda.matmul.fp32_precision)() == expected
    assert torch.backends.cuda.matmul.fp32_precision == before
