"""Triton kernels of InceptionNeXt's token mixer: all four branches in one pass, forward and backward.

A program takes a tile of pixels by channels of one image, all of one branch: it reads each element from memory once,
neighbours' taps from the caches, accumulates in float32 and writes once. Any strides will do. Importing this module
imports triton.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# Triton's language has no types.

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

PIXELS, CHANNELS = (1024, 1), (32, 32)
"""Tiles, pixels by channels: channels-first, where neighbours are pixels, and channels-last."""
NOWHERE = tl.constexpr(1 << 20)
"""A row behind every image, far enough for any window."""
MOST_CHUNKS = 64
"""Programs that share the pixels of a channel in the backward pass; each sums its part of the weights' gradient."""


@triton.jit
def _places(tile, height, width, pixels: tl.constexpr):
    """Return the rows and columns of a tile of pixels; those behind the last get a row from which no tap is inside."""
    pixel = tile * pixels + tl.arange(0, pixels)
    return tl.where(pixel < height * width, pixel // width, NOWHERE), pixel % width


@triton.jit
def _inside(place, shift: tl.constexpr, size):
    """Return which of the places, moved by `shift`, lie in 0 ... size - 1."""
    return (place + shift).to(tl.uint32, bitcast=True) < size.to(tl.uint32)


@triton.jit
def _taps(
    here, stride_h, stride_w, weight, rows, columns, live, height, width, own, window_h: tl.constexpr,
    window_w: tl.constexpr, pixels: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    """Return the tile of the depthwise convolution of what lies around the pointers `here`."""
    total = tl.zeros((pixels, block), tl.float32)
    for tap in tl.static_range(window_h * window_w):
        inside = rows < height
        if window_h > 1:
            inside = _inside(rows, tap // window_w - window_h // 2, height)
        if window_w > 1:
            inside = inside & _inside(columns, tap % window_w - window_w // 2, width)
        shift = (tap // window_w - window_h // 2) * stride_h + (tap % window_w - window_w // 2) * stride_w
        value = tl.load(here + shift, mask=inside[:, None] & live[None, :], other=0.0)
        factor = tl.load(weight + own * (window_h * window_w) + tap, mask=live, other=0.0)
        total += value.to(tl.float32) * factor.to(tl.float32)[None, :]
    return total


@triton.jit
def forward_kernel(
    x, y, square, square_bias, across, across_bias, down, down_bias, height, width, passed, part, in_n, in_c, in_h,
    in_w, out_n, out_c, out_h, out_w, side: tl.constexpr, band: tl.constexpr, biased: tl.constexpr,
    pixels: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    """Write a tile of the mixer's output."""
    pixel_tiles = tl.cdiv(height * width, pixels)
    passed_tiles, part_tiles = tl.cdiv(passed, block), tl.cdiv(part, block)
    tiles = passed_tiles + 3 * part_tiles
    place = tl.program_id(0)
    image = (place // (pixel_tiles * tiles)).to(tl.int64)
    tile = place // pixel_tiles % tiles
    rows, columns = _places(place % pixel_tiles, height, width, pixels)
    here = x + image * in_n + (rows * in_h + columns * in_w)[:, None]
    there = y + image * out_n + (rows * out_h + columns * out_w)[:, None]
    if tile < passed_tiles:
        channel = tile * block + tl.arange(0, block)
        mask = (rows < height)[:, None] & (channel < passed)[None, :]
        tl.store(there + channel[None, :] * out_c, tl.load(here + channel[None, :] * in_c, mask=mask), mask=mask)
    else:
        branch = (tile - passed_tiles) // part_tiles
        own = (tile - passed_tiles) % part_tiles * block + tl.arange(0, block)
        live = own < part
        channel = passed + branch * part + own
        around = here + channel[None, :] * in_c
        if branch == 0:
            total = _taps(around, in_h, in_w, square, rows, columns, live, height, width, own,
                          side, side, pixels, block)  # fmt: skip
            bias = square_bias
        elif branch == 1:
            total = _taps(around, in_h, in_w, across, rows, columns, live, height, width, own,
                          1, band, pixels, block)  # fmt: skip
            bias = across_bias
        else:
            total = _taps(around, in_h, in_w, down, rows, columns, live, height, width, own,
                          band, 1, pixels, block)  # fmt: skip
            bias = down_bias
        if biased:
            total += tl.load(bias + own, mask=live, other=0.0).to(tl.float32)[None, :]
        mask = (rows < height)[:, None] & live[None, :]
        tl.store(there + channel[None, :] * out_c, total.to(y.dtype.element_ty), mask=mask)


@triton.jit
def _both_gradients(
    x, grad, target, sums, weight, x_strides, grad_strides, target_strides, images, height, width, channel, own, live,
    chunk, chunks, window_h: tl.constexpr, window_w: tl.constexpr, slots: tl.constexpr, pixels: tl.constexpr,
    block: tl.constexpr,
):  # fmt: skip
    """Write the gradient of the input for every tile of a chunk, and sum that of the weight: both need what is loaded.

    x and grad are correlated tap by tap; slot window_h * window_w of `sums` is the gradient of the bias.
    """
    pixel_tiles = tl.cdiv(height * width, pixels)
    slot = tl.arange(0, slots)
    found = tl.zeros((block, slots), tl.float32)
    for work in range(chunk, images * pixel_tiles, chunks):
        image = (work // pixel_tiles).to(tl.int64)
        rows, columns = _places(work % pixel_tiles, height, width, pixels)
        mask = (rows < height)[:, None] & live[None, :]
        place = rows * x_strides[2] + columns * x_strides[3]
        value = tl.load(
            x + image * x_strides[0] + place[:, None] + channel[None, :] * x_strides[1], mask=mask, other=0.0
        ).to(tl.float32)
        place = rows * grad_strides[2] + columns * grad_strides[3]
        here = grad + image * grad_strides[0] + place[:, None] + channel[None, :] * grad_strides[1]
        total = tl.zeros((pixels, block), tl.float32)
        for tap in tl.static_range(window_h * window_w):
            inside = rows < height
            if window_h > 1:
                inside = inside & _inside(rows, window_h // 2 - tap // window_w, height)
            if window_w > 1:
                inside = inside & _inside(columns, window_w // 2 - tap % window_w, width)
            shift = (window_h // 2 - tap // window_w) * grad_strides[2]
            shift += (window_w // 2 - tap % window_w) * grad_strides[3]
            arrived = tl.load(here + shift, mask=inside[:, None] & live[None, :], other=0.0).to(tl.float32)
            factor = tl.load(weight + own * (window_h * window_w) + tap, mask=live, other=0.0).to(tl.float32)
            total += arrived * factor[None, :]
            found += tl.where(slot[None, :] == tap, tl.sum(arrived * value, 0)[:, None], 0.0)
            if tap == window_h // 2 * window_w + window_w // 2:
                found += tl.where(slot[None, :] == window_h * window_w, tl.sum(arrived, 0)[:, None], 0.0)
        place = rows * target_strides[2] + columns * target_strides[3]
        there = target + image * target_strides[0] + place[:, None] + channel[None, :] * target_strides[1]
        tl.store(there, total.to(target.dtype.element_ty), mask=mask)
    tl.store(sums + own[:, None] * slots + slot[None, :], found, mask=live[:, None])


@triton.jit
def backward_kernel(
    x, grad, target, sums, square, across, down, images, height, width, passed, part, in_n, in_c, in_h, in_w, grad_n,
    grad_c, grad_h, grad_w, out_n, out_c, out_h, out_w, chunks, side: tl.constexpr, band: tl.constexpr,
    slots: tl.constexpr, pixels: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    """Write the gradient of the mixer's input, and this chunk's part of the gradients of its weights and biases."""
    passed_tiles, part_tiles = tl.cdiv(passed, block), tl.cdiv(part, block)
    tile, chunk = tl.program_id(0) // chunks, tl.program_id(0) % chunks
    from_x, from_grad, to = (in_n, in_c, in_h, in_w), (grad_n, grad_c, grad_h, grad_w), (out_n, out_c, out_h, out_w)
    if tile < passed_tiles:
        pixel_tiles = tl.cdiv(height * width, pixels)
        channel = tile * block + tl.arange(0, block)
        for work in range(chunk, images * pixel_tiles, chunks):
            image = (work // pixel_tiles).to(tl.int64)
            rows, columns = _places(work % pixel_tiles, height, width, pixels)
            mask = (rows < height)[:, None] & (channel < passed)[None, :]
            place = (rows * grad_h + columns * grad_w)[:, None] + channel[None, :] * grad_c
            value = tl.load(grad + image * grad_n + place, mask=mask)
            place = (rows * out_h + columns * out_w)[:, None] + channel[None, :] * out_c
            tl.store(target + image * out_n + place, value, mask=mask)
    else:
        branch = (tile - passed_tiles) // part_tiles
        own = (tile - passed_tiles) % part_tiles * block + tl.arange(0, block)
        live = own < part
        channel = passed + branch * part + own
        mine = sums + (chunk * 3 + branch) * part * slots
        if branch == 0:
            _both_gradients(x, grad, target, mine, square, from_x, from_grad, to, images, height, width, channel, own,
                            live, chunk, chunks, side, side, slots, pixels, block)  # fmt: skip
        elif branch == 1:
            _both_gradients(x, grad, target, mine, across, from_x, from_grad, to, images, height, width, channel, own,
                            live, chunk, chunks, 1, band, slots, pixels, block)  # fmt: skip
        else:
            _both_gradients(x, grad, target, mine, down, from_x, from_grad, to, images, height, width, channel, own,
                            live, chunk, chunks, band, 1, slots, pixels, block)  # fmt: skip


def forward(x: Tensor, weights: tuple[Tensor, ...], biases: tuple[Tensor, ...] | None) -> Tensor:
    """Run the mixer on (N, C, H, W); `weights` and `biases` are the square's, the horizontal's and the vertical's."""
    images, channels, height, width = x.shape
    y = torch.empty_like(x)
    square, across, down = (weight.contiguous() for weight in weights)
    part, side, band = square.shape[0], square.shape[-1], across.shape[-1]
    passed, (pixels, block) = channels - 3 * part, _tile(x)
    if not y.numel():
        return y
    tiles = triton.cdiv(passed, block) + 3 * triton.cdiv(part, block)
    grid = (images * tiles * triton.cdiv(height * width, pixels),)
    forward_kernel[grid](
        x, y, *_paired((square, across, down), biases or (square, across, down)), height, width, passed, part,
        *x.stride(), *y.stride(), side=side, band=band, biased=biases is not None, pixels=pixels, block=block,
    )  # fmt: skip
    return y


def backward(grad: Tensor, x: Tensor, weights: tuple[Tensor, ...]) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Return the gradients of the input, of the three weights and of the three biases."""
    images, channels, height, width = x.shape
    target = torch.empty_like(x)
    square, across, down = (weight.contiguous() for weight in weights)
    part, side, band = square.shape[0], square.shape[-1], across.shape[-1]
    passed, (pixels, block) = channels - 3 * part, _tile(x)
    slots = triton.next_power_of_2(max(side * side, band) + 1)
    chunks = max(1, min(MOST_CHUNKS, images * triton.cdiv(height * width, pixels)))
    sums = x.new_zeros((chunks, 3, part, slots), dtype=torch.float32)
    if x.numel():
        tiles = triton.cdiv(passed, block) + 3 * triton.cdiv(part, block)
        backward_kernel[(tiles * chunks,)](
            x, grad, target, sums, square, across, down, images, height, width, passed, part, *x.stride(),
            *grad.stride(), *target.stride(), chunks, side=side, band=band, slots=slots, pixels=pixels, block=block,
        )  # fmt: skip
    whole = sums.sum(0)
    taps = [weight[0].numel() for weight in weights]
    return (
        target,
        [whole[i, :, :n].reshape(weights[i].shape).to(weights[i].dtype, copy=True) for i, n in enumerate(taps)],
        [whole[i, :, n].to(weights[i].dtype, copy=True) for i, n in enumerate(taps)],
    )


def _tile(x: Tensor) -> tuple[int, int]:
    """Return the tile of pixels by channels whose neighbours are neighbours in memory."""
    pixels, block = CHANNELS if x.stride(1) < min(x.stride(2), x.stride(3)) else PIXELS
    return min(pixels, triton.next_power_of_2(x.shape[2] * x.shape[3])), block


def _paired(weights: tuple[Tensor, ...], biases: tuple[Tensor, ...]) -> list[Any]:
    return [item for pair in zip(weights, biases, strict=True) for item in pair]
