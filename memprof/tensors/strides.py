"""Stride arithmetic: which memory format PyTorch's kernels give their outputs, from shapes and strides alone.

The rules follow ATen's TensorIterator and its channels-last predicates; tests hold them against real CPU tensors.
Not torch's meta kernels: they lose channels-last, and formulas of operators must not need torch.
"""

from __future__ import annotations

from collections.abc import Sequence

Shape = Sequence[int]
Strides = tuple[int, ...]

_CHANNELS_LAST_ORDER = {4: (1, 3, 2, 0), 5: (1, 4, 3, 2, 0)}
"""Dimensions from fastest to slowest in NHWC and NDHWC."""


def contiguous_strides(shape: Shape) -> Strides:
    """Return the strides, in elements, of a row-major tensor of `shape`."""
    return _packed(shape, range(len(shape) - 1, -1, -1))


def channels_last_strides(shape: Shape) -> Strides:
    """Return the strides, in elements, of a channels-last tensor of 4-D or 5-D `shape`."""
    return _packed(shape, _CHANNELS_LAST_ORDER[len(shape)])


def seems_channels_last(shape: Shape, strides: Shape) -> bool:
    """Tell whether ATen takes strides for channels-last (is_channels_last_strides_2d), gaps between pixels allowed.

    `memprof.tensors.shapes.is_channels_last` allows none. A tensor that is both (one
    channel, one pixel) counts as channels-first, as in ATen.
    """
    order = _CHANNELS_LAST_ORDER.get(len(shape))
    if order is None or strides[1] == 0:
        return False
    least = 0
    for dim in order:
        if shape[dim] == 0 or strides[dim] < least or (dim == 0 and least == strides[1]):
            return False
        least = strides[dim] * max(shape[dim], 1)
    return True


def suggested_strides(shape: Shape, *like: tuple[Shape, Shape]) -> Strides:
    """Return channels-last strides for `shape` if any of the (shape, strides) pairs `like` is so, else row-major."""
    if len(shape) in _CHANNELS_LAST_ORDER and any(seems_channels_last(*pair) for pair in like):
        return channels_last_strides(shape)
    return contiguous_strides(shape)


def is_dense(shape: Shape, strides: Shape) -> bool:
    """Tell whether every element has its own place and there are no gaps (ATen: non-overlapping and dense)."""
    expected = 1
    for stride, size in sorted((stride, size) for stride, size in zip(strides, shape, strict=True) if size != 1):
        if stride != expected:
            return False
        expected *= size
    return True


def preserved_strides(shape: Shape, strides: Shape) -> Strides:
    """Return the strides that `empty_like` gives: the same where they are dense, else in the same order, packed."""
    return tuple(strides) if is_dense(shape, strides) else elementwise_strides(shape, [(shape, strides)])


def elementwise_strides(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> Strides:
    """Return the strides of an element-wise result of `shape`, as ATen's TensorIterator allocates it.

    `operands` are (shape, strides) pairs, in order; they may broadcast to `shape`.
    """
    if all(tuple(operand) == tuple(shape) for operand, _ in operands):
        alike = _common_strides(shape, [tuple(strides) for _, strides in operands])
        if alike is not None:
            return alike
    if any(size == 0 for size in shape):
        return contiguous_strides(shape)
    return _packed(shape, _iteration_order(shape, [_broadcast(shape, *operand) for operand in operands]))


def _common_strides(shape: Shape, operands: Sequence[Strides]) -> Strides | None:
    """Return the strides of a result whose operands are all row-major, all channels-last or all alike, else None."""
    formats = [contiguous_strides(shape)]
    if len(shape) == 4:  # TensorIterator's short cut knows no NDHWC
        formats.append(channels_last_strides(shape))
    for packed in formats:
        if all(_same_places(shape, strides, packed) for strides in operands):
            return packed
    first = operands[0]
    return first if all(strides == first for strides in operands) and is_dense(shape, first) else None


def _same_places(shape: Shape, left: Strides, right: Strides) -> bool:
    """Tell whether two strides put every element in the same place, whatever those of single-element dimensions."""
    return all(size == 1 or a == b for size, a, b in zip(shape, left, right, strict=True))


def _broadcast(shape: Shape, operand_shape: Shape, strides: Shape) -> Strides:
    missing = len(shape) - len(operand_shape)
    kept = (
        0 if own == 1 and full != 1 else stride
        for own, full, stride in zip(operand_shape, shape[missing:], strides, strict=True)
    )
    return (0,) * missing + tuple(kept)


def _iteration_order(shape: Shape, operands: Sequence[Strides]) -> list[int]:
    """Sort dimensions from fastest to slowest by the operands' strides, the first operand that can tell decides."""
    order = list(range(len(shape) - 1, -1, -1))
    for start in range(1, len(order)):
        moving = start
        for place in range(start - 1, -1, -1):
            verdict = _compare(shape, operands, order[place], order[moving])
            if verdict > 0:
                order[place], order[moving] = order[moving], order[place]
                moving = place
            elif verdict < 0:
                break
    return order


def _compare(shape: Shape, operands: Sequence[Strides], left: int, right: int) -> int:
    for strides in operands:
        if strides[left] == 0 or strides[right] == 0:
            continue
        if strides[left] != strides[right]:
            return -1 if strides[left] < strides[right] else 1
        if shape[left] > shape[right]:
            return 1
    return 0


def _packed(shape: Shape, order: Sequence[int]) -> Strides:
    strides = [0] * len(shape)
    step = 1
    for dim in order:
        strides[dim] = step
        step *= max(shape[dim], 1)
    return tuple(strides)
