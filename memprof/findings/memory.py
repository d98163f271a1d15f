"""Whether a step fits into the device's memory, in words, and the largest batch that would."""

from __future__ import annotations

import math

from memprof import units, words
from memprof.errors import ReportError
from memprof.report.digest import Digest
from memprof.report.record import Memory
from memprof.vocabulary import CPU

_USABLE = 0.85
"""What of the memory a suggested batch may fill: the CUDA context, cuDNN's workspaces and what the allocator cannot
reuse need the rest, and the estimate for another batch is linear."""


def needed(digest: Digest) -> Memory:
    """Return the memory that the step needs; ReportError where the report is of a trace, which does not tell."""
    if digest.report.memory is None:
        raise ReportError(
            f"the report of {digest.report.workload.model} does not say what memory it needs",
            "analyse the model itself: `memprof roofline --model NAME`",
        )
    return digest.report.memory


def parts(digest: Digest) -> str:
    """Say what holds the memory at the peak: "parameters 114 MB, activations 1.77 GB"."""
    memory = needed(digest)
    held = {
        "parameters": memory.parameters_bytes,
        "gradients": memory.gradients_bytes,
        "optimizer": memory.optimizer_bytes,
        "activations": memory.activations_bytes,
    }
    return ", ".join(f"{name} {units.byte_count(size)}" for name, size in held.items() if size)


def verdict(digest: Digest) -> str:
    """Say whether the step fits: "yes", "NO" or "not known"."""
    return {True: "yes", False: "NO", None: "not known"}[needed(digest).fits]


def remark(digest: Digest) -> str:
    """Say what the device has, and where the step does not fit, what is needed and which batch would do."""
    capacity = digest.device.memory_capacity_bytes
    if capacity is None:
        return "the device file gives no memory capacity"
    if needed(digest).fits is not False:
        return f"in its {units.byte_count(capacity)}"
    return f"{_need(digest)} of {units.byte_count(capacity)}{_try(digest)}"


def sentence(digest: Digest) -> str:
    """Say that the step does not fit, and what would; nothing where it does or where that is not known."""
    capacity = digest.device.memory_capacity_bytes
    if digest.report.memory is None or digest.report.memory.fits is not False or capacity is None:
        return ""
    batch = largest_batch(digest)
    advice = (
        f"By this estimate batch {batch} would fit."
        if batch
        else "By this estimate not even one image would fit: take a device with more memory or a lower precision."
    )
    return (
        f"The step does NOT fit the device: {_need(digest)} of its {units.byte_count(capacity)}, so its "
        f"{digest.time.name} is that of a device with more memory. {advice}"
    )


def largest_batch(digest: Digest) -> int:
    """Return the largest power of two, at most the report's batch size, that should fit; 0 where none does.

    Activations are taken to grow with the batch; parameters, gradients and optimizer state do not.
    """
    capacity, memory, batch = (
        digest.device.memory_capacity_bytes,
        needed(digest),
        digest.report.workload.batch_size,
    )
    if capacity is None or batch < 1:
        return 0
    room = _USABLE * capacity - (memory.peak_bytes - memory.activations_bytes)
    images = min(batch, room * batch / memory.activations_bytes if memory.activations_bytes else batch)
    return 1 << (int(images).bit_length() - 1) if room > 0 and math.isfinite(images) and images >= 1 else 0


def _need(digest: Digest) -> str:
    peak = units.byte_count(needed(digest).peak_bytes)
    if digest.device.kind == CPU:
        return f"{peak} are needed"
    return f"{peak} and the {words.context(digest.device.family)} are needed"


def _try(digest: Digest) -> str:
    batch = largest_batch(digest)
    return f": try batch {batch}" if batch else ", not even with batch 1"
