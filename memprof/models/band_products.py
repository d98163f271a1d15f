"""InceptionNeXt's token mixer on a CPU, channels-first: its bands as products with banded matrices.

oneDNN converts channels-first tensors to its own layout and back around every depthwise convolution, and that takes
most of the time of one. A horizontal band maps each row of W pixels linearly: it is the product with a (W, W) matrix
whose diagonals hold the taps, one for each channel; a vertical one multiplies from the left. That is up to W / 11 times
the multiplications, at many times the rate, on tensors as they lie, straight into the output. The square branch
converts once (channels-last), or is such a product too where maps are small.

Products let an infinity or NaN of the input reach the other pixels of its row or column, up to TILE away.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

TILE = 64
"""Longest row or column that is one product; longer ones are cut, so that a matrix stays mostly band."""
SMALL = 64
"""Pixels of a map up to which calls take longer than arithmetic, so that fewer and larger products pay."""


class Matrices:
    """Banded matrices made of weights, kept while the weights have the same values and maps the same size."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._weights: list[Tensor] = []
        self._made: tuple[Tensor, ...] = ()

    def of(self, weights: Sequence[Tensor], shape: torch.Size) -> tuple[Tensor, ...]:
        """Return the matrices of the square (small maps only), the horizontal and the vertical weight."""
        small = shape[2] * shape[3] <= SMALL
        key = (shape[2], shape[3])
        if key != self._key or not all(map(torch.equal, weights, self._weights)):
            self._made = _matrices(weights, shape, small=small)
            self._key, self._weights = key, [weight.detach().clone() for weight in weights]
        return self._made

    def __reduce__(self) -> tuple[type[Matrices], tuple[()]]:
        """Copy and pickle as empty: they are made again."""
        return Matrices, ()


def mix(x: Tensor, convs: Sequence[nn.Conv2d], kept: Matrices) -> Tensor:
    """Run the mixer on contiguous (N, C, H, W); `convs` are the square, the horizontal and the vertical branch."""
    asks = torch.is_grad_enabled() and any(item.requires_grad for item in (x, *_parameters(convs)))
    if asks or max(x.shape[2:]) > TILE:
        return _differentiable(x, convs)
    return _small(x, convs, kept) if x.shape[2] * x.shape[3] <= SMALL else _in_place(x, convs, kept)


def _parameters(convs: Sequence[nn.Conv2d]) -> list[Tensor]:
    return [item for conv in convs for item in (conv.weight, conv.bias) if item is not None]


def _differentiable(x: Tensor, convs: Sequence[nn.Conv2d]) -> Tensor:
    square, across, down = convs
    part = square.out_channels
    passed, first, second, third = torch.split(x, [x.shape[1] - 3 * part, part, part, part], dim=1)
    return torch.cat((passed, _square(first, square), _across(second, across), _down(third, down)), dim=1)


def _in_place(x: Tensor, convs: Sequence[nn.Conv2d], kept: Matrices) -> Tensor:
    """Write every branch to its place in the output; nothing is copied but the identity."""
    square, across, down = convs
    part = square.out_channels
    first, second, third = (x.shape[1] - share * part for share in (3, 2, 1))
    _, rows, columns = kept.of(_weights(convs), x.shape)
    y = torch.empty_like(x)
    y[:, :first].copy_(x[:, :first])
    y[:, first:second].copy_(_square(x[:, first:second], square))
    for source, target in zip(x, y, strict=True):
        torch.bmm(source[second:third], rows, out=target[second:third])
        torch.bmm(columns, source[third:], out=target[third:])
    if (bias := _joined_bias((across, down))) is not None:
        y[:, second:] += bias
    return y


def _small(x: Tensor, convs: Sequence[nn.Conv2d], kept: Matrices) -> Tensor:
    """Gather branches, channels outermost, multiply all images at once, add biases there, and scatter."""
    part, (images, channels, height, width) = convs[0].out_channels, x.shape
    squares, rows, columns = kept.of(_weights(convs), x.shape)
    first, third = channels - 3 * part, channels - part
    y = torch.empty_like(x)
    y[:, :first].copy_(x[:, :first])
    source = x[:, first:third].transpose(0, 1).contiguous()
    both = torch.empty_like(source)
    plane, row = (part, images, height * width), (part, images * height, width)
    torch.bmm(source[:part].view(plane), squares, out=both[:part].view(plane))
    torch.bmm(source[part:].view(row), rows, out=both[part:].view(row))
    down = torch.bmm(columns, x[:, third:].permute(1, 2, 0, 3).reshape(part, height, images * width))
    if (bias := _joined_bias(convs)) is not None:
        both += bias[: 2 * part, None]
        down += bias[2 * part :]
    y[:, first:third].copy_(both.transpose(0, 1))
    y[:, third:].copy_(down.view(part, height, images, width).permute(2, 0, 1, 3))
    return y


def _weights(convs: Sequence[nn.Conv2d]) -> list[Tensor]:
    return [conv.weight for conv in convs]


def _joined_bias(convs: Sequence[nn.Conv2d]) -> Tensor | None:
    biases = [conv.bias for conv in convs if conv.bias is not None]
    return torch.cat(biases).view(-1, 1, 1) if len(biases) == len(convs) else None


def _square(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Run the square branch: in channels-last oneDNN's kernel needs no conversion of its own."""
    there = x.contiguous(memory_format=torch.channels_last)
    return functional.conv2d(there, conv.weight, conv.bias, padding=conv.weight.shape[-1] // 2, groups=conv.groups)


def _across(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Run the horizontal branch on (N, part, H, W), with gradients."""
    images, part, height, width = x.shape
    source = x.transpose(0, 1).reshape(part, images * height, width)
    pieces = [
        torch.bmm(source[:, :, begin:end], _matrix(conv.weight, index))
        for begin, end, index in _tiles(width, conv.kernel_size[1])
    ]
    whole = pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=2)
    return _biased(whole.view(part, images, height, width).transpose(0, 1), conv)


def _down(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Run the vertical branch on (N, part, H, W), with gradients."""
    images, part, height, width = x.shape
    source = x.permute(1, 2, 0, 3).reshape(part, height, images * width)
    pieces = [
        torch.bmm(_matrix(conv.weight, index.t()), source[:, begin:end])
        for begin, end, index in _tiles(height, conv.kernel_size[0])
    ]
    whole = pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=1)
    return _biased(whole.view(part, height, images, width).permute(2, 0, 1, 3), conv)


def _biased(y: Tensor, conv: nn.Conv2d) -> Tensor:
    return y if conv.bias is None else y + conv.bias.view(-1, 1, 1)


def _matrices(weights: Sequence[Tensor], shape: torch.Size, *, small: bool) -> tuple[Tensor, ...]:
    square, across, down = (weight.detach() for weight in weights)
    _, _, height, width = shape
    ((_, _, row),), ((_, _, column),) = _tiles(width, across.shape[3]), _tiles(height, down.shape[2])
    rows, columns = _matrix(across, row), _matrix(down, column.t())
    if not small:
        return square, rows, columns
    squares = _matrix(square, _square_index(height, width, square.shape[-1]))
    return squares, rows, columns


def _matrix(weight: Tensor, index: Tensor) -> Tensor:
    """Return (channels, inputs, outputs): the tap at each place of `index`, 0 where it points behind the last."""
    taps = functional.pad(weight.flatten(1), (0, 1))
    return taps.index_select(1, index.reshape(-1)).view(-1, *index.shape)


@cache
def _tiles(length: int, window: int) -> tuple[tuple[int, int, Tensor], ...]:
    """Return, for each tile of a row of `length` outputs, the inputs from where to where it needs, and their taps."""
    count = -(-length // TILE)
    step, reach = -(-length // count), window // 2
    tiles = []
    for start in range(0, length, step):
        stop = min(length, start + step)
        begin, end = max(0, start - reach), min(length, stop + reach)
        tap = _distances(torch.arange(begin, end), torch.arange(start, stop)) + reach
        tiles.append((begin, end, torch.where((tap >= 0) & (tap < window), tap, window)))
    return tuple(tiles)


@cache
def _square_index(height: int, width: int, window: int) -> Tensor:
    """Return the tap between every two pixels of a map, window * window where there is none."""
    pixel = torch.arange(height * width)
    down = _distances(pixel // width, pixel // width) + window // 2
    right = _distances(pixel % width, pixel % width) + window // 2
    inside = (down >= 0) & (down < window) & (right >= 0) & (right < window)
    return torch.where(inside, down * window + right, window * window)


def _distances(inputs: Tensor, outputs: Tensor) -> Tensor:
    return inputs[:, None] - outputs[None, :]
