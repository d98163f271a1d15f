"""Recurrent layers (LSTM, GRU, plain RNN) as cuDNN computes them: one call for all layers, directions and time steps.

In each layer one matrix product per direction takes the inputs of all time steps at once; only the product with the
hidden state must follow the steps, and what is element-wise in a step is one kernel (Appleyard et al. 2016,
"Optimizing Performance of Recurrent Neural Networks on GPUs", arXiv 1604.01946). Where the hidden state is small, one
persistent kernel goes through all steps with the recurrent weights on chip. Which of the two PyTorch asks cuDNN for:
get_algo in ATen/native/cudnn/RNN.cpp. Both directions run side by side.

Not modelled: the persistent kernel for larger hidden states, which PyTorch takes on some devices at small batches,
layers that overlap, and dropout between layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.recurrent_shapes import (
    BACKWARD,
    FORWARD,
    GRU_GATES,
    LSTM_GATES,
    MASK,
    OUTPUT_GRADIENT,
    RNN_GATES,
    STATE_GRADIENTS,
    Recurrence,
    product_macs,
    read_recurrence,
    swapped,
)
from memprof.operators.registry import formula
from memprof.operators.traffic import STREAM_BLOCK_ELEMENTS, fill, layout_copy, make_work, stream
from memprof.operators.work import Pattern, Product, Traffic, Work
from memprof.tensors.shapes import dense, element_bytes, is_contiguous, is_flag
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

GATES_PER_WARP = 64
"""Gates whose weights a warp of the step's product keeps: a warp's tile of 64 columns (CUTLASS's default for FP16)."""
GATE_FLOPS = {LSTM_GATES: 18, GRU_GATES: 14, RNN_GATES: 1}
"""Per element of the hidden state and step, beside the sums of products and biases. LSTM: three sigmoids of 4, tanh of
candidate and cell, c = f c + i g (3), h = o tanh(c). GRU: two sigmoids, r times the candidate's recurrent part, tanh,
h = (1 - z) n + z h (4). RNN: tanh or a comparison. Counted as in memprof.operators.pointwise_flops."""
GATE_BACKWARD_FLOPS = {LSTM_GATES: 24, GRU_GATES: 18, RNN_GATES: 4}
"""The same backward, with 3 for dy y (1 - y) and dy (1 - y y). LSTM: dh (1), tanh(c) (1), do, di, df, dg (4 each), dc
(5), dc of the step before (1). GRU: dh (1), dn and dz (5 each), dr (4), its recurrent part (1), dh before (2). RNN:
dh and its product with the derivative."""
SMALL_HIDDEN = {LSTM_GATES: 192, GRU_GATES: 192, RNN_GATES: 384}
"""Largest hidden state of the persistent kernel CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H, forward; PyTorch 1.12 and later
(use_rnn_persist_small_h in ATen/native/cudnn/RNN.cpp)."""
SMALL_HIDDEN_BACKWARD = {LSTM_GATES: 128, GRU_GATES: 128, RNN_GATES: 256}
_NONE_SMALL = {LSTM_GATES: 0, GRU_GATES: 0, RNN_GATES: 0}


def _packed(tensor: TensorSpec) -> tuple[Work, ...]:
    """Cost the copy that gives cuDNN a tensor with time outermost, where it is not so already."""
    return () if is_contiguous(tensor) else (layout_copy(tensor),)


@formula(FORWARD, kind=Kind.MATMUL)
def cost_forward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost all layers: for each the product with its inputs, then the time steps."""
    cell = read_recurrence(call)
    small = SMALL_HIDDEN if call.stack.has_small_persistent_rnn else _NONE_SMALL
    return (*_packed(cell.source), *(work for features in cell.features for work in _layer(cell, features, small)))


def _layer(cell: Recurrence, features: int, small: Mapping[int, int]) -> Iterator[Work]:
    weights, projected = cell.directions * cell.wide * features, cell.directions * cell.rows * cell.wide
    product = Product(cell.directions, cell.rows, cell.wide, features)
    yield cell.product("input product", product, cell.rows * features + weights, projected)
    flops = GATE_FLOPS[cell.gates] + cell.gates * (1 + cell.biases)
    step = _Step(
        Product(cell.directions, cell.batch, cell.wide, cell.hidden),
        flops,
        cell.gates * cell.states,
        cell.states + cell.kept,
    )
    yield from _time_steps(cell, step, small)


@formula(BACKWARD, kind=Kind.MATMUL)
def cost_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the gradients of input and states, always computed, then those of the weights where they are wanted.

    The first go back through the time steps, whose gradients of the gates are kept for all that follows.
    """
    cell = read_recurrence(call)
    gradient, mask = call.optional_tensor(OUTPUT_GRADIENT), call.argument(MASK)
    weights_wanted = not isinstance(mask, tuple) or is_flag(mask[-1])
    output = dense((cell.steps, cell.batch, cell.directions * cell.hidden), cell.dtype)
    timed = output if gradient is None else swapped(gradient) if cell.batch_first else gradient
    works = [*_packed(cell.source), *((fill("zeros", output),) if gradient is None else _packed(timed))]
    state = dense((len(cell.features) * cell.directions, cell.batch, cell.hidden), cell.dtype)
    absent = STATE_GRADIENTS if cell.gates == LSTM_GATES else STATE_GRADIENTS[:1]
    works += [fill("zeros", state) for position in absent if call.argument(position) is None]
    small = SMALL_HIDDEN_BACKWARD if call.stack.has_small_persistent_rnn else _NONE_SMALL
    for features in reversed(cell.features):
        works += _layer_data(cell, features, small)
    if weights_wanted:
        works += [*_packed(cell.source), fill("zeros", dense((cell.parameters,), cell.dtype))]
        for features in reversed(cell.features):
            works += _layer_weights(cell, features)
    return tuple(works)


def _layer_data(cell: Recurrence, features: int, small: Mapping[int, int]) -> Iterator[Work]:
    """Yield the way back through time, then the gradient of the input, to which each direction adds its part."""
    outputs = 0 if cell.gates == LSTM_GATES else cell.states  # of which the gradients of the other gates are made
    step = _Step(
        Product(cell.directions, cell.batch, cell.hidden, cell.wide),
        GATE_BACKWARD_FLOPS[cell.gates],
        cell.states + outputs + cell.kept,
        cell.gates * cell.states,
    )
    yield from _time_steps(cell, step, small)
    gates, weights = cell.directions * cell.rows * cell.wide, cell.directions * cell.wide * features
    product = Product(cell.directions, cell.rows, features, cell.wide)
    read = gates + weights + (cell.directions - 1) * cell.rows * features
    yield cell.product("data gradient", product, read, cell.directions * cell.rows * features)


def _layer_weights(cell: Recurrence, features: int) -> Iterator[Work]:
    gates = cell.directions * cell.rows * cell.wide
    for step, inputs, read in (
        ("input weight gradient", features, cell.rows * features),
        ("recurrent weight gradient", cell.hidden, cell.steps * cell.states),
    ):
        product = Product(cell.directions, cell.wide, inputs, cell.rows)
        yield cell.product(step, product, gates + read, cell.directions * cell.wide * inputs)
    if cell.biases:
        columns = cell.directions * cell.wide
        gradients, sums = dense((cell.rows, columns), cell.dtype), dense((cell.biases, columns), cell.dtype)
        yield stream("bias gradient", (gradients,), (sums,), flops=gates)


@dataclass(frozen=True, slots=True)
class _Step:
    """What one time step of a layer does, over all directions.

    `product` is with the recurrent weights; `flops` per element of the hidden state are the gates'. `read` and
    `written` elements are those that are other ones in each step.
    """

    product: Product
    flops: int
    read: int
    written: int


def _time_steps(cell: Recurrence, step: _Step, largest: Mapping[int, int]) -> Iterator[Work]:
    """Yield one kernel for all time steps, or two for each; these fetch the weights from DRAM once, then from L2."""
    if cell.hidden <= largest[cell.gates] and cell.dtype != "float64":
        yield _persistent(cell, step)
        return
    weights, product = cell.directions * cell.wide * cell.hidden, step.product
    result = product.batch * product.m * product.n
    flowing = product.batch * product.m * int(product.k)
    first = cell.product("recurrent product", product, flowing + weights, result)
    later = cell.product("recurrent product", product, flowing, result)
    gates = make_work(
        "gates",
        cell.dtype,
        dram=cell.traffic(
            result + step.read + cell.directions * cell.wide * cell.biases + cell.memory, step.written + cell.memory
        ),
        vector_flops=step.flops * cell.states,
        blocks=ceil(cell.states / STREAM_BLOCK_ELEMENTS),
    )
    for index in range(cell.steps):
        yield later if index else first
        yield gates


def _persistent(cell: Recurrence, step: _Step) -> Work:
    """Return the one kernel of all time steps: only what is another in each step goes through DRAM, the rest once.

    A block waits in each step for the one before, as a row's block waits for its statistics. What the product takes
    goes through shared memory to every warp; a warp keeps the weights of its part in registers.
    """
    size, product = element_bytes(cell.dtype), step.product
    once = cell.directions * cell.wide * (cell.hidden + cell.biases) + cell.states + cell.memory
    dram = cell.traffic(cell.steps * step.read + once, cell.steps * step.written + cell.states + cell.memory)
    flowing = cell.steps * product.batch * product.m * int(product.k) * size
    macs = cell.steps * product_macs(product.batch, product.m, product.n, int(product.k))
    return make_work(
        "time steps",
        cell.dtype,
        dram=dram,
        l1=Traffic(dram.read_bytes + flowing * ceil(product.n / GATES_PER_WARP), dram.written_bytes + flowing),
        matrix_flops=fvcore_counts.flops_of_macs(macs),
        vector_flops=step.flops * cell.steps * cell.states,
        macs=macs,
        pattern=Pattern.ROW,
        serial_steps=cell.steps,
    )
