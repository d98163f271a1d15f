"""What the page's words mean, for a reader who has never seen a roofline."""

from __future__ import annotations

ENTRIES = (
    (
        "Roofline",
        "A picture of what limits a computation. Height is speed in FLOP/s; the roofs are the most that the device can "
        "do: flat ones by arithmetic, slanted ones by moving data. No operator can lie above its roofs.",
    ),
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
        "The ceiling that takes an operator longest, and so sets its time: the bandwidth of DRAM, L2 or L1, or the "
        "arithmetic of tensor cores or CUDA cores.",
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
        "Least possible time",
        "What the binding ceilings allow at best, summed over all operators. It is a lower bound and no prediction: "
        "real kernels reach only a part of each ceiling, and starting them takes time as well.",
    ),
    (
        "FLOP, MAC",
        "A floating-point operation; a multiply-add (MAC) counts as two FLOPs.",
    ),
)
"""Each word with its explanation."""
