"""What the page's words mean, for a reader who has never seen a roofline."""

from __future__ import annotations

ENTRIES = (
    (
        "Roofline",
        "A picture of what limits a computation. Height is speed in FLOP/s; the roofs are the most that the device can "
        "do: flat ones by arithmetic, slanted ones by moving data. No operator can lie above its roofs. Here a bubble "
        "stands at the predicted speed, and the ring above it at the most that its roofs allow.",
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
        "What takes an operator longest, and so sets its time: the bandwidth of DRAM, L2 or L1, the arithmetic of "
        "tensor cores or CUDA cores, the launch of its kernels, or the host.",
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
"""Each word with its explanation."""
