"""Calls of a trace and of a simulation line up by shapes or by order, and what does not is told."""

from __future__ import annotations

from memprof.calls import OperatorCall
from memprof.tensors.spec import TensorSpec
from memprof.validation.lining_up import line_up
from memprof.vocabulary import Phase


def call(name: str, *shape: int, phase: Phase = Phase.FORWARD) -> OperatorCall:
    inputs = (TensorSpec(shape, (1,) * len(shape), "float32"),) if shape else ()
    return OperatorCall(f"aten::{name}", inputs, phase=phase)


def calls(names: str) -> list[OperatorCall]:
    return [call(name) for name in names.split()]


SIMULATED = calls("convolution relu convolution relu convolution relu mean")


def test_by_order_each_call_meets_its_own_of_every_step():
    traced = calls("cudnn_convolution relu_ cudnn_convolution relu_ cudnn_convolution clamp_min_ mean") * 2
    matches, mismatches = line_up(traced, SIMULATED, 2, by_shapes=False)

    assert mismatches == []
    assert [match.simulated for match in matches] == [(place,) for place in range(7)]
    for place, match in enumerate(matches):
        assert [id(item) for item in match.measured] == [id(traced[place]), id(traced[place + 7])]


def test_calls_that_differ_in_number_are_left_out_and_the_rest_stays():
    traced = calls("copy_ convolution relu convolution relu copy_ convolution mean")
    matches, mismatches = line_up(traced, SIMULATED, 1, by_shapes=False)

    assert [match.simulated for match in matches] == [(0,), (2,), (4,), (6,)]
    assert {item.operator: item.reason for item in mismatches} == {
        "relu": "2 calls a step in the trace, 3 in the simulation",
        "copy": "the simulation has none",
    }


def test_another_order_lines_up_nothing_of_its_phase():
    traced = calls("convolution convolution relu convolution relu relu mean")
    matches, mismatches = line_up(traced, SIMULATED, 1, by_shapes=False)

    assert matches == []
    assert {item.operator for item in mismatches} == {"convolution", "relu", "mean"}
    reason = "another order: call 2 is convolution in the trace, relu in the simulation"
    assert {item.reason for item in mismatches} == {reason}


def test_a_rare_call_at_another_place_is_left_out_alone():
    traced = calls("mean convolution relu convolution relu convolution relu")
    matches, mismatches = line_up(traced, SIMULATED, 1, by_shapes=False)

    assert len(matches) == 6
    (mean,) = mismatches
    assert (mean.operator, mean.phase) == ("mean", "forward")
    assert mean.reason == "another order: call 1 is mean in the trace, convolution in the simulation"


def test_shapes_tell_calls_apart_whatever_their_order():
    traced = [call("relu", 2, 3), call("relu", 4, 5), call("relu", 2, 3), call("relu", 4, 5)]
    matches, mismatches = line_up(traced, [call("relu", 4, 5), call("relu", 2, 3)], 2, by_shapes=True)

    assert mismatches == []
    assert [match.simulated for match in matches] == [(0,), (1,)]
    assert [item.tensor(0).shape for item in matches[0].measured] == [(4, 5), (4, 5)]


def test_other_shapes_are_left_out():
    _, mismatches = line_up([call("relu", 2, 3)], [call("relu", 4, 5)], 1, by_shapes=True)

    assert {(item.shapes, item.reason) for item in mismatches} == {
        (((2, 3),), "the simulation has none"),
        (((4, 5),), "the trace has none"),
    }


def test_the_optimizer_is_one_match_however_many_calls_it_makes():
    traced = [call(name, phase=Phase.OPTIMIZER) for name in ("mul", "add", "add", "mul")]
    simulated = [call("_foreach_add_", phase=Phase.OPTIMIZER)]
    (match,), mismatches = line_up(traced, simulated, 2, by_shapes=False)

    assert (match.simulated, len(match.measured), mismatches) == ((0,), 4, [])
