"""Recurrent layers of the simulated run: one call as on CUDA, with the shapes of the real layers on the CPU."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd.profiler import profile

from memprof.calls import extract_calls
from memprof.operators import registry
from memprof.profiles import simulated  # noqa: F401  (registers the rules)
from memprof.profiles.kineto import read_events
from memprof.profiles.meta.autocast import CudaFrontEnd
from memprof.profiles.meta.mode import MetaRules
from memprof.profiles.records import Profile
from memprof.profiles.simulated import simulate
from memprof.tensors.precision import get_precision
from memprof.vocabulary import Phase

CELLS = (nn.LSTM, nn.GRU, nn.RNN)


def flat(results):
    """Return the output and the states of a recurrent layer."""
    output, states = results
    return [output, *(states if isinstance(states, tuple) else (states,))]


def run(layer, source, autocast=None):
    """Run a layer on meta as CUDA dispatches it; return its results and the calls it made."""
    with MetaRules(), profile(use_kineto=True, record_shapes=True) as profiler, CudaFrontEnd(autocast):
        results = flat(layer(source))
    events = Profile(read_events(profiler.kineto_results))
    return results, extract_calls(events, lambda name: registry.find(name) is not None)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(CELLS),
    st.integers(1, 3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.tuples(*[st.integers(1, 4)] * 4),
)
def test_results_and_gradients_have_the_shapes_of_the_real_layer(cell, layers, both, first, bias, sizes):
    rows, columns, features, hidden = sizes
    options = {"num_layers": layers, "bidirectional": both, "batch_first": first, "bias": bias}
    real, simulated_layer = cell(features, hidden, **options), cell(features, hidden, device="meta", **options)
    source = torch.ones(rows, columns, features, requires_grad=True)
    meta = torch.empty(rows, columns, features, device="meta", requires_grad=True)
    expected = flat(real(source))
    results, calls = run(simulated_layer, meta)
    assert [name for name in (call.name for call in calls) if "rnn" in name] == ["aten::_cudnn_rnn"]
    assert not any("mm" in call.name or "sigmoid" in call.name for call in calls)
    assert [tensor.shape for tensor in results] == [tensor.shape for tensor in expected]
    expected[0].sum().backward()
    with MetaRules():
        results[0].sum().backward()
    for theirs, ours in zip((source, *real.parameters()), (meta, *simulated_layer.parameters()), strict=True):
        assert ours.grad.shape == theirs.grad.shape


def test_cudnn_writes_time_outermost():
    """RNN.cpp transposes the output of a call with batch_first, which moves nothing."""
    layer = nn.LSTM(8, 4, bidirectional=True, batch_first=True, device="meta")
    (output, *states), _ = run(layer, torch.empty(6, 5, 8, device="meta"))
    assert (output.shape, output.stride()) == ((6, 5, 8), (8, 6 * 8, 1))
    assert [(state.shape, state.stride()) for state in states] == [((2, 6, 4), (6 * 4, 4, 1))] * 2


def test_autocast_casts_input_states_and_all_weights_in_every_call():
    layer = nn.LSTM(8, 4, bidirectional=True, device="meta")

    def twice(source):
        layer(source)
        return layer(source)

    (output, *_), calls = run(twice, torch.empty(6, 5, 8, device="meta"), torch.float16)
    assert output.dtype == torch.float16
    counts = Counter(call.name for call in calls)
    assert counts["aten::_cudnn_rnn"] == 2
    assert counts["aten::_to_copy"] == 2 * (2 * 4 + 3)
    read = [tensor.dtype for call in calls if call.name == "aten::_cudnn_rnn" for tensor in call.tensors()]
    assert set(read) == {"float16"}


def test_what_cudnn_does_not_take_in_one_is_done_in_steps():
    packed = nn.utils.rnn.pack_padded_sequence(torch.ones(4, 2, 8), torch.tensor([4, 2]))
    on_meta = nn.utils.rnn.PackedSequence(packed.data.to("meta"), packed.batch_sizes)
    state = torch.zeros(1, 2, 4, device="meta")
    with MetaRules(), profile(use_kineto=True) as profiler, CudaFrontEnd(None):
        nn.LSTM(8, 4, device="meta")(on_meta, (state, state))
    names = {event.name() for event in profiler.kineto_results.events()}
    assert "aten::_cudnn_rnn" not in names
    assert "aten::sigmoid_" in names
    _, calls = run(nn.LSTM(8, 4, proj_size=2, device="meta"), torch.empty(3, 2, 8, device="meta"))
    assert any("mm" in call.name for call in calls)


@pytest.mark.parametrize(
    "operand", [torch.empty(3, 2, 7, device="meta"), torch.empty(3, 2, 8, dtype=torch.float16, device="meta")]
)
def test_what_a_kernel_refuses_its_rule_refuses(operand):
    weights = [torch.empty(16, 8, device="meta"), torch.empty(16, 4, device="meta")]
    state = torch.empty(1, 2, 4, device="meta")
    with MetaRules(), pytest.raises(RuntimeError, match="an input of"):
        torch.ops.aten._cudnn_rnn(
            operand, weights, 2, None, state, state, 2, 4, 0, 1, False, 0.0, False, False, [], None
        )


class Reader(nn.Module):
    """Reads an image row by row."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(3 * 16, 32, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        rows = x.permute(0, 2, 1, 3).flatten(2)
        return self.head(self.rnn(rows)[0].mean(1))


@pytest.mark.parametrize("precision", ["fp32", "amp-fp16", "amp-bf16", "fp16"])
def test_a_training_step_has_one_call_forward_and_one_backward_of_the_same_module(precision):
    simulation = simulate(
        Reader, batch_size=4, resolution=16, training=True, precision=get_precision(precision), channels_last=False
    )
    calls = extract_calls(simulation.profile, lambda name: registry.find(name) is not None)
    layers = [(call.name, call.module, call.phase) for call in calls if "rnn" in call.name]
    assert layers == [
        ("aten::_cudnn_rnn", "rnn", Phase.FORWARD),
        ("aten::_cudnn_rnn_backward", "rnn", Phase.BACKWARD),
    ]
    for call in calls:
        if "rnn" in call.name:
            operator = registry.find(call.name)
            works = operator.formula(call)
            products = 2 * 4 * 32 * (3 * 16 + 32) + 2 * 4 * 32 * (64 + 32)  # two directions, two layers
            passes = 1 if call.phase is Phase.FORWARD else 2
            assert sum(work.macs for work in works) == passes * products * 4 * 16


def test_inference_keeps_nothing_for_a_backward_pass():
    use = {}
    for training in (False, True):
        simulation = simulate(
            Reader,
            batch_size=64,
            resolution=16,
            training=training,
            precision=get_precision("fp32"),
            channels_last=False,
        )
        use[training] = simulation.memory.activations_bytes
    kept = 5 * 2 * 2 * 32 * 16 * 64 * 4
    assert use[True] >= use[False] + kept
