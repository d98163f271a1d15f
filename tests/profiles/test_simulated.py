"""The simulated profile: equal to a real one where a real one can be had, and never more than shapes."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from memprof.calls import OperatorCall, extract_calls
from memprof.errors import ModelError
from memprof.models import create_model
from memprof.operators import registry
from memprof.profiles.simulated import simulate
from memprof.tensors.precision import get_precision
from memprof.vocabulary import Phase
from tests.profiles.real import run_for_real

BATCH, RESOLUTION = 2, 64


def simulated_calls(build, *, training=False, precision="tf32", channels_last=False, batch_size=BATCH):
    simulation = simulate(
        build if callable(build) else lambda: create_model(build),
        batch_size=batch_size,
        resolution=RESOLUTION,
        training=training,
        precision=get_precision(precision),
        channels_last=channels_last,
    )
    return _calls(simulation.profile)


def _calls(profile) -> tuple[OperatorCall, ...]:
    return extract_calls(profile, lambda name: registry.find(name) is not None)


def costed(calls):
    """Return what costs something, comparable between the meta device and a CPU.

    Gradients of a fork are summed in place where nobody else holds them; the Python mode holds them, so on meta the
    sum is `add` where it is `add_` otherwise: the same bytes. Foreach operators run one by one on a CPU.
    """
    return [
        (call.name.replace("add_", "add"), call.inputs, call.module, call.phase)
        for call in calls
        if call.phase is not Phase.OPTIMIZER and _is_costed(call)
    ]


def _is_costed(call):
    operator = registry.find(call.name)
    return operator is not None and bool(operator.formula(call))


@pytest.mark.parametrize("channels_last", [False, True], ids=["channels-first", "channels-last"])
@pytest.mark.parametrize("training", [False, True], ids=["infer", "train"])
@pytest.mark.parametrize(
    "model", ["resnet18", "resnet50", "convnext_atto", "convnext_t", "inceptionnext_t", "inceptionnext_t:norm=layer"]
)
def test_the_simulated_step_is_the_real_one_strides_included(model, training, channels_last):
    real = run_for_real(model, batch_size=BATCH, resolution=RESOLUTION, training=training, channels_last=channels_last)
    expected = costed(_calls(real))
    simulated = costed(simulated_calls(model, training=training, channels_last=channels_last))
    assert len(expected) > 50
    differing = [(mine, theirs) for mine, theirs in zip(simulated, expected, strict=True) if mine != theirs]
    assert differing == []


def test_calls_carry_module_and_phase():
    calls = simulated_calls("inceptionnext_t", training=True)
    bands = [call for call in calls if call.module == "stages.2.blocks.4.token_mixer.dwconv_w"]
    assert {(call.name, call.phase) for call in bands if _is_costed(call)} == {
        ("aten::convolution", Phase.FORWARD),
        ("aten::convolution_backward", Phase.BACKWARD),
    }
    assert {call.phase for call in calls} == set(Phase)


def test_a_backward_call_carries_the_module_of_its_forward_call():
    calls = simulated_calls("convnext_t", training=True)
    forward = {call.module for call in calls if call.name == "aten::convolution"}
    backward = {call.module for call in calls if call.name == "aten::convolution_backward"}
    assert forward == backward
    assert "stages.0.0.dwconv" in backward


def test_a_training_step_ends_with_nesterov_sgd():
    names = [call.name for call in simulated_calls("resnet18", training=True) if call.phase is Phase.OPTIMIZER]
    # buffer = momentum * buffer + gradient; gradient = gradient + momentum * buffer; parameter -= rate * gradient
    assert names == ["aten::_foreach_mul_", "aten::_foreach_add_", "aten::_foreach_add_", "aten::_foreach_add_"]


def test_a_large_batch_allocates_nothing_and_has_the_same_calls():
    small = simulated_calls("resnet18", batch_size=1)
    large = simulated_calls("resnet18", batch_size=4096)
    assert [call.name for call in small] == [call.name for call in large]
    assert large[0].tensor(0).shape == (4096, 3, RESOLUTION, RESOLUTION)


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [
        ("tf32", "float32"),
        ("fp32", "float32"),
        ("amp-fp16", "float16"),
        ("amp-bf16", "bfloat16"),
        ("fp16", "float16"),
        ("bf16", "bfloat16"),
    ],
)
def test_the_precision_decides_what_convolutions_read(precision, dtype):
    calls = simulated_calls("resnet18", precision=precision)
    convolutions = [call for call in calls if call.name == "aten::convolution"]
    assert {tensor.dtype for call in convolutions for tensor in call.tensors()} == {dtype}


def test_real_weights_are_neither_copied_nor_lost():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
    before = model[0].weight.clone()
    calls = simulated_calls(lambda: model)
    assert not model[0].weight.is_meta
    assert torch.equal(model[0].weight, before)
    assert calls[0].tensor(1).shape == (4, 3, 3, 3)


class ReadsAValue(nn.Module):
    def forward(self, x):
        return x if x.sum().item() > 0 else -x


class Raises(nn.Module):
    def forward(self, x):
        raise ValueError("a bad day")


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: nn.Sequential(nn.Identity(), ReadsAValue()), ["'1'", "item"]),
        (lambda: nn.Sequential(Raises()), ["'0'", "ValueError: a bad day"]),
        (lambda: nn.Sequential(nn.Conv2d(4, 4, 1)), ["'0'"]),
        (lambda: 7, ["int", "torch.nn.Module"]),
        (lambda: 1 / 0, ["ZeroDivisionError"]),
    ],
)
def test_a_model_that_does_not_run_is_a_clear_error(build, words):
    with pytest.raises(ModelError) as caught:
        simulated_calls(build)
    for word in words:
        assert word in str(caught.value)


class Chooses(nn.Conv2d):
    def forward(self, x):
        return super().forward(x).argmax(1)


def test_training_needs_something_with_a_gradient():
    with pytest.raises(ModelError, match="nothing floating has a gradient"):
        simulated_calls(lambda: Chooses(3, 3, 1), training=True)


def test_no_module_that_slows_the_start_is_imported():
    code = (
        "import sys; from memprof.models import create_model; from memprof.profiles.simulated import simulate;"
        "from memprof.tensors.precision import get_precision\n"
        "for training in (False, True):\n"
        "    simulate(lambda: create_model('inceptionnext_t'), batch_size=2, resolution=64, training=training,"
        " precision=get_precision('tf32'), channels_last=True)\n"
        "assert not {'torch._dynamo', 'torch._inductor', 'sympy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
