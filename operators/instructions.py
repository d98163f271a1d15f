"""How many instructions element-wise kernels issue for an element, counted for each thread.

PyTorch's TensorIterator has three kernels (ATen/native/cuda/CUDALoops.cuh). Operands that lie alike, dense and of one
dtype, are loaded four elements at a time (`vectorized_elementwise_kernel`). Others, broadcast ones too, are looked up
one by one: two integer divisions per dimension and a multiplication per operand (`elementwise_kernel`, OffsetCalculator
in ATen/cuda/detail/OffsetCalculator.cuh). Where a dtype is converted, every load and store goes through a switch over
all dtypes (`unrolled_elementwise_kernel`, LoadWithCast in ATen/native/cuda/MemoryAccess.cuh).
"""

from __future__ import annotations

from collections.abc import Sequence

from memprof.tensors.shapes import elements, is_floating, memory_orders
from memprof.tensors.spec import TensorSpec
from memprof.tensors.strides import is_dense

VECTOR = 20
STRIDED = 85
CAST = 90
"""An element of each of the three kernels, its arithmetic left out. Source: fp16 kernels of a Particle Transformer on
an A100 (github.com/harryjmoss/particle_transformer), 81 to 89 and 83 to 90 if that ran at its base clock of 765 MHz.
The trace does not name the clock; GELU and layer norm then need what they do on an H100 and in NeuSight's recordings.
"""

PER_FLOP = 5
"""For each FLOP that memprof counts (memprof.operators.pointwise_flops), since a function counts as one: an exact GELU
of 5 FLOPs issues 44 in all on an H100 (2.4 million of bfloat16 in 3.6 microseconds, github.com/AMD-AGI/TraceLens)."""


def elementwise(operands: Sequence[TensorSpec], threads: int, flops: float = 0) -> float:
    """Return the instructions of a kernel that makes `threads` elements of `operands`, inputs and outputs.

    `flops` are an element's.
    """
    tensors = [tensor for tensor in operands if tensor.shape]
    kinds = {tensor.dtype for tensor in tensors if is_floating(tensor.dtype)}
    if len(kinds) > 1:
        return threads * (CAST + PER_FLOP * flops)
    each = VECTOR if _lie_alike(tensors, threads) else STRIDED
    return threads * (each + PER_FLOP * flops)


def _lie_alike(tensors: Sequence[TensorSpec], threads: int) -> bool:
    known = [tensor for tensor in tensors if tensor.strides is not None]
    return (
        all(elements(tensor) == threads for tensor in tensors)
        and all(is_dense(tensor.shape, tensor.strides or ()) for tensor in known)
        and len(memory_orders(known)) <= 1
    )
