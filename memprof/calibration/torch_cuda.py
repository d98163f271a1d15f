"""The first GPU that CUDA shows, measured with the same probes: DRAM and L2, as nothing can be placed in an L1."""

from __future__ import annotations

from collections.abc import Callable

import torch

from memprof.calibration import torch_probes
from memprof.calibration.bench import Bench
from memprof.calibration.caches import Cache, Caches
from memprof.calibration.placement import working_sets
from memprof.calibration.records import Group
from memprof.devices import HOST_CUDA, Figure
from memprof.profiles.run.machine import find_machine, matrix_precision
from memprof.tensors.precision import PRECISIONS

_TYPES = (
    ("fp32_flops_per_second", torch.float32, "fp32"),
    ("tf32_tensor_flops_per_second", torch.float32, "tf32"),
    ("fp16_tensor_flops_per_second", torch.float16, "fp16"),
    ("bf16_tensor_flops_per_second", torch.bfloat16, "bf16"),
)
_IMAGES = 64
"""Of convolutions, instead of some for each thread."""
_SYSTEM = "reported by CUDA"
_NOTES = (
    "Ceilings are what PyTorch's own operators reached on this GPU. Predictions allow for what kernels reach of "
    "datasheet figures, so for this device they tend to be too slow.",
)


def bench() -> Bench:
    """Return the GPU, ready to be measured; DeviceError where torch has none."""
    machine = find_machine("cuda")
    facts = torch.cuda.get_device_properties(0)
    caches = Caches((Cache("l2", facts.L2_cache_size, 1),) if facts.L2_cache_size else (), 1, 1)
    sets, cautions = working_sets(caches, float(machine.free_bytes or facts.total_memory))
    figures = {
        "sm_count": float(facts.multi_processor_count),
        "dram_capacity_bytes": float(facts.total_memory),
        "l2_capacity_bytes": float(facts.L2_cache_size),
    }
    return Bench(
        name=HOST_CUDA,
        title=machine.name,
        architecture="CUDA",
        compute_capability=f"{facts.major}.{facts.minor}",
        caches=caches,
        figures={key: Figure(value, _SYSTEM) for key, value in figures.items() if value},
        groups=(
            torch_probes.bandwidth(sets[0], "cuda"),
            *(_matrix(key, dtype, precision, caches) for key, dtype, precision in _TYPES),
            torch_probes.elementwise(sets[-1], "cuda"),
            *(torch_probes.bandwidth(working_set, "cuda") for working_set in sets[1:]),
        ),
        timer=machine.timer,
        measured_by=f"torch {torch.__version__}, CUDA {torch.version.cuda}",
        notes=_NOTES,
        cautions=cautions,
    )


def _matrix(key: str, dtype: torch.dtype, precision: str, caches: Caches) -> Group:
    def around(run: Callable[[], object]) -> Callable[[], object]:
        def with_precision() -> object:
            with matrix_precision(PRECISIONS[precision]):
                return run()

        return with_precision

    return torch_probes.matrix(key, dtype, _IMAGES // 2, caches.level_of, "cuda", around)
