"""Real runs on the CPU: what is recorded is what a simulation says, in every precision; what goes wrong is said."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch import nn

from memprof.calls import extract_calls
from memprof.errors import ModelError
from memprof.models import create_model
from memprof.operators import registry
from memprof.profiles.records import EventCategory, Profile
from memprof.profiles.run.machine import Machine, find_machine
from memprof.profiles.run.measured import PROFILED, check_room, run_model
from memprof.profiles.run.telemetry import Sample
from memprof.profiles.run.timer import Plan
from memprof.profiles.simulated import simulate
from memprof.tensors.precision import get_precision
from tests.profiles.test_kineto import flat

HERE = find_machine("cpu")
ONCE = Plan(warm_up=1, least=2, most=2)


def tiny():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    )


def run(
    build=tiny,
    machine=HERE,
    *,
    training=False,
    precision="fp32",
    channels_last=True,
    plan=ONCE,
    compiled=False,
    resolution=32,
):
    return run_model(
        build,
        machine,
        batch_size=2,
        resolution=resolution,
        training=training,
        precision=get_precision(precision),
        channels_last=channels_last,
        plan=plan,
        compiled=compiled,
        name="net",
    )


def calls_of(profile):
    calls = extract_calls(profile, lambda name: registry.find(name) is not None)
    known = [call for call in calls if (operator := registry.find(call.name)) is not None and operator.formula(call)]
    return Counter((call.name.removesuffix("_"), call.module, call.phase, call.inputs) for call in known)


@pytest.mark.parametrize("channels_last", [False, True], ids=["channels-first", "channels-last"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("model", ["resnet18", "convnext_atto"])
def test_every_call_of_the_simulation_has_its_counterpart(model, precision, channels_last):
    outcome = run(
        lambda: create_model(model), precision=precision, channels_last=channels_last, plan=Plan(0, 1, 1), resolution=64
    )
    simulation = simulate(
        lambda: create_model(model),
        batch_size=2,
        resolution=64,
        training=False,
        precision=get_precision(precision),
        channels_last=channels_last,
    )
    expected = calls_of(simulation.profile)
    assert sum(expected.values()) > 50
    assert calls_of(Profile(outcome.recording.events)) == expected
    assert outcome.parameters == simulation.parameters


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "amp-bf16", "amp-fp16"])
@pytest.mark.parametrize("training", [False, True], ids=["infer", "train"])
def test_precisions_reach_the_operators(precision, training):
    outcome = run(training=training, precision=precision)
    wanted = get_precision(precision).matrix_dtype
    calls = extract_calls(Profile(outcome.recording.events), lambda name: registry.find(name) is not None)
    products = [call for call in calls if call.name in {"aten::convolution", "aten::convolution_backward"}]
    assert len(products) == (2 if training else 1)
    assert {tensor.dtype for call in products for tensor in call.tensors()} == {wanted}


def test_steps_are_timed_one_by_one_and_one_is_recorded():
    outcome = run(plan=Plan(warm_up=4, least=7, most=7))
    timing = outcome.timing
    assert (len(timing.step_seconds), timing.warm_up, timing.compiled) == (7, 4, False)
    assert min(timing.step_seconds) <= timing.low_seconds <= timing.median_seconds <= timing.high_seconds
    modules = [event.name for event in flat(outcome.recording.events) if event.category is EventCategory.MODULE]
    assert modules == ["", "0", "1", "2", "3", "4", "5"]
    outermost = sum(event.duration_ns for event in outcome.recording.events)
    assert 0 < outermost * 1e-9 <= timing.profiled_seconds * 1.001  # the profiler's clock is not the timer's


def test_how_often_the_model_runs():
    ran = []

    class Counting(nn.Linear):
        def forward(self, images):
            ran.append(self.training)
            return super().forward(images.mean((2, 3)))

    run(lambda: Counting(3, 5), plan=Plan(2, 5, 5))
    assert ran == [False] * (2 + 5 + PROFILED)


def test_training_neither_diverges_nor_adds_up_gradients():
    model = tiny()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    run(lambda: model, training=True, plan=Plan(0, 20, 20))
    for old, new in zip(before, model.parameters(), strict=True):
        assert torch.isfinite(new).all()
        assert torch.allclose(old, new, atol=1e-2)
        assert new.grad is not None
    events = list(flat(run(training=True).recording.events))
    assert "aten::_foreach_mul_" in [event.name for event in events]
    gradients = [event for event in events if event.name == "torch::autograd::AccumulateGrad" and event.children]
    assert len(gradients) >= len(before)
    assert "aten::add_" not in [event.name for event in flat(gradients)]


class Scripted:
    def time(self, work):
        work()
        self.seconds = next(self.script)
        return self.seconds


def test_of_the_profiled_steps_that_of_the_middle_time_counts():
    timer = Scripted()
    timer.script = iter([1.0, 1.0, 9.0, 3.0, 5.0])
    assert run(machine=replace(HERE, timer=timer)).timing.profiled_seconds == 5.0


class Sensors:
    def __init__(self):
        self.joules = iter((10.0, 18.0))

    def sample(self):
        return Sample(power_watts=50.0)

    def energy_joules(self):
        return next(self.joules)


def test_sensors_are_read_while_steps_are_timed():
    telemetry = run(machine=replace(HERE, sensors=Sensors()), plan=Plan(1, 4, 4)).telemetry
    assert telemetry.energy_joules_per_image == (18.0 - 10.0) / (4 * 2)
    assert telemetry.power_watts.mean == 50.0
    assert run().telemetry is None


def test_a_compiled_model_has_no_scopes_of_modules(monkeypatch):
    """They would keep torch.compile from seeing the whole; compiling itself is not what is tested here."""
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda model: compiled.append(model) or model)
    outcome = run(compiled=True)
    assert len(compiled) == 1
    assert outcome.timing.compiled
    assert not [event for event in flat(outcome.recording.events) if event.category is EventCategory.MODULE]
    assert [event.name for event in flat(outcome.recording.events) if event.name == "aten::convolution"]


def test_a_compiler_that_fails_is_told_from_a_model_that_fails(monkeypatch):
    class Fails(nn.Module):
        def forward(self, images):
            raise RuntimeError("no compiler")

    monkeypatch.setattr(torch, "compile", lambda model: Fails())
    with pytest.raises(ModelError, match="no compiler") as caught:
        run(compiled=True)
    assert "without torch.compile" in caught.value.remedy


class Raises(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, images):
        raise self.error


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: 7, "net gives a int"),
        (lambda: 1 / 0, "building net failed: ZeroDivisionError"),
        (lambda: nn.Sequential(nn.Identity(), Raises(ValueError("a bad day"))), "module '1': ValueError: a bad day"),
        (lambda: nn.Conv2d(4, 4, 1), "net failed: RuntimeError"),
    ],
)
def test_a_model_that_does_not_run_is_a_clear_error(build, words):
    with pytest.raises(ModelError, match=words):
        run(build)


def no_room():
    raise MemoryError


@pytest.mark.parametrize(
    "build",
    [
        no_room,
        lambda: Raises(MemoryError()),
        lambda: Raises(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")),
        lambda: Raises(RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")),
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 2**45)),
    ],
    ids=["building", "python", "cuda", "cudnn", "really"],
)
def test_a_model_that_does_not_fit_is_told_with_its_batch(build):
    with pytest.raises(ModelError, match="net at batch size 2 does not fit into the memory of ") as caught:
        run(build)
    assert caught.value.remedy == "use a smaller batch size"


def test_the_optimizer_may_run_out_of_memory_as_well(monkeypatch):
    def fails(*arguments, **options):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr("memprof.profiles.optimizers.sgd", fails)
    with pytest.raises(ModelError, match="does not fit"):
        run(training=True)


def test_a_model_that_needs_more_than_is_free_is_not_tried():
    small = Machine("cpu", "a small computer", HERE.timer, free_bytes=10**9)
    check_room(10**9, small, "net", 64)
    with pytest.raises(ModelError) as caught:
        check_room(2_500_000_000, small, "net", 64)
    assert caught.value.what == "net at batch size 64 needs 2.5 GB of memory, and 1.0 GB are free on a small computer"
    check_room(10**18, replace(small, free_bytes=None), "net", 64)


@pytest.mark.parametrize("when", ["warming up", "timing", "profiling"])
def test_ctrl_c_passes_and_leaves_no_thread_behind(when):
    steps = {"warming up": 1, "timing": 4, "profiling": 9}[when]

    class Interrupted(nn.Linear):
        left = steps

        def forward(self, images):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
            return super().forward(images.mean((2, 3)))

    with pytest.raises(KeyboardInterrupt):
        run(lambda: Interrupted(3, 5), replace(HERE, sensors=Sensors()), plan=Plan(2, 5, 5))
    assert "memprof telemetry" not in [thread.name for thread in threading.enumerate()]
    assert not torch.autograd._profiler_enabled()
