"""InceptionNeXt's token mixer on a CPU, channels-first: its bands as products with banded matrices.

oneDNN converts channels-first tensors to its own layout and back around every depthwise convolution, and that takes
most of the time of one. A horizontal band maps each row of W pixels linearly: it is the product with a (W, W) matrix
whose diagonals hold the taps, one for each channel; a vertical one multiplies from the left. That is up to W / 11 times
the multiplications, at many times the rate, on tensors as they lie, straight into the output. The square branch is
still a convolution, converted once.

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
"""Pixels of a map up to which calls take longer than arithmetic, so that one product for all images pays."""
BLOCK = 16
"""Channels that oneDNN's layout keeps together: a vector of 512 bits."""


class Matrices:
    """Banded matrices made of weights, kept while the weights have the same values and maps the same size."""

    def __init__(self) -> None:
        self._size = torch.Size()
        self._weights: list[Tensor] = []
        self._made: tuple[Tensor, Tensor] | None = None

    def of(self, weights: Sequence[Tensor], shape: torch.Size) -> tuple[Tensor, Tensor]:
        """Return the matrices of the horizontal and the vertical weight for maps of `shape` (N, C, H, W)."""
        if self._made is None or self._size != shape[2:] or not all(map(torch.equal, weights, self._weights)):
            across, down = (weight.detach() for weight in weights)
            ((_, _, row),), ((_, _, column),) = _tiles(shape[3], across.shape[3]), _tiles(shape[2], down.shape[2])
            self._made = _matrix(across, row), _matrix(down, column.t())
            self._size, self._weights = shape[2:], [across.clone(), down.clone()]
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


def _split(x: Tensor, part: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the channels of the identity, the square, the horizontal and the vertical branch."""
    passed, square, across, down = torch.split(x, [x.shape[1] - 3 * part, part, part, part], dim=1)
    return passed, square, across, down


def _differentiable(x: Tensor, convs: Sequence[nn.Conv2d]) -> Tensor:
    square, across, down = convs
    passed, first, second, third = _split(x, square.out_channels)
    return torch.cat((passed, _square(first, square), _across(second, across), _down(third, down)), dim=1)


def _in_place(x: Tensor, convs: Sequence[nn.Conv2d], kept: Matrices) -> Tensor:
    """Write every branch to its place in the output; nothing is copied but the identity."""
    square, across, down = convs
    rows, columns = kept.of((across.weight, down.weight), x.shape)
    y = torch.empty_like(x)
    parts, places = _split(x, square.out_channels), _split(y, square.out_channels)
    places[0].copy_(parts[0])
    places[1].copy_(_square(parts[1], square))
    for source, target in zip(parts[2].unbind(), places[2].unbind(), strict=True):
        torch.bmm(source, rows, out=target)
    for source, target in zip(parts[3].unbind(), places[3].unbind(), strict=True):
        torch.bmm(columns, source, out=target)
    if across.bias is not None and down.bias is not None:
        y[:, -2 * square.out_channels :] += torch.cat((across.bias, down.bias)).view(-1, 1, 1)
    return y


def _small(x: Tensor, convs: Sequence[nn.Conv2d], kept: Matrices) -> Tensor:
    """Gather each band, channels outermost, multiply all images at once, add the bias there, and scatter."""
    square, across, down = convs
    part, (images, _, height, width) = square.out_channels, x.shape
    rows, columns = kept.of((across.weight, down.weight), x.shape)
    y = torch.empty_like(x)
    parts, places = _split(x, part), _split(y, part)
    places[0].copy_(parts[0])
    places[1].copy_(_square(parts[1], square))
    right = torch.bmm(parts[2].transpose(0, 1).reshape(part, images * height, width), rows)
    below = torch.bmm(columns, parts[3].permute(1, 2, 0, 3).reshape(part, height, images * width))
    if across.bias is not None and down.bias is not None:
        right += across.bias.view(-1, 1, 1)
        below += down.bias.view(-1, 1, 1)
    places[2].copy_(right.view(part, images, height, width).transpose(0, 1))
    places[3].copy_(below.view(part, height, images, width).permute(2, 0, 1, 3))
    return y


def _square(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Run the square branch: in channels-last oneDNN's kernel needs no conversion of its own, nor a slow backward.

    Whole blocks of channels it converts faster than a copy does.
    """
    if torch.is_grad_enabled() or conv.groups % BLOCK:
        x = x.contiguous(memory_format=torch.channels_last)
    return functional.conv2d(x, conv.weight, conv.bias, padding=conv.weight.shape[-1] // 2, groups=conv.groups)


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


def _distances(inputs: Tensor, outputs: Tensor) -> Tensor:
    return inputs[:, None] - outputs[None, :]
