"""Kernels reach the operator that launched them, by way of the launch; what no operator launched says why."""

from __future__ import annotations

import pytest

from memprof.calls import extract_calls
from memprof.profiles.records import Activity
from memprof.traces import launching
from memprof.traces.reading import IN_GRAPH, NO_LAUNCH, OUTSIDE
from tests.traces.making import call, codes, kernel, launch, module, one, op, outline, read

MATMUL = [op("mm", 10, 20, [2, 3], [3, 4]), launch(1, 15), kernel(1, 40, 7.5)]


def test_a_kernel_belongs_to_the_innermost_operator_in_which_its_launch_began(tmp_path):
    trace = read(tmp_path, op("linear", 5, 40), *MATMUL, launch(2, 32), kernel(2, 50, 1, name="bias"))
    assert outline(trace.profile.events) == [["aten::linear", ["aten::mm"]]]
    assert [item.name for item in one(trace, "aten::mm").kernels] == ["gemm"]
    assert [item.name for item in one(trace, "aten::linear").kernels] == ["bias"]
    assert trace.orphans == ()
    (gemm, _) = trace.kernels
    assert (gemm.start_ns, gemm.duration_ns, gemm.launched_ns) == (40_000, 7_500, 15_000)
    assert (gemm.device, gemm.stream, gemm.activity, gemm.in_graph) == (0, 7, Activity.KERNEL, False)


def test_the_external_id_of_a_kernel_is_not_believed(tmp_path):
    """It names the operator of another launch here, as CUDA graphs and old profilers make it."""
    events = [op("mm", 10, 20, External_id=1), op("add", 40, 20, External_id=2), launch(1, 15)]
    trace = read(tmp_path, *events, kernel(1, 70, 5, **{"External id": 2}))
    assert len(one(trace, "aten::mm").kernels) == 1
    assert one(trace, "aten::add").kernels == ()


def test_a_launch_in_another_thread_is_not_inside(tmp_path):
    trace = read(tmp_path, op("mm", 10, 20), launch(1, 15, tid=999), kernel(1, 40, 5))
    assert one(trace, "aten::mm").kernels == ()
    assert [item.reason for item in trace.orphans] == [OUTSIDE]


def test_an_amd_trace(tmp_path):
    trace = read(
        tmp_path,
        op("mm", 10, 20),
        launch(1, 15, name="hipExtModuleLaunchKernel"),
        {**kernel(1, 40, 5, name="Cijk_Ailk", device=2, stream=0), "tid": 0},
    )
    (item,) = one(trace, "aten::mm").kernels
    assert (item.device, item.stream) == (2, 0)


def test_launches_of_the_driver_count(tmp_path):
    trace = read(
        tmp_path, op("mm", 10, 20), launch(1, 15, name="cuLaunchKernelEx", cat="cuda_driver"), kernel(1, 40, 5)
    )
    assert len(one(trace, "aten::mm").kernels) == 1


def test_communication_is_told_from_other_kernels(tmp_path):
    names = ["ncclDevKernel_AllReduce_Sum_f32_RING_LL(args)", "ncclKernel_Broadcast", "void rcclGenericKernel", "gemm"]
    trace = read(tmp_path, *(kernel(0, place, 1, name=name) for place, name in enumerate(names)))
    assert [item.activity for item in trace.kernels] == [Activity.COMMUNICATION] * 3 + [Activity.KERNEL]


def test_graphs_launch_many_kernels_of_no_operator(tmp_path):
    launches = [launch(1, 50, name="cudaGraphLaunch"), *(kernel(1, 60 + place, 1) for place in range(3))]
    trace = read(tmp_path, *MATMUL[:1], *launches)
    assert all(item.in_graph and item.launched_ns == 50_000 for item in trace.kernels)
    assert [item.reason for item in trace.orphans] == [IN_GRAPH] * 3
    assert "cuda-graphs" in codes(trace)


def test_a_graph_launched_inside_an_operator_is_its_own(tmp_path):
    launches = [launch(1, 15, name="hipGraphLaunch"), kernel(1, 60, 1), kernel(1, 62, 1)]
    trace = read(tmp_path, *MATMUL[:1], *launches)
    assert [item.in_graph for item in one(trace, "aten::mm").kernels] == [True, True]
    assert trace.orphans == ()


def test_many_kernels_of_one_correlation_without_a_launch_are_a_graphs(tmp_path):
    trace = read(tmp_path, *MATMUL[:1], kernel(5, 60, 1), kernel(5, 62, 1), kernel(6, 64, 1))
    assert [item.in_graph for item in trace.kernels] == [True, True, False]
    assert [item.reason for item in trace.orphans] == [IN_GRAPH, IN_GRAPH, NO_LAUNCH]


def test_a_kernel_that_names_its_graph_node_is_a_graphs(tmp_path):
    trace = read(tmp_path, *MATMUL[:2], kernel(1, 40, 5, **{"graph node id": 17}))
    assert [item.in_graph for item in trace.kernels] == [True]


def test_compiled_regions_own_their_kernels_without_shapes(tmp_path):
    trace = read(
        tmp_path,
        call("Torch-Compiled Region: 0/0", 0, 100),
        call("CompiledFunction", 5, 90),
        call("triton_poi_fused_relu_0", 10, 20),
        launch(1, 15),
        kernel(1, 40, 5, name="triton_poi_fused_relu_0"),
        launch(2, 50),
        kernel(2, 60, 7, name="cutlass"),
        op("mm", 70, 10, [2, 2], [2, 2]),
    )
    assert [item.name for item in one(trace, "triton_poi_fused_relu_0").kernels] == ["triton_poi_fused_relu_0"]
    assert [item.name for item in one(trace, "CompiledFunction").kernels] == ["cutlass"]
    assert "compiled-regions" in codes(trace)
    calls = extract_calls(trace.profile, {"aten::mm"}.__contains__)
    assert sum(item.duration_ns for found in calls for item in found.kernels) == 12_000


def test_users_marks_stay_and_own_what_they_launch(tmp_path):
    trace = read(
        tmp_path, call("my attention", 0, 100, cat="user_annotation"), *MATMUL, launch(2, 60), kernel(2, 70, 9)
    )
    assert outline(trace.profile.events) == [["my attention", ["aten::mm"]]]
    assert [item.duration_ns for item in one(trace, "my attention").kernels] == [9_000]


def test_modules_launch_nothing_themselves(tmp_path):
    trace = read(tmp_path, module("Net_0", 0, 100), *MATMUL, launch(2, 60), kernel(2, 70, 9))
    assert [item.reason for item in trace.orphans] == [OUTSIDE]


def test_processes_are_kept_apart(tmp_path):
    """Two ranks in one file, with the same correlation ids and the same sequence numbers."""
    events = [
        op("mm", 10, 20, pid=1, Sequence_number=1),
        launch(1, 15, pid=1),
        kernel(1, 40, 5, name="first", device=0),
        launch(2, 25, pid=1),
        kernel(2, 46, 1, name="only first", device=0),
        op("add", 11, 20, pid=2, Sequence_number=1),
        launch(1, 16, pid=2),
        kernel(1, 39, 5, name="second", device=1),
        launch(3, 26, pid=2),
        kernel(3, 47, 1, name="only second", device=1),
    ]
    trace = read(tmp_path, *events)
    assert [item.name for item in one(trace, "aten::mm").kernels] == ["first", "only first"]
    assert [item.name for item in one(trace, "aten::add").kernels] == ["second", "only second"]
    assert one(trace, "aten::mm").sequence_number != one(trace, "aten::add").sequence_number
    assert "several-processes" in codes(trace)


def test_a_correlation_used_again_goes_to_the_launch_before(tmp_path):
    events = [op("mm", 10, 20), launch(1, 15), kernel(1, 40, 5), op("add", 110, 20), launch(1, 115), kernel(1, 140, 6)]
    trace = read(tmp_path, *events)
    assert [item.duration_ns for item in one(trace, "aten::mm").kernels] == [5_000]
    assert [item.duration_ns for item in one(trace, "aten::add").kernels] == [6_000]


@pytest.mark.parametrize("processes", [1, 40])
def test_many_launches_of_one_number_are_searched_not_tried_one_by_one(tmp_path, monkeypatch, processes):
    count = 400
    looked_at = []
    start = launching._start
    monkeypatch.setattr(launching, "_start", lambda item: looked_at.append(1) or start(item))
    trace = read(
        tmp_path,
        *(op("mm", 10 * place, 9, pid=place % processes) for place in range(count)),
        *(launch(1, 10 * place + 1, pid=place % processes) for place in range(count)),
        *(kernel(1, 10 * place + 5, 2) for place in range(count)),
    )
    assert [len(event.kernels) for event in trace.profile.events] == [1] * count
    assert len(looked_at) <= count * 10  # 2 ** 9 is more than 400


def test_the_numbers_of_processes_are_kept_apart(tmp_path):
    trace = read(tmp_path, *(op("mm", 10 * place, 5, pid=place, Sequence_number=7) for place in range(5)))
    assert len({event.sequence_number for event in trace.profile.events}) == 5
