"""A profile read from the file that torch wrote equals the same profile read from torch itself."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.autograd.profiler import profile
from torch.profiler import ProfilerActivity, schedule
from torch.profiler import profile as stepping

from memprof.profiles.kineto import read_events
from memprof.profiles.records import EventCategory
from memprof.profiles.step import Batch, Step
from memprof.traces.reading import read_trace
from memprof.traces.selection import select
from tests.traces.making import flat


def network():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.GELU(),
        nn.Sequential(nn.Conv2d(8, 8, 7, padding=3, groups=8), nn.Flatten(), nn.LayerNorm(8 * 64), nn.Dropout(0.1)),
        nn.Linear(8 * 64, 10),
    )


def bare(event):
    """Return an event as the live reader gives it, without times."""
    return (event.name, event.category, event.inputs, event.sequence_number, tuple(map(bare, event.children)))


def test_a_training_step_reads_the_same_from_file_and_from_torch(tmp_path):
    step = Step(network(), "network", True, "")
    images = torch.randn(2, 3, 16, 16).to(memory_format=torch.channels_last)
    with profile(use_kineto=True, record_shapes=True) as profiler:
        step.run(Batch((images,), targets=torch.tensor([1, 2])))
    live = read_events(profiler.kineto_results)
    path = tmp_path / "trace.json"
    profiler.export_chrome_trace(str(path))
    trace = read_trace(path)
    assert tuple(map(bare, trace.profile.events)) == tuple(map(bare, live))
    assert (trace.has_strides, trace.has_concrete_inputs) == (True, True)
    assert all(event.duration_ns > 0 for event in trace.profile.events)


@pytest.mark.parametrize("suffix", ["json", "json.gz"])
def test_steps_and_modules_as_torch_profiler_marks_them(tmp_path, suffix):
    model = network().eval()
    path = tmp_path / f"trace.{suffix}"
    with stepping(
        activities=[ProfilerActivity.CPU],
        schedule=schedule(wait=0, warmup=1, active=2),
        record_shapes=True,
        with_stack=True,
        acc_events=True,
        on_trace_ready=lambda done: done.export_chrome_trace(str(path)),
    ) as profiler:
        for _ in range(3):
            model(torch.randn(2, 3, 16, 16))
            profiler.step()
    trace = read_trace(path)
    assert [step.number for step in trace.steps] == [1, 2]
    for number in (1, 2):
        events = flat(select(trace, step=number).profile.events)
        assert sum(event.name == "aten::conv2d" for event in events) == 2
        assert {event.name for event in events if event.category is EventCategory.MODULE} >= {
            "",
            "Conv2d_0",
            "BatchNorm2d_0",
            "GELU_0",
            "Sequential_1",
            "Sequential_1.Conv2d_1",
            "Linear_0",
        }
