"""What the page's words mean, for a reader who has never seen a roofline."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.digest import Digest
from memprof.vocabulary import AMD, CPU

Entry = tuple[str, str]
_PICTURE = (
    "A picture of what limits a computation. Height is speed in FLOP/s; the roofs are the most that the device can "
    "do: flat ones by arithmetic, slanted ones by moving data. "
)
_ROOFLINE = (
    "Roofline",
    f"{_PICTURE}Here a bubble stands at the predicted speed, and the ring above it at the most that its roofs allow: "
    "a little above that of DRAM where L2 can hold a part of what an operator moves.",
)
_MEASURED_ROOFLINE = (
    "Roofline",
    f"{_PICTURE}Here a bubble stands at the speed that was measured, and an arrow leads to the most that its roofs "
    "allow: the longer the arrow, the more there is to win. A bubble above its roof is a finding to explain: it moved "
    "or computed less than is counted, or the roof is not that of the device as it ran.",
)
_OF_MEASURED = (
    (
        "Measured time",
        "How long the kernels of an operator took on the device; on a CPU, how long the operator's calls took. The "
        "time of a step also holds what lies between operators.",
    ),
    (
        "Of roof, lost",
        "What of the most that its roofs allow an operator reached: the least possible time over the measured one. "
        "What it lost is measured less least time. Both take FLOPs and bytes as memprof counts them.",
    ),
    (
        "Busy, idle, launch-bound",
        "The device is busy while anything runs on it; what runs at once counts once. It is launch-bound while it is "
        "idle and the host has not yet launched what comes next.",
    ),
)
_OF_CPU = {
    "Roofline": (
        f"{_PICTURE}No operator can lie above its roofs. Here a bubble stands at the most that its roofs allow."
    ),
    "Bound": (
        "What takes an operator longest at best: the bandwidth of DRAM, L2 or L1, or the arithmetic of matrix or "
        "vector units."
    ),
    "DRAM, L2, L1": (
        "The memory of the machine, from large and slow to small and fast. DRAM holds the tensors; L2 and L1 stand for "
        "the caches between it and the arithmetic."
    ),
    "Least possible time": (
        "What the binding ceilings allow at best, summed over all operators. It is a lower bound and no prediction: "
        "real kernels reach only a part of each ceiling."
    ),
    "Peak memory": (
        "The bytes that the step holds at once when it holds most: parameters, gradients, optimizer state and "
        "activations (everything else, above all what the backward pass needs again)."
    ),
}
"""What some words mean where no report is of a GPU."""
_OF_AMD = {
    "Bound": (
        "What takes an operator longest, and so sets its time: the bandwidth of DRAM, L2 or L1, the arithmetic of "
        "matrix cores or vector units, the rate at which instructions are issued (issue), loads that wait for one "
        "another (latency), the launch of its kernels, or the host."
    ),
    "DRAM, L2, L1": (
        "The memory of the device, from large and slow to small and fast. DRAM holds the tensors, L2 is shared by "
        "compute units, and L1 (with local data share) feeds the arithmetic of one of them."
    ),
    "Tensor cores, CUDA cores": (
        "What those of AMD's GPUs are called that only multiply matrices, many times faster, and those on which "
        "everything else runs; so does a depthwise convolution, which has no matrix product."
    ),
    "Peak memory": (
        "The bytes that the step holds at once when it holds most: parameters, gradients, optimizer state and "
        "activations (everything else, above all what the backward pass needs again). A prediction as well; the HIP "
        "context comes on top."
    ),
}
"""What some words mean where every GPU is AMD's."""
_AMD_ENGINES = "Matrix cores, vector units"
_CPU_ENGINES = (
    "Matrix units, vector units",
    "Names for the two kinds of arithmetic of a CPU: what matrix products and convolutions reach at best, and what "
    "element-wise operators do.",
)
_ENTRIES: tuple[Entry, ...] = (
    (
        "Arithmetic intensity",
        "How much arithmetic is done with each byte that is moved, in FLOP per byte. Low: data movement sets the pace. "
        "High: arithmetic does. It is counted for each level of memory, as more bytes cross L1 than DRAM.",
    ),
    (
        "Ridge point",
        "The intensity at which a slanted roof meets a flat one. An operator to its left waits for data, one to its "
        "right for arithmetic.",
    ),
    (
        "Bound",
        "What takes an operator longest, and so sets its time: the bandwidth of DRAM, L2 or L1, the arithmetic of "
        "tensor cores or CUDA cores, the rate at which instructions are issued (issue), loads that wait for one "
        "another (latency), the launch of its kernels, or the host.",
    ),
    (
        "DRAM, L2, L1",
        "The memory of the device, from large and slow to small and fast. DRAM holds the tensors, L2 is shared by the "
        "whole chip, and L1 (with shared memory) feeds the arithmetic of one multiprocessor.",
    ),
    (
        "Tensor cores, CUDA cores",
        "Tensor cores only multiply matrices and are many times faster. Everything else runs on CUDA cores; so does a "
        "depthwise convolution, which has no matrix product.",
    ),
    (
        "Predicted time",
        "How long memprof expects PyTorch to take when it runs operator after operator: each kernel reaches a part of "
        "the ceiling that binds it, starting it takes time, and none runs before the host has launched it. A "
        "prediction, not a measurement.",
    ),
    (
        "Least possible time",
        "What the binding ceilings allow at best, summed over all operators. It is a lower bound and no prediction: "
        "real kernels reach only a part of each ceiling, and starting them takes time as well.",
    ),
    (
        "Launch",
        "Everything on a GPU runs in kernels, which the host starts one by one. Starting one takes the device a few "
        "microseconds, however little the kernel does; where that is longer than its work, the launch is its bound.",
    ),
    (
        "Host",
        "The processor that runs Python and PyTorch and launches the kernels. Where it needs longer to launch a kernel "
        "than the device needs to run the one before, the device waits: the host is the bound.",
    ),
    (
        "Peak memory",
        "The bytes that the step holds at once when it holds most: parameters, gradients, optimizer state and "
        "activations (everything else, above all what the backward pass needs again). A prediction as well; the CUDA "
        "context comes on top.",
    ),
    (
        "FLOP, MAC",
        "A floating-point operation; a multiply-add (MAC) counts as two FLOPs.",
    ),
)
_ENGINES = "Tensor cores, CUDA cores"
_GPU_WORDS = (_ENGINES, "Predicted time", "Launch", "Host")


def entries(digests: Sequence[Digest]) -> tuple[Entry, ...]:
    """Return each word that a page of these reports uses, with its explanation."""
    measured = any(digest.is_measured for digest in digests)
    families = {digest.device.family for digest in digests}
    told = _OF_CPU if families == {CPU} else _OF_AMD if families == {AMD} else {}
    known: list[Entry] = []
    for word, meaning in (_ROOFLINE, *_ENTRIES):
        if families == {CPU} and word in _GPU_WORDS:
            continue
        known += _OF_MEASURED if measured and word == "Least possible time" else ()
        own = _AMD_ENGINES if families == {AMD} and word == _ENGINES else word
        known.append((own, told.get(word, meaning)))
        if word == _ENGINES and AMD in families and families != {AMD}:
            known.append((_AMD_ENGINES, _OF_AMD[_ENGINES]))
    if measured:
        known[0] = _MEASURED_ROOFLINE
    return (*known, _CPU_ENGINES) if CPU in families else tuple(known)


def all_entries() -> tuple[Entry, ...]:
    """Return every word with its meaning, and then what it means on AMD's GPUs and on CPUs where that differs."""
    found: list[Entry] = []
    for word, meaning in (_ROOFLINE, *_ENTRIES, *_OF_MEASURED):
        found.append((word, meaning))
        if word in _OF_AMD:
            found.append((f"{_AMD_ENGINES if word == _ENGINES else word}, on AMD's GPUs", _OF_AMD[word]))
        if word in _OF_CPU:
            found.append((f"{word}, on a CPU", _OF_CPU[word]))
    return (*found, (f"{_CPU_ENGINES[0]}, on a CPU", _CPU_ENGINES[1]))
