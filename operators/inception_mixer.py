"""InceptionNeXt's token mixer as one operator (memprof.models.mixer_operator): all branches in one kernel.

Its Triton kernel gives each tile of pixels by channels to one program. Every tap of an output is a load of its own, but
of lines that L1 holds: at DRAM each input is read and each output written once. The weight of a tap is one number for
the whole tile. Instructions are those of the SASS that Triton 3.8 makes for compute capability 8.0, counted.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators.registry import formula
from memprof.operators.traffic import make_work, total
from memprof.operators.work import Pattern, Traffic, Work
from memprof.tensors.shapes import dense, element_bytes, elements, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

PIXELS, SIDE = 1024, 32
"""Outputs of a program: channels-first of one channel, channels-last of 32 pixels by 32 channels."""
CHUNKS = 64
"""Programs that share the pixels of a channel for the gradient of its weight."""
FORWARD_TAP, BACKWARD_TAP = 8.5, 20
"""Instructions for a tap of an output: 2,296 and 5,080 for the 31 taps of the three branches, of 8 outputs a thread."""
COPIED = 10
"""Instructions for an element that passes: its place, a load and a store, 8 of them in 80."""


@formula("memprof::inception_mixer", kind=Kind.DEPTHWISE)
def cost_forward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the forward kernel: what every branch's outputs need, the identity's copy included."""
    x, weights = call.tensor(0), call.tensor_list(1)
    biases = call.argument(2)
    given = biases if isinstance(biases, tuple) else ()
    parameters = (*weights, *(item for item in given if isinstance(item, TensorSpec)))
    y = dense(x.shape, x.dtype)
    taps, outputs = _taps(x, weights), _outputs(x, weights)
    return (
        make_work(
            "forward",
            x.dtype,
            dram=Traffic(stored_bytes(x) + total(parameters), stored_bytes(y)),
            l1=Traffic((taps + elements(x) - outputs) * element_bytes(x.dtype), stored_bytes(y)),
            vector_flops=2 * taps + (outputs if given else 0),
            macs=taps,
            blocks=ceil(elements(x) / PIXELS),
            pattern=Pattern.STREAM,
            instructions=_lanes(x, weights) * FORWARD_TAP * taps + COPIED * (elements(x) - outputs),
        ),
    )


@formula("memprof::inception_mixer_backward", kind=Kind.DEPTHWISE)
def cost_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the kernel of both gradients, which reads grad and input once, and the sum over its programs' parts."""
    grad, x, weights = call.tensor(0), call.tensor(1), call.tensor_list(2)
    taps, outputs = _taps(x, weights), _outputs(x, weights)
    size, passed = element_bytes(x.dtype), elements(x) - outputs
    slots = 1 << max(prod(weight.shape[1:]) for weight in weights).bit_length()
    sums = 4 * CHUNKS * slots * sum(weight.shape[0] for weight in weights)
    return (
        make_work(
            "data and weight gradient",
            x.dtype,
            dram=Traffic(stored_bytes(grad) + outputs * size + total(weights), stored_bytes(x) + sums),
            l1=Traffic((taps + outputs + passed) * size, stored_bytes(x) + sums),
            vector_flops=4 * taps + outputs,
            macs=2 * taps,
            blocks=x.shape[1] * CHUNKS,
            pattern=Pattern.STREAM,
            instructions=_lanes(x, weights) * BACKWARD_TAP * taps + COPIED * passed,
        ),
        make_work(
            "sum of weight gradients",
            "float32",
            dram=Traffic(sums, sums / CHUNKS),
            vector_flops=sums / 4,
            blocks=ceil(sums / 4 / CHUNKS / PIXELS),
            pattern=Pattern.STREAM,
        ),
    )


def _lanes(x: TensorSpec, weights: tuple[TensorSpec, ...]) -> float:
    """Return the lanes of the convolving programs over their outputs: tiles reach over planes and branches."""
    plane, part = prod(x.shape[2:]), weights[0].shape[0]
    is_last = x.strides is not None and x.strides[1] < min(x.strides[2:])
    pixels, channels = (SIDE, SIDE) if is_last else (PIXELS, 1)
    pixels = min(pixels, 1 << max(0, plane - 1).bit_length())
    return ceil(plane / pixels) * pixels * ceil(part / channels) * channels / max(1, plane * part)


def _outputs(x: TensorSpec, weights: tuple[TensorSpec, ...]) -> int:
    """Return the elements that are convolved."""
    return sum(weight.shape[0] for weight in weights) * x.shape[0] * prod(x.shape[2:])


def _taps(x: TensorSpec, weights: tuple[TensorSpec, ...]) -> int:
    """Return the multiply-adds of all branches."""
    return sum(prod(weight.shape) for weight in weights) * x.shape[0] * prod(x.shape[2:])
