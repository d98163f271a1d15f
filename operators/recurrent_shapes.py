"""The geometry of recurrent layers, from the arguments of cuDNN's operators, for `memprof.operators.recurrent`."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.tiles import product_work
from memprof.operators.work import Product, Traffic, Work
from memprof.tensors.shapes import element_bytes, is_flag
from memprof.tensors.spec import TensorSpec

FORWARD, BACKWARD = "aten::_cudnn_rnn", "aten::_cudnn_rnn_backward"

LSTM_GATES, GRU_GATES, RNN_GATES = 4, 3, 1
KEPT_STATES = {LSTM_GATES: 5, GRU_GATES: 4, RNN_GATES: 0}
"""Values per element of the hidden state and step that training keeps for the backward pass, at least: the gates, and
the cell state or the candidate's recurrent part. A plain RNN's gradient needs its output only."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Positions of the arguments of an operator, from ATen/native/native_functions.yaml."""

    hx: int
    batch_first: int
    train: int
    bidirectional: int


SCHEMAS = {
    FORWARD: Schema(hx=4, batch_first=10, train=12, bidirectional=13),
    BACKWARD: Schema(hx=4, batch_first=14, train=16, bidirectional=17),
}
OUTPUT_GRADIENT, STATE_GRADIENTS, MASK = 7, (8, 9), 21
"""Positions in the backward operator: grad_output; grad_hy and grad_cy; output_mask, the weights' flag last."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The geometry of a call: time steps, sequences, features of the hidden state, gates, directions.

    `source` is the input with time outermost, strides as they are; `features` are the inputs of each layer; `biases`
    counts those of a gate.
    """

    source: TensorSpec
    dtype: str
    steps: int
    batch: int
    hidden: int
    gates: int
    directions: int
    features: tuple[int, ...]
    biases: int
    batch_first: bool
    training: bool

    @property
    def wide(self) -> int:
        """Return the rows of a weight matrix: all gates."""
        return self.gates * self.hidden

    @property
    def rows(self) -> int:
        """Return the inputs of a layer: sequences times steps."""
        return self.steps * self.batch

    @property
    def states(self) -> int:
        """Return the elements of one layer's hidden state at one step, over all directions."""
        return self.directions * self.batch * self.hidden

    @property
    def memory(self) -> int:
        """Return the elements of one layer's cell state, which only an LSTM has."""
        return self.states if self.gates == LSTM_GATES else 0

    @property
    def parameters(self) -> int:
        """Return the weights and biases of all layers."""
        return sum(self.directions * self.wide * (inputs + self.hidden + self.biases) for inputs in self.features)

    @property
    def kept(self) -> int:
        """Return the elements per step that one layer keeps for the backward pass; none in inference."""
        return self.states * KEPT_STATES[self.gates] if self.training else 0

    def traffic(self, read: float, written: float) -> Traffic:
        """Return DRAM traffic of elements of the call's dtype."""
        size = element_bytes(self.dtype)
        return Traffic(read * size, written * size)

    def product(self, step: str, product: Product, read: float, written: float) -> Work:
        """Return the Work of a product, one for each direction."""
        macs = product_macs(product.batch, product.m, product.n, int(product.k))
        return product_work(step, self.dtype, product, macs=macs, dram=self.traffic(read, written))


def read_recurrence(call: OperatorCall) -> Recurrence:
    """Return the geometry of a call of either operator; LookupError where its arguments leave it open."""
    schema = SCHEMAS[call.name]
    source, weights, hx = call.tensor(0), call.tensor_list(1), call.tensor(schema.hx)
    if len(source.shape) != 3 or len(hx.shape) != 3:
        raise LookupError(f"{call.name}: sequences of different lengths are packed together, their lengths unrecorded")
    batch_first = is_flag(call.argument(schema.batch_first))
    directions = 2 if is_flag(call.argument(schema.bidirectional)) else 1
    hidden, layers = hx.shape[2], hx.shape[0] // directions
    stride = len(weights) // max(1, hx.shape[0])
    if not hidden or layers * directions * stride != len(weights) or stride not in (2, 4):
        raise LookupError(f"{call.name}: {len(weights)} weights for {hx.shape[0]} layers and directions")
    gates = weights[0].shape[0] // hidden
    if gates not in KEPT_STATES:
        raise LookupError(f"{call.name}: a cell of {gates} gates")
    timed = swapped(source) if batch_first else source
    return Recurrence(
        timed,
        source.dtype,
        timed.shape[0],
        timed.shape[1],
        hidden,
        gates,
        directions,
        tuple(weights[layer * directions * stride].shape[1] for layer in range(layers)),
        stride - 2,
        batch_first,
        call.name == BACKWARD or is_flag(call.argument(schema.train)),
    )


def swapped(tensor: TensorSpec) -> TensorSpec:
    """Return a (sequences, time, features) tensor as (time, sequences, features), its memory as it is."""
    batch, steps, features = tensor.shape
    by_batch, by_step, by_feature = tensor.strides or (steps * features, features, 1)
    return TensorSpec((steps, batch, features), (by_step, by_batch, by_feature), tensor.dtype)


def product_macs(batch: int, m: int, n: int, k: int) -> int:
    """Return the multiply-adds of `batch` products of (m, k) by (k, n)."""
    return fvcore_counts.bmm_macs((batch, m, k), (batch, k, n))
