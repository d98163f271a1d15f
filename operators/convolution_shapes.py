"""What a convolution call says about its geometry, whichever of PyTorch's convolution operators it is.

Where a profile recorded no concrete arguments (traces before torch 2.1), groups follow from the shapes and the rest is
assumed and said so in `assumed`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from memprof.calls import OperatorCall
from memprof.tensors.shapes import Shape, integers, is_flag, spread
from memprof.tensors.spec import Argument, TensorSpec
from memprof.tensors.strides import seems_channels_last


@dataclass(frozen=True, slots=True)
class Schema:
    """Positions of the arguments of one convolution operator, from ATen/native/native_functions.yaml."""

    input: int = 0
    weight: int = 1
    bias: int | None = None
    grad_output: int | None = None
    stride: int | None = None
    padding: int | None = None
    dilation: int | None = None
    groups: int | None = None
    transposed: int | None = None
    output_padding: int | None = None
    mask: int | None = None
    always_transposed: bool = False
    fused_bias: bool = False


GENERAL = Schema(bias=2, stride=3, padding=4, dilation=5, transposed=6, output_padding=7, groups=8)
_DEPTHWISE = Schema(bias=3, stride=4, padding=5, dilation=6, fused_bias=True)
_SLOW = Schema(bias=3, stride=4, padding=5, fused_bias=True)

FORWARD = {
    "aten::convolution": GENERAL,
    "aten::_convolution": GENERAL,
    "aten::convolution_overrideable": GENERAL,
    "aten::cudnn_convolution": Schema(padding=2, stride=3, dilation=4, groups=5),
    "aten::cudnn_convolution_relu": Schema(bias=2, stride=3, padding=4, dilation=5, groups=6, fused_bias=True),
    "aten::cudnn_convolution_transpose": Schema(
        padding=2, output_padding=3, stride=4, dilation=5, groups=6, always_transposed=True
    ),
    "aten::miopen_convolution": Schema(bias=2, padding=3, stride=4, dilation=5, groups=6),
    "aten::miopen_depthwise_convolution": Schema(bias=2, padding=3, stride=4, dilation=5, groups=6),
    "aten::mkldnn_convolution": Schema(bias=2, padding=3, stride=4, dilation=5, groups=6, fused_bias=True),
    "aten::_conv_depthwise2d": _DEPTHWISE,
    "aten::conv_depthwise3d": _DEPTHWISE,
    "aten::thnn_conv2d": _SLOW,
    "aten::_slow_conv2d_forward": _SLOW,
    "aten::slow_conv3d_forward": _SLOW,
}

BACKWARD = {
    "aten::convolution_backward": Schema(
        grad_output=0,
        input=1,
        weight=2,
        bias=3,
        stride=4,
        padding=5,
        dilation=6,
        transposed=7,
        output_padding=8,
        groups=9,
        mask=10,
    ),
    "aten::convolution_backward_overrideable": Schema(
        grad_output=0,
        input=1,
        weight=2,
        stride=3,
        padding=4,
        dilation=5,
        transposed=6,
        output_padding=7,
        groups=8,
        mask=9,
    ),
    "aten::cudnn_convolution_backward": Schema(
        input=0, grad_output=1, weight=2, padding=3, stride=4, dilation=5, groups=6, mask=10
    ),
    "aten::miopen_convolution_backward": Schema(
        input=0, grad_output=1, weight=2, padding=3, stride=4, dilation=5, groups=6, mask=9
    ),
    "aten::mkldnn_convolution_backward": Schema(
        input=0, grad_output=1, weight=2, padding=3, stride=4, dilation=5, groups=6, mask=7
    ),
}


@dataclass(frozen=True, slots=True)
class Convolution:
    """The geometry of a convolution: shapes (N, C, spatial...) and, per spatial dimension, how the window moves."""

    input: TensorSpec
    weight: TensorSpec
    output_shape: Shape
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    transposed: bool
    groups: int
    assumed: str = field(default="", compare=False)

    @property
    def taps(self) -> int:
        """Return the number of weights per pair of channels: kh * kw."""
        return prod(self.weight.shape[2:])

    @property
    def channels_last(self) -> bool:
        """Return whether the library is given channels-last tensors: input or weight lies so, a slice of one too.

        Source: cudnn_conv_suggest_memory_format in ATen/native/ConvUtils.h.
        """
        tensors = self.input, self.weight
        return any(tensor.strides and seems_channels_last(tensor.shape, tensor.strides) for tensor in tensors)

    @property
    def is_depthwise(self) -> bool:
        """Return whether every channel is convolved alone.

        Source: is_depthwise in ATen/native/Convolution.cpp: as many groups as input channels, more than one group, and
        output channels a multiple of it.
        """
        channels = self.input.shape[1]
        return 1 < self.groups == channels and self.output_shape[1] % channels == 0

    @property
    def window(self) -> tuple[int, ...]:
        """Return the extent of the window per dimension, the gaps of dilation included."""
        return tuple(
            dilation * (size - 1) + 1 for dilation, size in zip(self.dilation, self.weight.shape[2:], strict=True)
        )

    @property
    def touched_input_share(self) -> float:
        """Return the share of the input that some window covers: a 1x1 convolution of stride 2 reads a quarter."""
        if self.transposed:
            return 1.0
        share = 1.0
        for size, out, taps in zip(self.input.shape[2:], self.output_shape[2:], self.weight.shape[2:], strict=True):
            share *= min(1.0, out * taps / max(1, size))
        return share


def read(call: OperatorCall) -> Convolution:
    """Return the geometry of a forward or backward convolution call; LookupError where tensors are missing."""
    schema = FORWARD.get(call.name) or BACKWARD[call.name]
    source, weight = call.tensor(schema.input), call.tensor(schema.weight)
    rank = len(weight.shape) - 2
    grad_output = None if schema.grad_output is None else call.tensor(schema.grad_output)
    recorded = _argument(call, schema.stride) is not None
    transposed = schema.always_transposed or is_flag(_argument(call, schema.transposed))
    same = tuple((size - 1) // 2 for size in weight.shape[2:])
    stride = spread(_argument(call, schema.stride), rank, 1)
    padding = spread(_argument(call, schema.padding), rank, 0) if recorded else same
    dilation = spread(_argument(call, schema.dilation), rank, 1)
    groups = _groups(call, schema, source.shape, weight.shape, transposed)
    moves = tuple(zip(source.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True))
    if grad_output is not None:
        output_shape = grad_output.shape
        if not recorded:
            stride = _stride_between(source.shape, output_shape)
    elif transposed:
        extra = spread(_argument(call, schema.output_padding), rank, 0)
        spatial = (_grown(*move) + more for move, more in zip(moves, extra, strict=True))
        output_shape = (source.shape[0], weight.shape[1] * groups, *spatial)
    else:
        output_shape = (source.shape[0], weight.shape[0], *(_shrunk(*move) for move in moves))
    return Convolution(
        source,
        weight,
        output_shape,
        stride,
        padding,
        dilation,
        transposed,
        groups,
        "" if recorded else _assumption(schema),
    )


def _argument(call: OperatorCall, position: int | None) -> Argument:
    return None if position is None else call.argument(position)


def _assumption(schema: Schema) -> str:
    if schema.grad_output is not None:
        return "groups and stride inferred from the shapes, which gradients are wanted assumed"
    return "groups inferred from the shapes, stride 1 and same padding assumed"


def _groups(call: OperatorCall, schema: Schema, source: Shape, weight: Shape, transposed: bool) -> int:
    recorded = integers(call.argument(schema.groups)) if schema.groups is not None else None
    if recorded:
        return recorded[0]
    if transposed:
        return 1
    if source[1] % weight[1]:
        raise LookupError(f"{call.name}: weights of {weight[1]} channels per group cannot divide {source[1]} channels")
    return source[1] // weight[1]


def _stride_between(source: Shape, output: Shape) -> tuple[int, ...]:
    return tuple(max(1, round(before / max(1, after))) for before, after in zip(source[2:], output[2:], strict=True))


def _shrunk(size: int, taps: int, stride: int, padding: int, dilation: int) -> int:
    """Return one dimension of a convolution's output (torch.nn.Conv2d's documentation)."""
    return (size + 2 * padding - dilation * (taps - 1) - 1) // stride + 1


def _grown(size: int, taps: int, stride: int, padding: int, dilation: int) -> int:
    """Return one dimension of a transposed convolution's output (torch.nn.ConvTranspose2d's documentation)."""
    return (size - 1) * stride - 2 * padding + dilation * (taps - 1) + 1
