"""When the host has launched each kernel: a clock moved by hand, and laws of any host."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.calls import OperatorCall
from memprof.devices import hosts
from memprof.operators.work import Traffic, Work
from memprof.report.record import DeviceCeilings, HostCosts
from memprof.roofline.hosts import enters_module, launch_times
from memprof.roofline.points import CostedCall, place
from memprof.tensors.precision import get_precision
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import Kind, Phase

TF32 = get_precision("tf32")
HOST = HostCosts("toy", "Toy", 10.0, 6.0, 3.0, 7.0, 4.0, 2.0)
"""An operator 10 s, a cast 6, a view 3, a call of autograd 7, a module 4, a launch 2."""
TOY = DeviceCeilings("toy", "Toy", {"dram": 100.0}, {"fp32": 1000.0})
COPY = Work("copy", "float32", dram=Traffic(100, 100))  # 2 s


def call(name="aten::add", module="", phase=Phase.FORWARD, works=(COPY,)):
    return OperatorCall(name, (), module, phase), works


@pytest.mark.parametrize(
    ("before", "after", "enters"),
    [
        ("", "stem", True),
        ("stem", "stem", False),
        ("stages.0.norm", "stages.0.mlp.fc1", True),
        ("stages.0.norm", "stages.0", False),  # back in the block itself
        ("stages.0", "stages.0.norm", True),
        ("stages.0", "", False),
        ("", "", False),
        ("stage10", "stage1", True),
    ],
)
def test_a_module_is_entered_where_the_path_changes_but_not_back_to_its_parent(before, after, enters):
    assert enters_module(before, after) == enters


def test_a_forward_pass_by_hand():
    """A product in "a.b", a cast and an operator of two kernels beside it, a view, an allocation, the block's sum."""
    steps = [
        call(module="a.b"),
        call("aten::_to_copy", "a.c"),
        call(module="a.c", works=(COPY, replace(COPY, launches=3))),
        call("aten::view", "a.c", works=()),
        call("aten::empty", "a.c", works=()),
        call(module="a"),
    ]
    first = 10 + 4 + 2
    cast = first + 6 + 4 + 2
    assert launch_times(steps, HOST).tolist() == [first, cast, cast + 10 + 2, cast + 10 + 2 + 3 * 2, cast + 18 + 3 + 12]


def test_autograd_has_neither_modules_nor_python_and_the_optimizer_has_python():
    steps = [call(module="a", phase=Phase.BACKWARD), call(module="a", phase=Phase.OPTIMIZER)]
    assert launch_times(steps, HOST).tolist() == [7 + 2, 7 + 2 + 10 + 2]


def test_a_loop_over_parameters_is_an_operator_for_each():
    """The first takes an operator and its launch, each that follows a view and its launch."""
    update, works = call("aten::_foreach_add_", phase=Phase.OPTIMIZER, works=(COPY, COPY, COPY))
    looped = replace(update, stack=parse_stack("torch 1.13"))
    assert launch_times([(looped, works)], HOST).tolist() == [10 + 2, 10 + 2 + 3 + 2, 10 + 2 + 2 * (3 + 2)]
    assert launch_times([(update, works)], HOST).tolist() == [10 + 2, 10 + 2 + 2, 10 + 2 + 2 + 2]


def test_without_a_host_everything_is_launched_at_once():
    assert launch_times([call(module="a"), call(works=())], None).tolist() == [0.0]
    assert launch_times([call(), call("aten::_to_copy", "a")], hosts.costs(hosts.get("cuda-graphs"))).tolist() == [0, 0]
    assert launch_times([], HOST).size == 0


SECONDS = st.floats(0, 100)
CALLS = st.lists(
    st.builds(
        lambda name, module, phase, kernels: CostedCall(
            OperatorCall(name, (), module, phase), Kind.LAYOUT, kernels * (COPY,)
        ),
        st.sampled_from(["aten::add", "aten::_to_copy", "aten::view"]),
        st.sampled_from(["", "a", "a.b", "c.d"]),
        st.sampled_from(list(Phase)),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=20,
)


def seconds_of(calls, host):
    return sum(point.seconds for point in place(calls, replace(TOY, host=host), TF32))


@given(CALLS, st.lists(SECONDS, min_size=6, max_size=6), st.integers(0, 5), SECONDS)
def test_a_slower_host_never_makes_a_step_faster(calls, figures, place, more):
    slower = [value + more * (index == place) for index, value in enumerate(figures)]
    fast, slow = (seconds_of(calls, HostCosts("toy", "Toy", *values)) for values in (figures, slower))
    assert slow >= fast * (1 - 1e-9)


@given(CALLS, st.lists(SECONDS, min_size=6, max_size=6))
def test_a_step_takes_as_long_as_the_slower_of_host_and_device(calls, figures):
    host = HostCosts("toy", "Toy", *figures)
    kernels = sum(len(item.works) for item in calls)
    seconds, alone = seconds_of(calls, host), 2.0 * kernels
    assert seconds_of(calls, None) == pytest.approx(alone)
    launched = launch_times([(item.call, item.works) for item in calls], host)
    assert kernels * host.seconds_per_launch <= (launched[-1] if kernels else 0.0) * (1 + 1e-9)
    assert seconds >= max(alone, launched[-1] + 2.0 if kernels else 0.0) * (1 - 1e-9)
    assert seconds <= (alone + (launched[-1] if kernels else 0.0)) * (1 + 1e-9)
