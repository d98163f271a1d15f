"""From events to calls, on profiles made by hand."""

from __future__ import annotations

import pytest

from memprof.calls import OperatorCall, extract_calls, flatten_tensors
from memprof.profiles.records import Event, EventCategory, Kernel, Profile
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Phase

X = TensorSpec((2, 3), (3, 1), "float32")
Y = TensorSpec((4,), (1,), "float16")

COSTED = frozenset({"aten::convolution", "aten::add", "aten::mul", "aten::view", "aten::convolution_backward"})


def op(name, *children, inputs=(), number=None):
    return Event(f"aten::{name}", EventCategory.OPERATOR, inputs, number, children)


def module(path, *children):
    return Event(path, EventCategory.MODULE, children=children)


def phase(name, *children):
    return Event(name, EventCategory.PHASE, children=children)


def node(name, *children, number=None):
    return Event(name, EventCategory.AUTOGRAD, sequence_number=number, children=children)


def calls(*events):
    return extract_calls(Profile(events), COSTED.__contains__)


def names(*events):
    return [call.name.removeprefix("aten::") for call in calls(*events)]


def test_of_nested_operators_the_first_with_a_formula_counts():
    assert names(op("conv2d", op("convolution", op("_convolution", op("mul"))))) == ["convolution"]


def test_an_operator_without_a_formula_gives_way_to_what_it_calls():
    assert names(op("linear", op("mul"), op("strange", op("empty")), op("add"))) == ["mul", "strange", "add"]


def test_an_unknown_operator_that_only_allocates_is_told():
    assert names(op("strange", op("empty_like", op("empty_strided")), op("resize_"))) == ["strange"]
    assert names(op("strange")) == ["strange"]


def test_an_unknown_operator_around_an_unknown_one_gives_way():
    assert names(op("outer", op("inner", op("empty")))) == ["inner"]


def test_scopes_between_an_operator_and_what_it_calls_do_not_hide_it():
    assert names(op("outer", module("a", op("add")))) == ["add"]


def test_calls_keep_their_inputs_and_order():
    extracted = calls(op("add", inputs=(X, 2)), op("mul", inputs=((X, Y), None)))
    assert [call.inputs for call in extracted] == [(X, 2), ((X, Y), None)]


def test_calls_carry_the_innermost_module_and_the_phase():
    profile = (
        phase("forward", module("", op("add"), module("a", op("mul"), module("a.b", op("view"))), op("add"))),
        phase("optimizer", op("mul")),
    )
    assert [(call.module, call.phase) for call in calls(*profile)] == [
        ("", Phase.FORWARD),
        ("a", Phase.FORWARD),
        ("a.b", Phase.FORWARD),
        ("", Phase.FORWARD),
        ("", Phase.OPTIMIZER),
    ]


def test_a_backward_call_takes_the_module_of_the_forward_call_of_its_number():
    profile = (
        phase("forward", module("a", op("mul", number=7)), module("b", op("add", number=8))),
        phase("backward", node("AddBackward0", op("view"), number=8), node("MulBackward0", op("mul"), number=7)),
    )
    assert [(call.name, call.module, call.phase) for call in calls(*profile)][2:] == [
        ("aten::view", "b", Phase.BACKWARD),
        ("aten::mul", "a", Phase.BACKWARD),
    ]


def test_a_number_inside_a_call_that_counts_links_too():
    inner = op("convolution", op("cudnn_convolution", number=3))
    profile = (
        phase("forward", module("conv", op("conv2d", inner))),
        phase("backward", node("ConvolutionBackward0", op("convolution_backward"), number=3)),
    )
    assert calls(*profile)[-1].module == "conv"


def test_of_nested_calls_with_one_number_the_innermost_made_the_node():
    """A module's operator inside which another module ran; both show the number that the next node will have."""
    profile = (
        phase("forward", module("a", op("outer", module("b", op("add", number=5)), number=5))),
        phase("backward", node("AddBackward0", op("mul"), number=5)),
    )
    assert calls(*profile)[-1].module == "b"


def test_a_node_of_an_unknown_number_belongs_to_no_module():
    profile = (phase("forward", module("a", op("add", number=1))), phase("backward", node("X", op("mul"), number=99)))
    assert calls(*profile)[-1].module == ""


def test_a_node_without_a_number_keeps_what_surrounds_it():
    outer = node("CopyBackwards", node("torch::autograd::CopySlices", op("mul")), number=1)
    profile = (phase("forward", module("a", op("add", number=1))), phase("backward", outer))
    assert calls(*profile)[-1].module == "a"


def test_numbers_seen_in_backward_do_not_rename_modules():
    """Operators run by a node carry numbers as well: those of nodes that a double backward would need."""
    backward = phase("backward", node("A", op("mul", number=2), number=1), node("B", op("add"), number=2))
    profile = (phase("forward", module("a", op("add", number=1)), module("b", op("mul", number=2))), backward)
    assert [call.module for call in calls(*profile)] == ["a", "b", "a", "b"]


def test_autograds_own_events_are_no_operators():
    accumulate = Event("torch::autograd::AccumulateGrad", EventCategory.OPERATOR, children=(op("detach", op("empty")),))
    assert names(node("AddBackward0", accumulate), Event("AddBackward0", EventCategory.OPERATOR)) == ["detach"]
    assert names(Event("torch::autograd::AccumulateGrad", EventCategory.OPERATOR)) == []
    assert names(op("strange", Event("MulBackward0", EventCategory.OPERATOR))) == ["strange"]


def test_operators_of_other_libraries_are_operators():
    assert [call.name for call in calls(Event("torchvision::nms", EventCategory.OPERATOR))] == ["torchvision::nms"]


def test_an_empty_profile_has_no_calls():
    assert calls() == ()


def test_arguments_by_position():
    call = OperatorCall("aten::add", (X, None, (Y, (X,)), 2))
    assert call.argument(3) == 2
    assert call.argument(1, "default") == call.argument(9, "default") == "default"
    assert call.tensor(0) == X
    assert call.optional_tensor(1) is call.optional_tensor(3) is None
    assert call.tensors() == (X, Y, X)
    assert flatten_tensors(5) == []
    with pytest.raises(LookupError, match="aten::add"):
        call.tensor(3)


def test_what_launches_kernels_beside_its_children_is_a_call_of_its_own():
    """No kernel is lost, whoever launched it: an operator that is gone into, a node of the backward graph, a module."""
    first, second, third = (Kernel(name, 0, 1) for name in "abc")
    outer = Event("aten::outer", EventCategory.OPERATOR, (X,), children=(op("mul"),), kernels=(first,))
    inner = Event("aten::impl", EventCategory.OPERATOR, kernels=(third,))
    counted = Event("aten::add", EventCategory.OPERATOR, children=(inner,), kernels=(second,), duration_ns=5)
    extracted = calls(phase("forward", module("m", outer, counted)))
    assert [(call.name, call.kernels, call.host_ns) for call in extracted] == [
        ("aten::outer", (first,), 0),
        ("aten::mul", (), 0),
        ("aten::add", (second, third), 5),
    ]
