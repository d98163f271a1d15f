"""From bounds to time: the timeline against a clock that is moved by hand, laws of any kernel."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.calls import OperatorCall
from memprof.operators.work import Conversion, Pattern, Product, Traffic, Work
from memprof.report.record import DeviceCeilings, HostCosts
from memprof.roofline.kernels import gather
from memprof.roofline.points import CostedCall, bounds_of, engines_of, place
from memprof.roofline.timing import LAUNCH_QUEUE, kernel_times, timeline
from memprof.tensors.precision import get_precision
from memprof.vocabulary import Kind

TF32 = get_precision("tf32")
SPANS = st.floats(0, 1e3)


def test_a_timeline_by_hand():
    """The first starts at 1 and ends at 6, the second follows at once, the third waits from 7 to 10."""
    steps = timeline([5, 1, 1], [1, 2, 10])
    assert steps.waits.tolist() == [1, 0, 3]
    assert steps.runs.tolist() == [5, 1, 1]
    assert steps.host_seconds == 10


def test_a_host_waits_where_the_queue_is_full():
    """A kernel of 100 s, as many as the queue holds of 1 s, and one more, which needs the second to have started."""
    count = LAUNCH_QUEUE + 2
    runs, launched = [100.0] + [1.0] * (count - 1), [0.0] * (count - 1) + [5.0]
    steps = timeline(runs, launched)
    assert steps.host_seconds == 100
    assert steps.waits.sum() == 0
    # The queue's kernels of no work are done at 5000; those behind them come a second after one another.
    idle = timeline([5000.0] + [0.0] * (2 * LAUNCH_QUEUE), [float(place) for place in range(2 * LAUNCH_QUEUE + 1)])
    assert idle.host_seconds == 5000 + LAUNCH_QUEUE - 1
    assert idle.waits.sum() == LAUNCH_QUEUE - 1


def test_a_timeline_of_nothing():
    steps = timeline([], [])
    assert (steps.waits.size, steps.runs.size, steps.host_seconds) == (0, 0, 0)


@given(st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=30))
def test_a_timeline_is_what_a_clock_shows(items):
    """`items`: how long the host needs for each launch, how long the kernel runs."""
    launched, runs = list(accumulate(gap for gap, _ in items)), [run for _, run in items]
    steps = timeline(runs, launched)
    clock, waits = 0.0, []
    for ready, run in zip(launched, runs, strict=True):
        waits.append(max(0.0, ready - clock))
        clock = max(clock, ready) + run
    total = float(steps.waits.sum() + steps.runs.sum())
    assert steps.waits.tolist() == pytest.approx(waits, abs=1e-9)
    assert total == pytest.approx(clock)
    assert steps.waits.min() >= 0
    assert total >= max(sum(runs), steps.host_seconds, launched[-1] + runs[-1]) * (1 - 1e-12)


TOY = DeviceCeilings("toy", "Toy", {"dram": 100.0}, {"tensor": 8000.0, "fp32": 1000.0})
COPY = Work("copy", "float32", dram=Traffic(100, 100))  # 2 s


def bounds_and_seconds(works, seconds_per_launch=0.0, **constants):
    item = CostedCall(OperatorCall("aten::copy_", ()), Kind.LAYOUT, works)
    host = HostCosts("toy", "Toy", 0.0, 0.0, 0.0, 0.0, 0.0, seconds_per_launch)
    device = replace(TOY, achievable=constants, host=host)
    (point,) = place([item], device, TF32)
    return point.bound, point.seconds, point.roofline_seconds


def test_what_sets_most_of_the_time_gives_the_bound_its_name():
    assert bounds_and_seconds((COPY,)) == ("dram", 2.0, 2.0)
    assert bounds_and_seconds((COPY,), launch_seconds=1.5) == ("dram", 3.5, 2.0)
    assert bounds_and_seconds((COPY,), launch_seconds=2.5) == ("launch", 4.5, 2.0)
    assert bounds_and_seconds((COPY,), seconds_per_launch=1.5) == ("dram", 3.5, 2.0)
    assert bounds_and_seconds((COPY,), seconds_per_launch=2.5) == ("host", 4.5, 2.0)


def test_the_host_runs_ahead_of_long_kernels_and_behind_short_ones():
    """Launches at 3 and 6: a kernel of 2 s ends at 5, so the second waits for 1 s; one of 4 s leaves no wait."""
    assert bounds_and_seconds((COPY, COPY), seconds_per_launch=3.0)[1] == 3 + 2 + 1 + 2
    twice = Work("copy", "float32", dram=Traffic(200, 200))
    assert bounds_and_seconds((twice, twice), seconds_per_launch=3.0)[1] == 3 + 4 + 4


def test_each_launch_of_a_kernel_counts():
    several = Work("copy", "float32", dram=Traffic(100, 100), launches=5)
    assert bounds_and_seconds((several,), launch_seconds=0.1)[1] == pytest.approx(2 + 5 * 0.1)
    assert bounds_and_seconds((several,), seconds_per_launch=1.0)[1] == 5 + 2


AMOUNTS = st.integers(0, 10**9)
FRACTIONS = st.floats(0.01, 1)
WORKS = st.builds(
    lambda pattern, dtype, moved, inner, matrix, vector, sizes, extra: Work(
        "forward",
        dtype,
        matrix,
        vector,
        matrix / 2,
        dram=Traffic(*moved),
        l1=Traffic(moved[0] + inner, moved[1]),
        blocks=extra[0],
        product=Product(*sizes) if matrix else None,
        pattern=pattern,
        conversions=(Conversion(extra[1], 3),) if extra[1] % 2 else (),
        serial_steps=extra[2],
    ),
    st.sampled_from(Pattern),
    st.sampled_from(["float32", "float16"]),
    st.tuples(AMOUNTS, AMOUNTS),
    AMOUNTS,
    AMOUNTS,
    AMOUNTS,
    st.tuples(*[st.integers(1, 500)] * 4),
    st.tuples(st.none() | st.integers(1, 1000), AMOUNTS, AMOUNTS),
)
CONSTANTS = st.fixed_dictionaries(
    {},
    optional={
        **{
            f"{name}_dram_fraction": FRACTIONS
            for name in ("stream", "row", "product", "unaligned", "core_product", "depthwise_cudnn")
        },
        **{
            f"{name}_tensor_fraction": FRACTIONS
            for name in ("matmul", "matmul_tf32", "convolution", "weight_gradient", "few_channels", "attention")
        },
        **dict.fromkeys(("product_core_fraction", "tap_l1_fraction"), FRACTIONS),
        **dict.fromkeys(
            (
                "depthwise_weight_instructions",
                "tile_prologue_depth",
                "tap_prologue_instructions",
                "launch_seconds",
                "serial_load_seconds",
            ),
            SPANS,
        ),
        "issue_slots_per_second": st.floats(1, 1e12),
        "l2_capacity_bytes": AMOUNTS,
        "sm_count": st.integers(1, 200),
    },
)
FULL = DeviceCeilings("full", "Full", {"dram": 1e3, "l2": 4e3, "l1": 1e4}, {"tensor": 8e4, "fp32": 1e4, "fp16": 2e4})


@given(st.lists(WORKS, min_size=1, max_size=6), CONSTANTS)
def test_no_kernel_takes_less_than_any_ceiling_asks_for(works, constants):
    engines = [engines_of(work, FULL, TF32) for work in works]
    device = replace(FULL, achievable=constants)
    bounds = bounds_of(works, engines, device)
    times = kernel_times(gather(works, engines), bounds, device)
    assert times.names == (*bounds.names, "issue", "latency")
    elsewhere = [work.pattern is Pattern.FEW_CHANNELS and work.dtype == "float32" for work in works]  # on CUDA cores
    asked = bounds.seconds * (1 - 1e-12)
    assert ((times.seconds[:-2] >= asked) | np.array(elsewhere)).all()
    assert (times.runs >= bounds.least * (1 - 1e-12)).all()
    assert (times.launching >= 0).all()
    assert {times.bound(index) for index in range(len(works))} <= {*times.names, "launch"}


@given(st.lists(WORKS, min_size=1, max_size=6))
def test_without_constants_only_tiles_and_waves_separate_time_from_bound(works):
    works = [work for work in works if work.product is None and not work.conversions]
    if works:
        engines = [engines_of(work, TOY, TF32) for work in works]
        bounds = bounds_of(works, engines, TOY)
        times = kernel_times(gather(works, engines), bounds, TOY)
        depthwise = {Pattern.DEPTHWISE, Pattern.DEPTHWISE_DATA}  # these wait for DRAM first
        for index, work in enumerate(works):
            if work.pattern not in depthwise | {Pattern.FEW_CHANNELS}:
                assert times.runs[index] == bounds.least[index]
