"""The loss of sequences without alignment (CTC), forward and backward.

A target of L labels has 2 L + 1 states, blanks between them. A step of time goes through the states of all sequences at
once and waits for the one before. Source: ATen/native/cuda/LossCTC.cu; Graves et al. 2006, "Connectionist temporal
classification", section 4.
"""

from __future__ import annotations

from math import ceil

from memprof.calls import OperatorCall
from memprof.operators.registry import formula
from memprof.operators.traffic import make_work, stream
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import dense, element_bytes, elements, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

_FLOPS = 12
"""Of a state in a step: the logarithm of a sum of three exponentials (2 maxima, 3 differences, 3 exponentials, 2 sums,
a logarithm), and the log-probability added."""
_THREADS = 1024
"""Of a block: MAX_THREADS_PER_BLOCK of the kernels, over states and sequences."""


@formula("aten::_ctc_loss", kind=Kind.REDUCTION)
def cost_ctc_loss(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _ctc_loss(log-probabilities, targets, ...): the forward variables of every state and step are written."""
    scores, targets = call.tensor(0), call.tensor(1)
    return (_recursion("forward variables", scores, targets, _states(scores, targets)),)


@formula("aten::_ctc_loss_backward", kind=Kind.REDUCTION)
def cost_ctc_loss_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _ctc_loss_backward(dy, log-probabilities, targets, ...): backward variables, then what each class got.

    The gradient is written once whole; the states' shares are added to it.
    """
    scores, targets = call.tensor(1), call.tensor(2)
    states = _states(scores, targets)
    grad = dense(scores.shape, scores.dtype)
    shares = stream("data gradient", (scores, states, states), (grad,), flops=3 * elements(states) + 3 * elements(grad))
    return (_recursion("backward variables", scores, targets, states), shares)


def _states(scores: TensorSpec, targets: TensorSpec) -> TensorSpec:
    """Return a variable for each sequence, step and state; targets in one row are taken to be equally long."""
    steps, batch = scores.shape[:2]
    longest = targets.shape[1] if len(targets.shape) == 2 else ceil(elements(targets) / batch)
    return dense((batch, steps, 2 * longest + 1), scores.dtype)


def _recursion(step: str, scores: TensorSpec, targets: TensorSpec, states: TensorSpec) -> Work:
    size = element_bytes(scores.dtype)
    looked_up = min(elements(states) * size, stored_bytes(scores))
    before = 3 * elements(states) * size
    return make_work(
        step,
        scores.dtype,
        dram=Traffic(looked_up + stored_bytes(targets), stored_bytes(states)),
        l1=Traffic(elements(states) * size + before + stored_bytes(targets), stored_bytes(states)),
        vector_flops=_FLOPS * elements(states),
        blocks=ceil(states.shape[0] * states.shape[2] / _THREADS),
        serial_steps=states.shape[1],
    )
