"""From bytes at three levels of memory to a Work record, with what holds for every kernel built in.

A level is counted where the bytes cross it:
- DRAM: compulsory traffic. Each distinct byte is read once, each output byte written once.
- L2: what leaves the streaming multiprocessors (SMs). Bytes that several blocks need cross it several times.
- L1: what the load/store units deliver to the threads, from L1 or from shared memory.

Every byte that reaches an inner level crossed the outer ones, so L1 >= L2 >= DRAM, reads and writes alike; `make_work`
keeps that even where a model of re-reading would say less for a tiny problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TypedDict, Unpack

from memprof.operators import instructions
from memprof.operators.work import Conversion, Pattern, Product, Traffic, Winograd, Work
from memprof.tensors.shapes import (
    ELEMENT_BYTES,
    dense,
    element_bytes,
    elements,
    logical_bytes,
    memory_orders,
    packed_order,
    promoted_dtype,
    stored_bytes,
)
from memprof.tensors.spec import TensorSpec

STREAM_BLOCK_ELEMENTS = 1024
"""Elements that one block of an element-wise kernel handles: 128 threads with 8 elements each.

Source: ATen/native/cuda/thread_constants.h, num_threads() = 4 warps, thread_work_size() = 8.
"""


def tensor_bytes(tensor: TensorSpec) -> int:
    """Return the distinct bytes behind `tensor`, 0 where its dtype is unknown: for what no formula costs."""
    return stored_bytes(tensor) if tensor.dtype in ELEMENT_BYTES else 0


def total(tensors: Sequence[TensorSpec]) -> int:
    """Return the distinct bytes behind `tensors`."""
    return sum(stored_bytes(tensor) for tensor in tensors)


def _raise_to(traffic: Traffic | None, floor: Traffic) -> Traffic:
    if traffic is None:
        return floor
    return Traffic(max(traffic.read_bytes, floor.read_bytes), max(traffic.written_bytes, floor.written_bytes))


class Details(TypedDict, total=False):
    """What else a Work may say of its kernel; `Work` has the words and the defaults."""

    matrix_flops: float
    vector_flops: float
    macs: float
    launches: int
    blocks: float | None
    assumed: str
    product: Product | None
    pattern: Pattern
    conversions: tuple[Conversion, ...]
    winograd: Winograd | None
    padding: float
    instructions: float
    serial_steps: float
    resident_blocks: int
    in_place_bytes: float
    reread_bytes: float
    row_bytes: float


def make_work(
    step: str,
    dtype: str,
    *,
    dram: Traffic,
    l2: Traffic | None = None,
    l1: Traffic | None = None,
    **details: Unpack[Details],
) -> Work:
    """Build a Work whose inner levels move at least what the outer ones do; a level left out moves the same."""
    l2 = _raise_to(l2, dram)
    return Work(step, dtype, dram=dram, l2=l2, l1=_raise_to(l1, l2), **details)


def stream(
    step: str,
    reads: Sequence[TensorSpec],
    writes: Sequence[TensorSpec],
    *,
    flops: float = 0,
    dtype: str | None = None,
    threads: int | None = None,
    launches: int = 1,
    assumed: str = "",
    pattern: Pattern | None = None,
    blocks: int | None = None,
    serial_steps: float = 0,
    resident_blocks: int = 8,
    instructions: float = 0,
    in_place_bytes: float = 0,
    reread_bytes: float = 0,
) -> Work:
    """Build the Work of a kernel that goes through its operands once.

    Without `pattern` it follows from the operands' strides: streaming, or strided where their orders differ.

    With `threads` (the elements of the output) every operand is loaded once per output element, so a broadcast operand
    crosses L1 again and again but L2 and DRAM once. Without it every operand is loaded once per element of its own. A
    0-dimensional operand is an argument of the kernel (gpu_kernel_with_scalars in ATen/native/cuda/Loops.cuh).
    """
    dram = Traffic(total(reads), total(writes))
    loaded = sum(
        element_bytes(tensor.dtype) * threads if threads is not None and tensor.shape else logical_bytes(tensor)
        for tensor in reads
    )
    largest = max((elements(tensor) for tensor in (*reads, *writes)), default=0)
    return make_work(
        step,
        dtype or promoted_dtype(reads or writes),
        dram=dram,
        l1=Traffic(loaded, sum(logical_bytes(tensor) for tensor in writes)),
        vector_flops=flops,
        launches=launches,
        blocks=blocks or ceil((threads if threads is not None else largest) / STREAM_BLOCK_ELEMENTS),
        assumed=assumed,
        pattern=pattern or pattern_of(memory_orders((*reads, *writes))),
        instructions=instructions,
        serial_steps=serial_steps,
        resident_blocks=resident_blocks,
        in_place_bytes=in_place_bytes,
        reread_bytes=reread_bytes,
    )


def pattern_of(orders: set[tuple[int, ...]]) -> Pattern:
    """Return how a kernel goes through operands that lie in memory in these orders of dimensions."""
    if len(orders) <= 1:
        return Pattern.STREAM
    innermost = {order[-1] for order in orders if order}
    return Pattern.STRIDED if len(innermost) <= 1 else Pattern.TRANSPOSED


def fill(step: str, output: TensorSpec, launches: int = 1) -> Work:
    """Build the Work of a kernel that writes `output` and reads nothing."""
    return stream(step, (), (output,), launches=launches)


def layout_copy(source: TensorSpec, step: str = "layout copy") -> Work:
    """Build the Work of making `source` contiguous: the stored bytes are read, every element is written."""
    copy = dense(source.shape, source.dtype)
    pattern = pattern_of({*memory_orders((source,)), packed_order(source.shape, channels_last=False)})
    issued = instructions.STRIDED * elements(source)
    return stream(step, (source,), (copy,), threads=elements(source), pattern=pattern, instructions=issued)
