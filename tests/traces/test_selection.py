"""One step, or a stretch of time: everything belongs to exactly one of several that lie side by side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.errors import TraceError
from memprof.traces.selection import select
from tests.traces.making import call, flat, kernel, launch, module, op, outline, read

STEPS = [
    call(f"ProfilerStep#{number}", start, 100, cat="user_annotation")
    for number, start in ((5, 0), (6, 100), (7, 200), (9, 400))
]


def step_of(number, start):
    """Return an operator of a step and its kernel, which runs when the step is over."""
    return [
        op(f"op{number}", start + 10, 50),
        launch(number, start + 20),
        kernel(number, start + 150, 30, name=f"k{number}"),
    ]


@pytest.fixture
def trace(tmp_path):
    orphans = [kernel(99, 120, 5, name="orphan")]
    return read(tmp_path, *STEPS, *step_of(5, 0), *step_of(6, 100), *step_of(7, 200), *orphans)


def test_a_kernel_belongs_to_the_step_that_launched_it(trace):
    part = select(trace, step=5)
    assert outline(part.profile.events) == [["aten::op5"]]
    assert [(item.name, item.start_ns) for item in part.kernels] == [("k5", 150_000)]
    assert part.orphans == ()
    assert [step.number for step in part.steps] == [5]
    assert (part.start_ns, part.end_ns) == (0, 100_000)
    assert part.warnings == trace.warnings


def test_an_orphan_belongs_to_the_step_in_which_it_began(trace):
    part = select(trace, step=6)
    assert [item.name for item in part.kernels] == ["orphan", "k6"]
    assert [orphan.kernel.name for orphan in part.orphans] == ["orphan"]


def test_a_step_in_which_nothing_happened_is_empty(trace):
    part = select(trace, step=9)
    assert part.profile.events == part.kernels == ()


def test_nothing_selected_is_everything(trace):
    assert select(trace) is trace


def test_a_stretch_of_time_counts_from_the_traces_start(trace):
    part = select(trace, start_seconds=100e-6, end_seconds=300e-6)
    assert outline(part.profile.events) == [["aten::op6"], ["aten::op7"]]
    assert [step.number for step in part.steps] == [6, 7]
    assert select(trace, end_seconds=100e-6).profile == select(trace, step=5).profile
    assert outline(select(trace, start_seconds=150e-6).profile.events) == [["aten::op7"]]


def test_a_missing_step_lists_those_there_are(trace):
    with pytest.raises(TraceError, match=r"trace\.json has no step 8; choose one of its steps: 5 to 7, 9"):
        select(trace, step=8)


def test_a_trace_without_steps_says_how_to_mark_them(tmp_path):
    with pytest.raises(
        TraceError, match=r"marks no steps; record it with torch\.profiler\.schedule .* --from and --to"
    ):
        select(read(tmp_path, *step_of(1, 0)), step=1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"step": 5, "start_seconds": 0.0}, "a step and a stretch"),
        ({"start_seconds": 2e-4, "end_seconds": 1e-4}, r"ends before it begins; the trace lasts 0\.0005 s"),
        ({"start_seconds": 1e-4, "end_seconds": 1e-4}, "ends before it begins"),
        ({"start_seconds": 5.0}, "ends before it begins"),
        ({"start_seconds": 300e-6, "end_seconds": 301e-6}, "nothing happened in the selected stretch"),
        ({"end_seconds": -1.0}, "ends before it begins"),
        ({"start_seconds": float("nan")}, "nan is not a time; give seconds"),
        ({"end_seconds": float("inf")}, "inf is not a time; give seconds"),
    ],
)
def test_what_cannot_be_selected(trace, given, words):
    with pytest.raises(TraceError, match=words):
        select(trace, **given)


def test_what_spans_several_steps_is_cut(tmp_path):
    """A module, or a mark of the user, around the whole training."""
    outer = [call("training", 0, 300, cat="user_annotation"), module("Trainer_0", 1, 298)]
    mine = [launch(50, 105), kernel(50, 106, 1, name="mine")]
    trace = read(tmp_path, *STEPS, *outer, *step_of(5, 0), *step_of(6, 100), *step_of(7, 200), *mine)
    assert outline(select(trace, step=6).profile.events) == [["training", ["Trainer_0", ["aten::op6"]]]]
    parts = [select(trace, step=number) for number in (5, 6, 7)]
    assert sorted(item.name for part in parts for item in part.kernels) == ["k5", "k6", "k7", "mine"]


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 399),
        st.integers(1, 250),
        st.sampled_from(["operator", "mark", "module", "launched", "orphan"]),
    ),
    max_size=20,
)


@given(EVENTS)
def test_the_steps_share_out_everything(tmp_path_factory, drawn):
    events = []
    for number, (start, length, kind) in enumerate(drawn, 1):
        if kind == "operator":
            events += [op(f"op{number}", start, length), launch(number, start), kernel(number, start + 7, 3)]
        elif kind == "mark":
            events.append(call(f"mark {number}", start, length, cat="user_annotation"))
        elif kind == "module":
            events.append(module(f"Module_{number}", start, length))
        elif kind == "launched":
            events += [launch(number, start), kernel(number, start + 300, length)]
        else:
            events.append(kernel(number, start, length))
    steps = [call(f"ProfilerStep#{number}", 100 * number, 100, cat="user_annotation") for number in range(4)]
    trace = read(tmp_path_factory.mktemp("steps"), op("mm", 399, 1), *steps, *events)
    parts = [select(trace, step=number) for number in range(4)]
    launched = [[item for event in flat(part.profile.events) for item in event.kernels] for part in parts]
    for part, mine in zip(parts, launched, strict=True):
        assert sorted(map(repr, part.kernels)) == sorted(map(repr, [*mine, *(item.kernel for item in part.orphans)]))
    everything = [event for event in flat(trace.profile.events) for _ in event.kernels]
    assert sum(map(len, launched)) == len(everything)
    inside = [orphan for orphan in trace.orphans if orphan.kernel.start_ns < 400_000]
    assert sum(len(part.orphans) for part in parts) == len(inside)
    operators = [event.name for part in parts for event in flat(part.profile.events) if "::" in event.name]
    assert sorted(operators) == sorted(event.name for event in flat(trace.profile.events) if "::" in event.name)
