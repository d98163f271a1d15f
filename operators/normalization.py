"""Batch normalisation, forward and backward: all pixels must be summed before any is normalised, so a kernel per pass.

Source: ATen/native/cuda/Normalization.cu(h) (batch_norm_collect_statistics, batch_norm_transform_input,
batch_norm_backward_reduce, batch_norm_backward_elemt); cuDNN's and MIOpen's kernels are held to the same passes. Each
pass over a feature map that does not fit in L2 reads it from DRAM again, so training reads the input twice. Inference,
whose statistics are known, reads it once. Figures per channel are loaded once per block and kept in registers.

In training, channels first, a block goes through a channel (cuDNN's bn_fw_tr_1C11 and bn_bw_1C11 kernels, both passes
in one): 64 channels keep 64 SMs busy, each waiting for its own loads. In a ResNet-50's training on an A100 and a V100
(HolisticTraceAnalysis, kineto; see docs/validate.md) such blocks move 9 to 12 GB/s each, however fast the DRAM is.

FLOPs forward are fvcore's. It has no backward; those are counted here.
"""

from __future__ import annotations

from math import ceil, prod
from typing import TypedDict

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.registry import formula
from memprof.operators.traffic import stream
from memprof.operators.work import Pattern, Work
from memprof.tensors.shapes import (
    accumulation_dtype,
    dense,
    element_bytes,
    elements,
    is_channels_last,
    is_flag,
    stored_bytes,
)
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

REDUCE_FLOPS = 4
"""Per element of the backward reduction: dy to its sum, x - mean, times dy, to its sum."""
ELEMENTWISE_FLOPS = 5
"""Per element of the backward pass in training: (x - mean) * a (2), dy - that, - mean of dy, times scale."""
INFERENCE_BACKWARD_FLOPS = 1
"""Per element of the backward pass with fixed statistics: dy times scale."""

BLOCK_THREADS = 512
"""Threads that go through a channel (the second template argument of those kernels)."""
RESIDENT_BLOCKS = 4
"""Of them an SM holds."""
NORMALISE_INSTRUCTIONS = 60
"""Of an element that is scaled and shifted. Source: 63 in 16 bits, of cudnn's bn_fw_inf_1C11 kernels on an A100 at 765
MHz (github.com/harryjmoss/particle_transformer;
the clock is assumed, see memprof.operators.instructions)."""
LOADED_BYTES = 8
"""Of one load of a thread: float2, as these kernels' names say (bn_bw_1C11_kernel_new<float, float, float2, ...>)."""
BASE_STEPS = 4
"""Waits of a block however small its channel: summing among threads and warps, the channel's figures. Source: 512 and
2,048 channels of 7 x 7 in those traces."""

_TRAINING_POSITION = {
    "aten::native_batch_norm": 5,
    "aten::cudnn_batch_norm": 5,
    "aten::miopen_batch_norm": 5,
    "aten::_native_batch_norm_legit": 5,
}


class _Blocks(TypedDict, total=False):
    """How `stream` splits a pass among blocks."""

    blocks: int
    serial_steps: float
    resident_blocks: int
    pattern: Pattern


_ALWAYS_TRAINING = ("aten::_batch_norm_with_update", "aten::_batch_norm_with_update_functional")
_NEVER_TRAINING = ("aten::_batch_norm_no_update", "aten::_native_batch_norm_legit_no_training")


@formula(*_TRAINING_POSITION, *_ALWAYS_TRAINING, *_NEVER_TRAINING, kind=Kind.NORMALIZATION)
def cost_batch_norm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost a batch norm (x, weight, bias, running mean, running variance, training or momentum, ...)."""
    source = call.tensor(0)
    weight, bias = call.optional_tensor(1), call.optional_tensor(2)
    training, assumed = _training(call)
    affine = tuple(tensor for tensor in (weight, bias) if tensor is not None)
    output = dense(source.shape, source.dtype)
    channel = _channel_statistics(source)
    normalise = fvcore_counts.batch_norm_flops(source.shape, weight is not None, False)
    last = stream(
        "normalisation",
        (source, *affine, channel, channel),
        (output,),
        flops=normalise,
        dtype=source.dtype,
        assumed=assumed,
        reread_bytes=stored_bytes(source) if training else 0,
        launches=0 if training and _is_one_kernel(source) else 1,
        instructions=NORMALISE_INSTRUCTIONS * elements(source),
        **_channel_blocks(source, 1 if training else 0),
    )
    if not training:
        return (last,)
    flops = fvcore_counts.batch_norm_flops(source.shape, weight is not None, True)
    first = stream(
        "statistics",
        (source,),
        (channel, channel),
        flops=flops - normalise,
        dtype=source.dtype,
        assumed=assumed,
        **_summing_blocks(source, 1),
    )
    return (first, last)


@formula(
    "aten::native_batch_norm_backward",
    "aten::cudnn_batch_norm_backward",
    "aten::miopen_batch_norm_backward",
    "aten::batch_norm_backward",
    kind=Kind.NORMALIZATION,
)
def cost_batch_norm_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the gradients of a batch norm; the first two tensors are dy and x, in either order.

    The reduction reads both, and so does the element-wise pass, which writes dx. With fixed statistics dx needs dy
    only, and the reduction only runs for the gradients of scale and shift.
    """
    first, second = call.tensor(0), call.tensor(1)
    training, mask = _backward_flags(call)
    count = elements(first)
    channel = _channel_statistics(first)
    wants_parameters = any(mask[1:])
    passes = []
    if training or wants_parameters:
        blocks = _summing_blocks(first, 2 if training else 0)
        flops = REDUCE_FLOPS * count
        passes.append(
            stream("reduction", (first, second), (channel, channel), flops=flops, dtype=first.dtype, **blocks)
        )
    if mask[0]:
        reads = (first, second) if training else (first,)
        flops = ELEMENTWISE_FLOPS if training else INFERENCE_BACKWARD_FLOPS
        result = (dense(first.shape, first.dtype),)
        operands = (*reads, channel, channel)
        blocks = _channel_blocks(first, 2 if training else 0)
        again = sum(stored_bytes(tensor) for tensor in reads) if passes else 0
        passes.append(
            stream(
                "data gradient",
                operands,
                result,
                flops=flops * count,
                dtype=first.dtype,
                reread_bytes=again,
                launches=0 if training and passes and _is_one_kernel(first) else 1,
                **blocks,
            )
        )
    return tuple(passes)


def _is_one_kernel(source: TensorSpec) -> bool:
    """Return whether cudnn's kernel for a block per channel makes both passes: in training, channels first."""
    return len(source.shape) > 2 and not is_channels_last(source)


def _channel_blocks(source: TensorSpec, loads: int) -> _Blocks:
    """Return how blocks of a channel each load `loads` operands; without loads, or channels-last, there are none."""
    if not loads or not _is_one_kernel(source):
        return {}
    channel_bytes = source.shape[0] * prod(source.shape[2:]) * element_bytes(source.dtype)
    turns = ceil(channel_bytes / (BLOCK_THREADS * LOADED_BYTES))
    return {"blocks": source.shape[1], "serial_steps": loads * (BASE_STEPS + turns), "resident_blocks": RESIDENT_BLOCKS}


def _summing_blocks(source: TensorSpec, loads: int) -> _Blocks:
    """Return the same for a pass that sums; channels-last, blocks share a channel and wait for one another's sums."""
    is_shared = bool(loads) and len(source.shape) > 3 and is_channels_last(source)
    return {"pattern": Pattern.ROW} if is_shared else _channel_blocks(source, loads)


def _channel_statistics(source: TensorSpec) -> TensorSpec:
    """Return one statistic per channel, kept in the accumulation dtype."""
    channels = source.shape[1] if len(source.shape) > 1 else prod(source.shape)
    return dense((channels,), accumulation_dtype(source.dtype))


def _training(call: OperatorCall) -> tuple[bool, str]:
    """Return whether a call normalises with its own batch's statistics, and what had to be assumed about it."""
    if call.name in _ALWAYS_TRAINING:
        return True, ""
    if call.name in _NEVER_TRAINING:
        return False, ""
    position = _TRAINING_POSITION[call.name]
    if isinstance(call.argument(3), (bool, int)):  # _native_batch_norm_legit.no_stats has no running statistics
        position = 3
    recorded = call.argument(position)
    if recorded is None:
        return True, "training assumed"
    return is_flag(recorded), ""


def _backward_flags(call: OperatorCall) -> tuple[bool, tuple[bool, ...]]:
    """Return whether the forward call was in training, and which gradients are wanted; all where not recorded."""
    everything = (True, True, True)
    if call.name in ("aten::cudnn_batch_norm_backward", "aten::miopen_batch_norm_backward"):
        return True, everything
    flags = call.argument(7)
    mask = call.argument(9)
    wanted = tuple(is_flag(flag) for flag in mask) if isinstance(mask, tuple) and mask else everything
    return flags is None or is_flag(flags), wanted
