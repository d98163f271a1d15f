"""Reading events of a real profile: names, nesting, arguments, categories, sequence numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
import torch
from torch._C._profiler import _EventType
from torch.autograd.profiler import profile

from memprof.profiles.kineto import read_events, read_recording
from memprof.profiles.records import Activity, EventCategory, Kernel
from memprof.profiles.scopes import MODULE_PREFIX, phase_scope, record_scope
from memprof.tensors.spec import TensorSpec


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


def test_a_complex_number_is_left_out():
    phases = torch.ones(2, dtype=torch.complex64)
    assert one(events_of(lambda: torch.add(phases, phases, alpha=2j)), "aten::add").inputs[2] is None


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


def timed(run):
    with profile(use_kineto=True, record_shapes=True) as profiler:
        run()
    return read_recording(profiler.kineto_results)


def test_events_of_a_recording_lie_within_their_parents():
    image = torch.ones(4, 8, 32, 32)
    recording = timed(lambda: torch.conv2d(image, torch.ones(8, 8, 3, 3)))
    assert recording.orphans == ()
    for event in flat(recording.events):
        assert event.duration_ns >= 0
        assert event.kernels == ()
        for child in event.children:
            assert event.start_ns <= child.start_ns
            assert child.start_ns + child.duration_ns <= event.start_ns + event.duration_ns
    assert one(recording.events, "aten::convolution").duration_ns > 0


def test_events_without_times_are_those_of_a_recording():
    with profile(use_kineto=True, record_shapes=True) as profiler:
        torch.conv2d(IMAGE, torch.ones(4, 3, 1, 1))

    def bare(event):
        return replace(event, start_ns=0, duration_ns=0, children=tuple(map(bare, event.children)))

    events = read_recording(profiler.kineto_results).events
    assert read_events(profiler.kineto_results) == tuple(map(bare, events)) != events


@dataclass
class Fields:
    inputs: tuple = ()
    sequence_number: int = -1


@dataclass
class Node:
    """A node of the profiler's tree, as torch gives it."""

    name: str
    correlation_id: int
    children: tuple = ()
    tag: object = _EventType.TorchOp
    extra_fields: Fields = field(default_factory=Fields)


@dataclass
class Record:
    """An entry of the profiler's flat list: it answers by calls."""

    _name: str
    _type: str
    _correlation: int
    _linked: int = 0
    _start: int = 0
    _duration: int = 0
    _stream: int = 0

    def name(self):
        return self._name

    def activity_type(self):
        return self._type

    def correlation_id(self):
        return self._correlation

    def linked_correlation_id(self):
        return self._linked

    def start_ns(self):
        return self._start

    def duration_ns(self):
        return self._duration

    def device_index(self):
        return 0

    def device_resource_id(self):
        return self._stream


@dataclass
class Results:
    records: list
    tree: list

    def events(self):
        return self.records

    def experimental_event_tree(self):
        return self.tree


def test_records_that_disagree_are_an_error():
    results = Results([Record("aten::mul", "cpu_op", 1)], [Node("aten::add", 1)])
    with pytest.raises(RuntimeError, match=r"aten::mul.*aten::add"):
        read_events(results)


def on_a_gpu():
    """A linear layer that copies its input and multiplies: two kernels; a fill, a copy and a kernel beside it.

    The launches are nodes of the tree, as Kineto's are, and their correlation ids are numbers of their own: 1 is also
    that of an operator.
    """
    launch = Node("cudaLaunchKernel", 1, (Node("copy_kernel", 1, tag=_EventType.Kineto),), _EventType.Kineto)
    inner = Node("aten::copy_", 2, (launch,))
    tree = [
        Node("aten::linear", 1, (inner, Node("cudaLaunchKernel", 2, tag=_EventType.Kineto))),
        Node("cudaDeviceSynchronize", 9, (Node("aten::relu", 3),), _EventType.Kineto),
    ]
    records = [
        Record("aten::linear", "cpu_op", 1, 0, 100, 50),
        Record("aten::copy_", "cpu_op", 2, 0, 110, 20),
        Record("cudaLaunchKernel", "cuda_runtime", 1, 2, 115, 5),
        Record("cudaLaunchKernelExC", "cuda_driver", 2, 1, 135, 5),
        Record("cudaDeviceSynchronize", "cuda_runtime", 9, 0, 190, 90),
        Record("aten::relu", "cpu_op", 3, 0, 200, 9),
        Record("gemm", "kernel", 2, 1, 150, 70, 7),
        Record("copy_kernel", "kernel", 1, 2, 140, 10, 7),
        Record("Memset (Device)", "gpu_memset", 3, 3, 230, 1, 7),
        Record("Memcpy HtoD", "gpu_memcpy", 4, 0, 90, 5, 7),
        Record("ncclDevKernel_AllReduce", "kernel", 5, 77, 240, 30, 20),
        Record("memprof::phase::forward", "gpu_user_annotation", 6, 1, 140, 80, 7),
        Record("Context Sync", "cuda_sync", 9, 0, 190, 90),
    ]
    return Results(records, tree)


def test_kernels_go_to_the_call_that_launched_them():
    linear, relu = read_recording(on_a_gpu()).events
    (copy,) = linear.children
    assert [event.name for event in (linear, copy, relu)] == ["aten::linear", "aten::copy_", "aten::relu"]
    assert (linear.start_ns, linear.duration_ns, relu.start_ns) == (100, 50, 200)
    assert linear.kernels == (Kernel("gemm", 150, 70, Activity.KERNEL, 0, 7, launched_ns=135),)
    assert copy.kernels == (Kernel("copy_kernel", 140, 10, Activity.KERNEL, 0, 7, launched_ns=115),)
    assert [(kernel.name, kernel.activity, kernel.launched_ns) for kernel in relu.kernels] == [
        ("Memset (Device)", Activity.FILL, None)
    ]


def test_what_no_recorded_call_launched_is_kept_apart():
    orphans = read_recording(on_a_gpu()).orphans
    assert [(kernel.name, kernel.activity) for kernel in orphans] == [
        ("Memcpy HtoD", Activity.COPY),
        ("ncclDevKernel_AllReduce", Activity.COMMUNICATION),
    ]


def test_annotations_and_waits_of_the_device_are_no_kernels():
    recording = read_recording(on_a_gpu())
    kernels = [kernel for event in flat(recording.events) for kernel in event.kernels]
    assert len(kernels) + len(recording.orphans) == 5
    assert sum(kernel.duration_ns for kernel in (*kernels, *recording.orphans)) == 70 + 10 + 1 + 5 + 30
