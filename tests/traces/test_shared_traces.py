"""Traces that others recorded on real GPUs: nothing is lost, and nearly everything has shapes."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from memprof.calls import extract_calls
from memprof.operators.registry import costed_names
from memprof.profiles.records import Activity, EventCategory
from memprof.traces.reading import read_trace
from memprof.traces.selection import select
from memprof.vocabulary import Phase
from tests.traces.making import codes, flat

TRACES = Path(__file__).parents[3] / "shared" / "traces"
V100 = "v100_resnet50_train_fp32_b32_kineto_2021.json.gz"
A100 = "a100_particletransformer_fwd_amp_b512.json.gz"
VIT = "h100_vit_base_bf16_infer.json.gz"
TF32 = "h100_transformer_fwd_tf32.json.gz"
MI300X = "mi300x_norm_layers_fwd_bwd.json.gz"
NAMES = (V100, A100, VIT, TF32, MI300X)

pytestmark = pytest.mark.skipif(not TRACES.exists(), reason="the shared traces are not here")


@cache
def trace(name):
    return read_trace(TRACES / name)


@cache
def recorded(name):
    """Return what ran on the devices of a trace by category, read by other means: exact decimals, no join."""
    events = json.loads(gzip.decompress((TRACES / name).read_bytes()), parse_float=Decimal, parse_int=Decimal)
    durations = {}
    for event in events["traceEvents"]:
        category = str(event.get("cat")).lower().removeprefix("gpu_")
        if event.get("ph") == "X" and category in {"kernel", "memcpy", "memset"}:
            durations.setdefault(category, []).append(event["dur"])
    return durations


@cache
def calls(name):
    return extract_calls(trace(name).profile, costed_names().__contains__)


@pytest.mark.parametrize("name", NAMES)
def test_kernel_time_is_the_traces_own_to_the_nanosecond(name):
    kinds = {"kernel": {Activity.KERNEL, Activity.COMMUNICATION}, "memcpy": {Activity.COPY}, "memset": {Activity.FILL}}
    for category, activities in kinds.items():
        durations = [item.duration_ns for item in trace(name).kernels if item.activity in activities]
        expected = recorded(name).get(category, [])
        assert len(durations) == len(expected)
        assert sum(durations) == 1000 * sum(expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_kernel_is_launched_by_one_event_or_is_an_orphan(name):
    launched = [item for event in flat(trace(name).profile.events) for item in event.kernels]
    orphans = [orphan.kernel for orphan in trace(name).orphans]
    assert sorted(map(id, launched + orphans)) == sorted(map(id, trace(name).kernels))


@pytest.mark.parametrize("name", NAMES)
def test_the_calls_have_every_launched_kernel_once(name):
    found = [item for call in calls(name) for item in call.kernels]
    assert len(set(map(id, found))) == len(found) == len(trace(name).kernels) - len(trace(name).orphans)


@pytest.mark.parametrize("name", NAMES)
def test_nearly_all_kernel_time_belongs_to_operators_with_shapes(name):
    shaped = sum(item.duration_ns for call in calls(name) if call.tensors() for item in call.kernels)
    assert shaped >= 0.97 * sum(item.duration_ns for item in trace(name).kernels)


@pytest.mark.parametrize("name", NAMES)
def test_every_kernel_ran_after_its_launch_began(name):
    """With a wrong join, some would not; clocks of host and device agree to some microseconds."""
    assert all(item.start_ns >= item.launched_ns - 5_000 for item in trace(name).kernels)


@pytest.mark.parametrize(
    ("name", "device", "sms"),
    [
        (V100, "Tesla V100-DGXS-32GB", 80),
        (A100, "NVIDIA A100-PCIE-40GB", 108),
        (VIT, "NVIDIA H100 80GB HBM3", 132),
        (TF32, "NVIDIA H100 80GB HBM3", 132),
        (MI300X, "AMD Instinct MI300X", 304),
    ],
)
def test_the_devices(name, device, sms):
    assert (trace(name).devices[0].name, trace(name).devices[0].sm_count) == (device, sms)


def test_the_steps_of_the_v100():
    """Six training steps of ResNet-50: 161 parameters, 53 convolutions, each once forward and once backward."""
    assert [step.number for step in trace(V100).steps] == [5, 6, 7, 8, 9, 10]
    parts = [select(trace(V100), step=number) for number in range(5, 11)]
    assert sum(len(part.kernels) for part in parts) == len(trace(V100).kernels)
    for part in parts:
        found = extract_calls(part.profile, costed_names().__contains__)
        forward = [call for call in found if call.phase is Phase.FORWARD and "convolution" in call.name]
        backward = [call for call in found if call.phase is Phase.BACKWARD and "convolution_backward" in call.name]
        assert len(forward) == len(backward) == 53
        updates = [call for call in found if call.phase is Phase.OPTIMIZER and call.name == "aten::zero_"]
        assert len(updates) == 161
    assert "coarse-clock" in codes(trace(V100))
    assert (trace(V100).has_strides, trace(V100).has_concrete_inputs) == (False, False)


def test_the_modules_of_the_vision_transformer():
    modules = {event.name for event in flat(trace(VIT).profile.events) if event.category is EventCategory.MODULE}
    assert len([name for name in modules if name.count(".") == 1 and ".ViTLayer_" in name]) == 12
    linear = [
        call for call in calls(VIT) if call.name in {"aten::addmm", "aten::linear"} and ".ViTLayer_3." in call.module
    ]
    assert len(linear) == 6  # query, key, value, output, and the two of the MLP


def test_backward_of_the_mi300x_finds_its_modules():
    """Its ten norms, forward and backward, the loss aside."""
    for phase in (Phase.FORWARD, Phase.BACKWARD):
        modules = {call.module for call in calls(MI300X) if call.phase is phase and "Norm" in call.module}
        assert len(modules) == 10
    assert (trace(MI300X).has_strides, trace(MI300X).has_concrete_inputs) == (True, True)


def test_half_precision_of_the_a100_shows():
    dtypes = {tensor.dtype for call in calls(A100) for tensor in call.tensors()}
    assert {"float16", "float32"} <= dtypes
    assert "" not in dtypes
