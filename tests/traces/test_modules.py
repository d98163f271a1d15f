"""Paths of modules from how Python's events of their calls nest."""

from __future__ import annotations

from memprof.calls import extract_calls
from memprof.profiles.records import EventCategory
from memprof.traces.modules import LONGEST_PATH
from tests.traces.making import call, codes, flat, module, op, outline, read


def paths(trace):
    return [event.name for event in flat(trace.profile.events) if event.category is EventCategory.MODULE]


def test_paths_are_those_of_the_nest_without_the_networks_name(tmp_path):
    trace = read(
        tmp_path,
        module("ResNet_0", 0, 100),
        module("Sequential_0", 10, 50),
        module("Conv2d_0", 12, 10),
        op("conv2d", 14, 5),
        module("Conv2d_1", 30, 10),
        module("Linear_0", 70, 10),
    )
    assert paths(trace) == ["", "Sequential_0", "Sequential_0.Conv2d_0", "Sequential_0.Conv2d_1", "Linear_0"]
    (found,) = extract_calls(trace.profile, lambda name: True)
    assert found.module == "Sequential_0.Conv2d_0"


def test_a_loss_beside_the_network_keeps_its_name(tmp_path):
    trace = read(
        tmp_path,
        module("Net_0", 0, 50),
        module("Linear_0", 10, 10),
        op("mm", 12, 5),
        module("CrossEntropyLoss_0", 60, 10),
    )
    assert paths(trace) == ["", "Linear_0", "CrossEntropyLoss_0"]


def test_of_two_networks_both_keep_their_names(tmp_path):
    trace = read(
        tmp_path,
        op("mm", 12, 5),
        module("G_0", 0, 50),
        module("Linear_0", 10, 10),
        module("D_0", 60, 30),
        module("Linear_1", 65, 10),
    )
    assert paths(trace) == ["G_0", "G_0.Linear_0", "D_0", "D_0.Linear_1"]


def test_a_lone_module_keeps_its_name(tmp_path):
    assert paths(read(tmp_path, module("Linear_0", 0, 50), op("mm", 12, 5))) == ["Linear_0"]


def test_a_module_run_again_outside_keeps_its_path(tmp_path):
    """As a checkpoint does in the backward thread."""
    trace = read(
        tmp_path,
        module("Net_0", 0, 50),
        module("Block_0", 10, 20),
        module("Linear_0", 12, 10),
        op("mm", 14, 5),
        module("Block_0", 60, 20, tid=300),
        module("Linear_0", 62, 10, tid=300),
    )
    assert paths(trace) == ["", "Block_0", "Block_0.Linear_0", "Block_0", "Block_0.Linear_0"]


def test_calls_of_the_same_modules_again_have_the_same_paths(tmp_path):
    steps = [
        module(name, start + 100 * step, length)
        for step in range(3)
        for name, start, length in (("Net_0", 0, 50), ("Linear_0", 10, 20))
    ]
    assert paths(read(tmp_path, *steps, op("mm", 12, 5))) == ["", "Linear_0"] * 3


def test_paths_stay_short_however_deep_modules_nest(tmp_path):
    """All of them would be 18 million characters; those too deep count as the last that is not."""
    depth = 2000
    trace = read(
        tmp_path, *(module(f"Block_{place}", place, 9000 - 2 * place) for place in range(depth)), op("mm", 1, 1)
    )
    found = paths(trace)
    assert len(found) == depth
    assert max(map(len, found)) <= LONGEST_PATH
    assert len(set(found)) < LONGEST_PATH / len(".Block_0")
    assert len({id(path) for path in found}) == len(set(found))  # each is there once
    assert "deep-modules" in codes(trace)


def test_a_long_name_is_not_copied_into_the_paths_of_all_in_it(tmp_path):
    names = ["Net_0", "N" * 10_000, *(f"Linear_{place}" for place in range(20))]
    places = [(0, 500), (1, 400), *((10 * place, 5) for place in range(1, 21))]
    trace = read(tmp_path, *(module(name, *place) for name, place in zip(names, places, strict=True)), op("mm", 11, 1))
    assert set(paths(trace)) == {"", "N" * 10_000}


def test_other_python_functions_are_left_out(tmp_path):
    trace = read(
        tmp_path,
        module("Net_0", 0, 50),
        call("torch/nn/modules/module.py(1): _call_impl", 1, 48, cat="python_function"),
        op("mm", 12, 5),
    )
    assert outline(trace.profile.events) == [["Net_0", ["aten::mm"]]]


def test_backward_belongs_to_the_module_of_its_forward(tmp_path):
    trace = read(
        tmp_path,
        module("Net_0", 0, 50),
        module("Linear_0", 10, 20),
        op("mm", 12, 5, Sequence_number=3),
        call("autograd::engine::evaluate_function: MmBackward0", 60, 20, tid=300, Sequence_number=3),
        op("mm", 62, 5, tid=300),
    )
    assert [found.module for found in extract_calls(trace.profile, lambda name: True)] == ["Linear_0", "Linear_0"]
