"""Whole traces: old ones, those that lack something, and everything else that others fell over."""

from __future__ import annotations

import random

import pytest

from memprof.calls import extract_calls
from memprof.errors import TraceError
from memprof.profiles.records import Activity, EventCategory
from memprof.tensors.spec import TensorSpec
from memprof.traces.kinds import find_rank
from memprof.traces.reading import NO_OPERATORS, OUTSIDE
from memprof.traces.records import TraceDevice, TraceStep
from memprof.vocabulary import Phase
from tests.traces.making import call, codes, flat, kernel, launch, module, one, op, outline, read

MATMUL = [op("mm", 10, 20, [2, 3], [3, 4]), launch(1, 15), kernel(1, 40, 7.5)]


def test_times_are_microseconds_whatever_the_trace_says(tmp_path):
    trace = read(tmp_path, *MATMUL, displayTimeUnit="ns")
    assert (trace.start_ns, trace.end_ns) == (10_000, 47_500)
    assert one(trace, "aten::mm").duration_ns == 20_000


def test_an_old_trace(tmp_path):
    """Categories, identifiers and threads as torch 1.8 wrote them."""
    trace = read(
        tmp_path,
        call("ProfilerStep#3", 0, 100, cat="Operator", tid="200"),
        call("aten::mm", 10, 20, cat="Operator", tid="200", Input_dims=[[2, 3], [3, 4]], Input_type=["float"] * 2),
        launch(1, 15, cat="Runtime", tid="200"),
        {**kernel(1, 40, 7, cat="Kernel"), "tid": "stream 20", "args": {"correlation": 1, "external id": 5}},
        launch(2, 21, cat="Runtime", tid="200", name="cudaMemcpyAsync"),
        kernel(2, 50, 3, cat="Memcpy", name="Memcpy HtoD", bytes=4096),
        launch(3, 26, cat="Runtime", tid="200", name="cudaMemsetAsync"),
        kernel(3, 60, 0, cat="Memset", name="Memset (Device)", bytes=64),
    )
    matmul = one(trace, "aten::mm")
    assert matmul.inputs == (TensorSpec((2, 3), None, "float32"), TensorSpec((3, 4), None, "float32"))
    assert [(item.activity, item.stream, item.bytes_moved) for item in matmul.kernels] == [
        (Activity.KERNEL, 20, None),
        (Activity.COPY, 7, 4096),
        (Activity.FILL, 7, 64),
    ]
    assert trace.steps == (TraceStep(3, "ProfilerStep#3", 0, 100_000),)
    assert (trace.has_strides, trace.has_concrete_inputs) == (False, False)
    assert {"coarse-clock", "no-arguments"} <= set(codes(trace))


def test_a_kernel_of_zero_length_is_kept(tmp_path):
    trace = read(tmp_path, *MATMUL[:2], kernel(1, 40, 0))
    assert [item.duration_ns for item in one(trace, "aten::mm").kernels] == [0]
    assert "coarse-clock" in codes(trace)


def test_marks_on_the_devices_time_line_are_no_kernels(tmp_path):
    mark = {**kernel(1, 35, 30, name="ProfilerStep#1", cat="gpu_user_annotation"), "args": {"External id": 3}}
    trace = read(tmp_path, *MATMUL, mark, {**mark, "name": "forward"})
    assert [item.name for item in trace.kernels] == ["gemm"]
    assert trace.steps == ()


def test_other_events_are_passed_over(tmp_path):
    others = [
        {"ph": "M", "name": "process_name", "pid": 0, "tid": 0, "ts": 0, "args": {"name": "python"}},
        {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "pid": 100, "tid": 200, "ts": 12, "args": {}},
        {"ph": "s", "cat": "ac2g", "name": "ac2g", "id": 1, "pid": 100, "tid": 200, "ts": 15},
        call("torch/nn/functional.py(10): relu", 1, 500, cat="python_function"),
        call("PyTorch Profiler (0)", 0, 900, cat="Trace", pid="Spans", tid="PyTorch Profiler"),
        call("Activity Buffer Request", 5, 3, cat="overhead"),
        {**kernel(9, 1, 900, cat="cuda_sync", name="Stream Wait Event")},
    ]
    trace = read(tmp_path, *others, *MATMUL)
    assert outline(trace.profile.events) == [["aten::mm"]]
    assert len(trace.kernels) == 1
    assert trace.end_ns == 47_500


def test_a_trace_of_the_gpu_only(tmp_path):
    trace = read(tmp_path, launch(1, 15), kernel(1, 40, 5), kernel(2, 50, 5))
    assert trace.profile.events == ()
    assert [item.reason for item in trace.orphans] == [NO_OPERATORS] * 2
    assert "no-operators" in codes(trace)


def test_a_trace_of_the_cpu_only(tmp_path):
    trace = read(tmp_path, MATMUL[0], deviceProperties=[])
    assert trace.kernels == trace.orphans == trace.devices == ()
    assert codes(trace) == ["no-kernels", "no-arguments"]


def test_a_trace_of_nothing_is_refused(tmp_path):
    with pytest.raises(TraceError, match=r"neither operators nor kernels; .*ProfilerActivity"):
        read(tmp_path, call("PyTorch Profiler (0)", 0, 9, cat="Trace"))


def test_operators_without_shapes_are_told(tmp_path):
    assert "no-shapes" in codes(read(tmp_path, op("mm", 10, 20)))


def test_devices_as_the_trace_describes_them(tmp_path):
    amd = {"id": 1, "name": "AMD Instinct MI300X", "numSms": "304"}
    trace = read(tmp_path, *MATMUL, deviceProperties=[{"id": 0, "name": "V100"}, amd, {"id": "x"}, "y", {"id": 3}])
    assert trace.devices == (TraceDevice(0, "V100", None, None), TraceDevice(1, "AMD Instinct MI300X", 304, None))


@pytest.mark.parametrize("properties", [None, [], {}, "none", [1, None]])
def test_a_trace_that_describes_no_device_says_what_to_do(tmp_path, properties):
    trace = read(tmp_path, *MATMUL, deviceProperties=properties)
    assert trace.devices == ()
    (warning,) = (warning for warning in trace.warnings if warning.code == "unnamed-device")
    assert "--device" in warning.remedy


def test_the_rank_of_a_trace(tmp_path):
    assert read(tmp_path, *MATMUL).rank is None
    said = read(tmp_path, *MATMUL, name="rank9.json", distributedInfo={"rank": "3", "world_size": 8})
    assert (said.rank, said.world_size) == (3, 8)
    assert read(tmp_path, *MATMUL, name="rank7_trace.json", distributedInfo=None).rank == 7


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("rank0_trace.json", 0),
        ("x.rank-3.pt.trace.json.gz", 3),
        ("step_Rank_12.json", 12),
        ("rank.4.json", 4),
        ("frank2.json", None),
        ("rank.json", None),
        ("trace.json", None),
    ],
)
def test_file_names_tell_ranks(tmp_path, name, rank):
    assert find_rank(tmp_path / name) == rank


def test_phases_of_a_step(tmp_path):
    """Backward on a thread of its own, nodes by the autograd engine, an optimizer step as torch marks it."""
    engine = "autograd::engine::evaluate_function: "
    trace = read(
        tmp_path,
        op("mm", 10, 5, Sequence_number=7),
        call(f"{engine}MmBackward0", 30, 20, tid=201, Sequence_number=7, Fwd_thread_id=1),
        call("MmBackward0", 31, 18, tid=201, Sequence_number=7),
        op("mm", 32, 10, tid=201),
        call("Optimizer.zero_grad#SGD.zero_grad", 52, 3, cat="user_annotation"),
        op("zero_", 53, 1),
        call("Optimizer.step#SGD.step", 60, 20, cat="user_annotation"),
        op("_foreach_add_", 65, 10),
    )
    node, inner = (event for event in flat(trace.profile.events) if event.name == "MmBackward0")
    assert (node.category, node.sequence_number) == (EventCategory.AUTOGRAD, 7)
    assert inner.category is EventCategory.OPERATOR
    calls = extract_calls(trace.profile, lambda name: True)
    assert [(found.name, found.phase) for found in calls] == [
        ("aten::mm", Phase.FORWARD),
        ("aten::mm", Phase.BACKWARD),
        ("aten::zero_", Phase.OPTIMIZER),
        ("aten::_foreach_add_", Phase.OPTIMIZER),
    ]


@pytest.mark.parametrize("name", ["CudnnConvolutionBackward", "AddBackward0", "torch::autograd::AccumulateGrad"])
def test_nodes_of_old_traces_by_their_own_names(tmp_path, name):
    trace = read(tmp_path, call(name, 0, 30, cat="Operator", Sequence_number=4), op("mm", 10, 5))
    (node,) = trace.profile.events
    assert (node.name, node.category, node.sequence_number) == (name, EventCategory.AUTOGRAD, 4)
    (found,) = extract_calls(trace.profile, lambda name: True)
    assert found.phase is Phase.BACKWARD


def test_memprofs_own_scopes(tmp_path):
    trace = read(
        tmp_path,
        call("memprof::phase::forward", 0, 100),
        call("memprof::module::stages.0", 10, 50),
        module("Conv2d_0", 15, 40),
        op("mm", 20, 10),
        call("memprof::phase::lunch", 70, 5),
    )
    (phase,) = trace.profile.events
    assert (phase.name, phase.category) == ("forward", EventCategory.PHASE)
    scope, odd = phase.children
    assert (scope.name, scope.category) == ("stages.0", EventCategory.MODULE)
    assert [event.name for event in scope.children] == ["aten::mm"]  # Python's module events are not needed then
    assert (odd.name, odd.category) == ("memprof::phase::lunch", EventCategory.OPERATOR)


def test_steps_are_no_events_and_launch_nothing(tmp_path):
    step = call("ProfilerStep#12", 0, 100, cat="user_annotation")
    trace = read(tmp_path, step, *MATMUL, launch(2, 60), kernel(2, 70, 9))
    assert [item.number for item in trace.steps] == [12]
    assert outline(trace.profile.events) == [["aten::mm"]]
    assert [item.reason for item in trace.orphans] == [OUTSIDE]


def test_the_steps_of_one_process_count(tmp_path):
    steps = [call(f"ProfilerStep#{number}", 100 * number + pid, 99, pid=pid) for pid in (1, 2) for number in (1, 2, 3)]
    trace = read(tmp_path, *steps[:5], *MATMUL)
    assert [(item.number, item.start_ns) for item in trace.steps] == [(1, 101_000), (2, 201_000), (3, 301_000)]


def test_types_of_tensors_in_lists_are_taken_from_their_shapes(tmp_path):
    lists = {"Input_Dims": [[[2, 3], [5]], []], "Input_type": ["TensorList", "Scalar"], "Concrete_Inputs": ["", "1"]}
    trace = read(
        tmp_path,
        call("aten::mul", 0, 5, Input_Dims=[[2, 3]], Input_type=["c10::Half"]),
        call("aten::eq", 6, 2, Input_Dims=[[2, 3]], Input_type=["bool"]),
        call("aten::cat", 10, 5, **lists),
        call("aten::mul", 20, 5, Input_Dims=[[2, 3]], Input_type=["double"]),
    )
    assert one(trace, "aten::cat").inputs == (
        (TensorSpec((2, 3), None, "float16"), TensorSpec((5,), None, "float32")),
        1,
    )
    assert "inferred-types" in codes(trace)


@pytest.mark.parametrize("shape", [[2**63], [-1, 3], [2**30, 2**30], [2.5, 3], [[[1]]]])
def test_sizes_that_no_tensor_has_are_told(tmp_path, shape):
    trace = read(tmp_path, *MATMUL, op("relu", 40, 5, shape))
    assert one(trace, "aten::relu").inputs == (None,)
    assert "impossible-sizes" in codes(trace)
    assert "long-lists" not in codes(trace)


def test_long_lists_are_told(tmp_path):
    trace = read(tmp_path, call("aten::_foreach_add_", 0, 5, Input_Dims=[[], []], Input_type=["TensorList", "Scalar"]))
    assert one(trace, "aten::_foreach_add_").inputs == (None, None)
    assert "long-lists" in codes(trace)


def test_events_without_a_time_are_counted_and_left_out(tmp_path):
    bad = [{**op("mm", 0, 1), "ts": value} for value in ("soon", None, 1e300)]
    trace = read(tmp_path, *bad, *MATMUL)
    assert outline(trace.profile.events) == [["aten::mm"]]
    (warning,) = (warning for warning in trace.warnings if warning.code == "skipped-events")
    assert warning.message.startswith("3 events")
    assert trace.read_share == pytest.approx(2 / 5)  # of an operator, its kernel and those three


def test_where_no_event_has_a_time_that_is_the_fault_that_is_told(tmp_path):
    with pytest.raises(TraceError, match=r"no event of .* has a time that can be read: microseconds"):
        read(tmp_path, {**op("mm", 0, 1), "ts": 1e300})


@pytest.mark.parametrize("start", [1700000000000000.5, "1700000000000000.5", 1.7e15])
def test_absolute_times_with_fractions_are_read(tmp_path, start):
    trace = read(tmp_path, {**op("mm", 0, 20), "ts": start}, op("add", 1700000000000030, 5))
    assert trace.start_ns in (1700000000000000000, 1700000000000000500)
    assert outline(trace.profile.events) == [["aten::mm"], ["aten::add"]]
    assert trace.read_share == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (op("mm", 9e15, 9e15), op("add", 9e15, 1)),
        (op("mm", -9e15, 1), op("add", 9e15, 1)),
        (kernel(1, 9e15, 1), launch(1, -9e15)),
    ],
    ids=["end", "span", "launch"],
)
def test_times_that_64_bits_do_not_hold_are_refused(tmp_path, first, second):
    with pytest.raises(TraceError, match=r"ends more than 292 years after 0, or after another"):
        read(tmp_path, first, second)


def test_an_event_that_ends_before_it_begins_takes_no_time(tmp_path):
    trace = read(tmp_path, *MATMUL[:2], kernel(1, 40, -3))
    assert [item.duration_ns for item in trace.kernels] == [0]
    assert "negative-durations" in codes(trace)


def test_the_order_of_events_in_the_file_does_not_matter(tmp_path):
    events = [
        *MATMUL,
        op("linear", 5, 40, External_id=1),
        op("t", 5, 1, External_id=2),
        op("view", 6, 0, External_id=3),
        launch(2, 32),
        kernel(2, 50, 1),
        kernel(2, 50, 1, stream=8),
        kernel(77, 52, 1),
        module("Net_0", 1, 90),
        module("Linear_0", 4, 50),
        call("ProfilerStep#1", 0, 95, cat="user_annotation"),
        op("mm", 3, 9, tid=300),
        call("aten::cat", 70, 5, Input_Dims=[[[2, 3]]], Input_type=["TensorList"]),
    ]
    expected = read(tmp_path, *events)
    for seed in range(20):
        random.Random(seed).shuffle(events)
        assert read(tmp_path, *events) == expected
