"""Reading events of a real profile: names, nesting, arguments, categories, sequence numbers."""

from __future__ import annotations

import pytest
import torch
from torch.autograd.profiler import profile

from memprof.profiles.kineto import read_events
from memprof.profiles.records import EventCategory, TensorSpec
from memprof.profiles.scopes import MODULE_PREFIX, phase_scope, record_scope


def events_of(run):
    with profile(use_kineto=True, record_shapes=True) as profiler:
        run()
    return read_events(profiler.kineto_results)


def flat(events):
    for event in events:
        yield event
        yield from flat(event.children)


def one(events, name):
    """Return the outermost event called `name`."""
    return next(event for event in flat(events) if event.name == name)


IMAGE = torch.ones(2, 3, 6, 6).to(memory_format=torch.channels_last)
SPEC = TensorSpec((2, 3, 6, 6), (108, 1, 18, 3), "float32")


def test_tensors_keep_shape_strides_and_type():
    events = events_of(lambda: torch.add(IMAGE, IMAGE.half(), alpha=2))
    assert one(events, "aten::add").inputs == (SPEC, TensorSpec(SPEC.shape, SPEC.strides, "float16"), 2)


def test_numbers_lists_and_missing_arguments():
    weight = torch.ones(4, 3, 3, 3)
    events = events_of(lambda: torch.conv2d(IMAGE, weight, None, (2, 1), (1, 0)))
    call = one(events, "aten::convolution")
    assert call.inputs[0] == SPEC
    assert call.inputs[2:] == (None, (2, 1), (1, 0), (1, 1), False, (0, 0), 1)


def test_lists_of_tensors_and_floats():
    events = events_of(lambda: torch.cat([IMAGE, IMAGE], 1))
    assert one(events, "aten::cat").inputs == ((SPEC, SPEC), 1)
    events = events_of(lambda: torch.nn.functional.hardtanh(IMAGE, -0.5, 0.25))
    assert one(events, "aten::hardtanh").inputs == (SPEC, -0.5, 0.25)


def test_calls_nest_as_they_were_made():
    events = events_of(lambda: torch.conv2d(IMAGE, torch.ones(4, 3, 1, 1)))
    conv = one(events, "aten::conv2d")
    assert "aten::convolution" in {child.name for child in conv.children}


def test_scopes_become_modules_and_phases():
    def run():
        with phase_scope("forward"), record_scope(MODULE_PREFIX + "stages.0"):
            torch.neg(IMAGE)

    (outer,) = events_of(run)
    assert (outer.category, outer.name) == (EventCategory.PHASE, "forward")
    (inner,) = outer.children
    assert (inner.category, inner.name) == (EventCategory.MODULE, "stages.0")
    assert [child.name for child in inner.children] == ["aten::neg"]


def test_a_backward_node_has_the_number_of_its_forward_call():
    weight = torch.ones(3, requires_grad=True)
    events = events_of(lambda: weight.exp().sum().backward())
    nodes = {event.name: event for event in flat(events) if event.category is EventCategory.AUTOGRAD}
    assert nodes["ExpBackward0"].sequence_number == one(events, "aten::exp").sequence_number
    assert nodes["SumBackward0"].sequence_number == one(events, "aten::sum").sequence_number


def test_the_order_is_that_of_the_calls():
    events = events_of(lambda: (torch.neg(IMAGE), torch.exp(IMAGE), torch.tanh(IMAGE)))
    assert [event.name for event in events] == ["aten::neg", "aten::exp", "aten::tanh"]


class Node:
    name = "aten::add"
    children = ()


class Record:
    def name(self):
        return "aten::mul"


class Disagreeing:
    def events(self):
        return [Record()]

    def experimental_event_tree(self):
        node = Node()
        node.extra_fields = None
        return [node]


def test_records_that_disagree_are_an_error():
    with pytest.raises(RuntimeError, match=r"aten::mul.*aten::add"):
        read_events(Disagreeing())
