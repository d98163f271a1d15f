"""Steps that no profiler marked: found from the optimizer's calls and from operators that repeat, never from layers."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from memprof.analysis.traced import analyze_trace
from memprof.traces.reading import read_trace
from memprof.traces.selection import select, whole_steps
from memprof.vocabulary import StepsFrom
from tests.traces.making import call, op, read

TRACES = Path(__file__).parents[3] / "shared" / "traces"
V100 = "v100_resnet50_train_fp32_b32_kineto_2021.json.gz"
A100 = "a100_resnet50_train_tf32_b32_noshapes.json.gz"
H100 = "h100_transformer_fwd_tf32.json.gz"
shared = pytest.mark.skipif(not TRACES.exists(), reason="../shared/traces is not beside this checkout")

IMAGES, HIDDEN, CLASSES = [8, 3, 32, 32], [8, 16, 32, 32], [8, 10]
FORWARD = [("conv2d", IMAGES, [16, 3, 3, 3]), ("relu", HIDDEN), ("linear", [8, 16], [10, 16]), ("add", CLASSES)]
LAYER = [("layer_norm", [8, 50, 64]), ("linear", [8, 50, 64], [64, 64]), ("gelu", [8, 50, 64])]
BACKWARD = "autograd::engine::evaluate_function: ConvolutionBackward0"


def train(time, *, update=True, items=(), size=8):
    """Return the events of a training step: its backward runs on a thread of its own."""
    images = [size, *IMAGES[1:]]
    names = [("conv2d", images, [16, 3, 3, 3]), *FORWARD[1:]]
    events = [op(name, next(time), 1, *shapes, Sequence_number=7) for name, *shapes in names]
    events.append(call(BACKWARD, next(time), 1, tid=300, Sequence_number=7))
    if update:
        events.append(call("Optimizer.step#SGD.step", next(time), 1, cat="user_annotation"))
    return events + [op(name, next(time), 1, Sequence_number=7) for name in items]


def infer(time, names=FORWARD):
    return [op(name, next(time), 1, *shapes) for name, *shapes in names]


def found(folder, *steps):
    """Read a trace of these events; return how many steps have been found, from what, and where each begins."""
    trace = read(folder, *(event for step in steps for event in step))
    starts = [(step.start_ns - trace.start_ns) // 10_000 for step in trace.steps]
    return len(trace.steps), trace.steps_from, starts


@pytest.fixture
def time():
    return count(0, 10)


def test_each_call_of_the_optimizer_ends_a_step(tmp_path, time):
    assert found(tmp_path, *(train(time) for _ in range(3))) == (3, StepsFrom.UPDATES, [0, 6, 12])


def test_what_follows_the_optimizer_belongs_to_its_step(tmp_path, time):
    assert found(tmp_path, *(train(time, items=["item"]) for _ in range(3))) == (3, StepsFrom.UPDATES, [0, 7, 14])


def test_logging_every_second_step_does_not_make_two_one(tmp_path, time):
    steps = [train(time, items=["item"] if number % 2 else []) for number in range(6)]
    assert found(tmp_path, *steps)[:2] == (6, StepsFrom.UPDATES)


def test_steps_of_other_sizes_are_told_by_the_optimizer(tmp_path, time):
    assert found(tmp_path, *(train(time, size=2 + number) for number in range(4)))[:2] == (4, StepsFrom.UPDATES)


def test_an_optimizer_of_lists_is_one_too(tmp_path, time):
    steps = []
    for size in (2, 3, 4):
        steps.append(train(time, update=False, size=size))
        steps[-1] += [op(name, next(time), 1) for name in ("_foreach_mul_", "add_", "_foreach_add_")]
    assert found(tmp_path, *steps)[:2] == (3, StepsFrom.UPDATES)


def test_a_warm_up_and_a_part_of_a_step_are_no_steps(tmp_path, time):
    events = [infer(time, LAYER), *(train(time) for _ in range(3)), train(time)[:3]]
    assert found(tmp_path, *events) == (3, StepsFrom.UPDATES, [3, 9, 15])
    trace = read_trace(tmp_path / "trace.json")
    part = whole_steps(trace)
    assert len(part.profile.events) == 3 * 6
    assert whole_steps(part) is part
    warning = next(item for item in analyze_trace(trace, device=a_device()).warnings if item.code == "part-steps")
    assert "the first 30.0 µs and the last 21.0 µs of trace.json belong to no whole step" in warning.message


def a_device():
    from memprof import devices

    return devices.get("a100")


def test_a_backward_pass_without_an_optimizer_repeats(tmp_path, time):
    assert found(tmp_path, *(train(time, update=False) for _ in range(3)))[:2] == (3, StepsFrom.OPERATORS)


@pytest.mark.parametrize("before", [0, 2])
def test_inference_repeats_and_images_begin_it(tmp_path, time, before):
    events = [infer(time, LAYER[:before]), *(infer(time) for _ in range(4)), infer(time)[:2]]
    assert found(tmp_path, *events) == (4, StepsFrom.OPERATORS, [before + 4 * step for step in range(4)])


def test_layers_are_no_steps(tmp_path, time):
    stem, head = infer(time, FORWARD[:1]), ("linear", [8, 64], [10, 64])
    layers = [infer(time, LAYER) for _ in range(12)]
    assert found(tmp_path, stem, *layers, infer(time, [head])) == (0, StepsFrom.NOTHING, [])
    assert found(tmp_path, *layers) == (0, StepsFrom.NOTHING, [])
    turned = [("view", [8, 50, 3, 64]), ("matmul", [8, 50, 64]), ("linear", [8, 50, 64], [192, 64])]
    assert found(tmp_path, *(infer(time, turned) for _ in range(12))) == (0, StepsFrom.NOTHING, [])


def test_layers_of_a_training_step_are_no_steps(tmp_path, time):
    layers = [infer(time, LAYER) for _ in range(12)]
    events = [*layers, train(time), *(infer(time, [("mul_", [64]), ("add_", [64, 64])]) for _ in range(20))]
    assert found(tmp_path, *events) == (0, StepsFrom.NOTHING, [])


def test_layers_in_each_of_several_marked_stretches_are_parts_of_steps(tmp_path, time):
    steps = []
    for _ in range(3):
        mark = call("my forward pass", next(time), 10 * 13, cat="user_annotation")
        steps += [[mark], *(infer(time, LAYER) for _ in range(4))]
    assert found(tmp_path, *steps)[:2] == (3, StepsFrom.OPERATORS)
    assert found(tmp_path, infer(time, FORWARD[:1]), *steps)[:2] == (0, StepsFrom.NOTHING)


def test_what_does_not_repeat_is_no_step(tmp_path, time):
    assert found(tmp_path, infer(time), infer(time, LAYER)) == (0, StepsFrom.NOTHING, [])


def test_marks_count_unless_the_optimizer_ran_more_often(tmp_path, time):
    steps = [train(time) for _ in range(3)]
    marks = [call(f"ProfilerStep#{number}", 60 * number, 60, cat="user_annotation") for number in range(3)]
    assert found(tmp_path, marks, *steps) == (3, StepsFrom.MARKS, [0, 6, 12])
    assert found(tmp_path, [call("ProfilerStep#5", 0, 180, cat="user_annotation")], *steps)[:2] == (
        3,
        StepsFrom.UPDATES,
    )


def test_a_found_step_can_be_selected(tmp_path, time):
    found(tmp_path, *(train(time) for _ in range(3)))
    trace = read_trace(tmp_path / "trace.json")
    parts = [select(trace, step=number) for number in (1, 2, 3)]
    assert [len(part.profile.events) for part in parts] == [6, 6, 6]
    assert analyze_trace(parts[2], device=a_device()).measured.steps == 1
    stretch = select(trace, start_seconds=10e-6, end_seconds=50e-6)
    assert (stretch.steps, stretch.steps_from) == ((), StepsFrom.NOTHING)


def strip(folder, name, *prefixes):
    """Write a shared trace without the events whose names begin like that; return what is read of it."""
    content = json.loads(gzip.decompress((TRACES / name).read_bytes()))
    content["traceEvents"] = [
        event for event in content["traceEvents"] if not str(event.get("name", "")).startswith(prefixes)
    ]
    (folder / name).write_bytes(gzip.compress(json.dumps(content).encode(), compresslevel=1))
    return read_trace(folder / name)


@shared
@pytest.mark.parametrize(
    ("name", "removed", "source"),
    [
        (V100, ("ProfilerStep",), StepsFrom.UPDATES),
        (V100, ("ProfilerStep", "Optimizer"), StepsFrom.OPERATORS),
        (H100, ("ProfilerStep",), StepsFrom.OPERATORS),
    ],
)
def test_figures_per_step_are_those_of_the_marked_trace(tmp_path, name, removed, source):
    marked, stripped = (analyze_trace(item) for item in (read_trace(TRACES / name), strip(tmp_path, name, *removed)))
    assert (marked.measured.steps_from, stripped.measured.steps_from) == (StepsFrom.MARKS, source)
    assert stripped.totals == marked.totals
    assert replace(stripped.measured, steps_from=StepsFrom.MARKS) == marked.measured


@shared
@pytest.mark.parametrize("removed", [("ProfilerStep",), ("ProfilerStep", "Optimizer", "## ")])
def test_each_step_launches_what_the_marked_one_does(tmp_path, removed):
    """The third has the copies of metrics beside it, which NCCL's kernels overlap: its kernels end the same."""
    marked, stripped = read_trace(TRACES / A100), strip(tmp_path, A100, *removed)
    pairs = zip(marked.steps, stripped.steps, strict=True)
    for own, other in pairs:
        ours, theirs = select(marked, step=own.number).kernels, select(stripped, step=other.number).kernels
        assert sum(kernel.duration_ns for kernel in ours) == sum(kernel.duration_ns for kernel in theirs)
