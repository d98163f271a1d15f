"""What to know about a trace before believing it, as warnings with stable codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memprof.profiles.records import Activity, Kernel
from memprof.report.record import ReportWarning
from memprof.traces.kinds import is_compiled, is_operator
from memprof.traces.lanes import Lanes, Span
from memprof.traces.modules import LONGEST_PATH
from memprof.traces.records import Orphan, TraceDevice
from memprof.traces.wire import Wire

_AGAIN_WITH_SHAPES = "record it with torch.profiler.profile(record_shapes=True)"
EXPORT_AGAIN = "export it again where it was recorded, if that is possible"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a trace holds, and what happened while it was read."""

    name: str
    wire: Wire
    lanes: Lanes
    calls: Sequence[Span]
    devices: Sequence[TraceDevice]
    kernels: Sequence[Kernel]
    orphans: Sequence[Orphan]
    shortened_paths: bool = False


def remark(facts: Facts) -> tuple[ReportWarning, ...]:
    """Return the warnings about a trace."""
    return (*_about_file(facts), *_about_device(facts), *_about_shapes(facts))


def _about_file(facts: Facts) -> Iterator[ReportWarning]:
    wire, lanes = facts.wire, facts.lanes
    if wire.truncated:
        yield ReportWarning(
            "truncated-trace",
            f"{facts.name} has no end: the {_count(len(wire.events or ()), 'event')} before it were read",
            "let the profiler finish, or copy the file again",
        )
    elif wire.fault:
        yield ReportWarning(
            "repaired-trace",
            f"{facts.name} is not valid JSON ({wire.fault}); it was repaired, which may have changed some names",
            "record it with a newer torch",
        )
    if wire.skipped + lanes.skipped:
        yield ReportWarning(
            "skipped-events",
            f"{_count(wire.skipped + lanes.skipped, 'event')} of {facts.name} could not be read and are missing here",
            EXPORT_AGAIN,
        )
    if lanes.negative:
        yield ReportWarning(
            "negative-durations",
            f"{_count(lanes.negative, 'event')} of {facts.name} end before they begin; they count as taking no time",
            EXPORT_AGAIN,
        )
    if facts.shortened_paths:
        yield ReportWarning(
            "deep-modules",
            f"modules of {facts.name} nest so deep that their paths are longer than {LONGEST_PATH} characters; those "
            "deeper in count as the module that they lie in",
            "nothing needs to be done unless time by module matters there",
        )
    processes = {process for process, _ in lanes.calls}
    if len(processes) > 1:
        yield ReportWarning(
            "several-processes",
            f"{facts.name} holds {len(processes)} processes; their operators and kernels are added up",
            "give one trace for each process to see them apart",
        )


def _about_device(facts: Facts) -> Iterator[ReportWarning]:
    if not facts.kernels:
        yield ReportWarning(
            "no-kernels",
            f"{facts.name} has no kernels of a GPU: times are those that calls took on the host",
            "record it with activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA] to see a GPU",
        )
        return
    if not facts.devices:
        yield ReportWarning(
            "unnamed-device", f"{facts.name} does not say on which GPU it was recorded", "name the GPU with --device"
        )
    zero = sum(1 for kernel in facts.kernels if not kernel.duration_ns)
    if zero and facts.lanes.coarse:
        yield ReportWarning(
            "coarse-clock",
            f"the clock of {facts.name} has whole microseconds: {zero:,} of {len(facts.kernels):,} kernels show no "
            "time at all, and short ones are off by up to a microsecond",
            "record it with a newer torch, whose clock has nanoseconds",
        )
    yield from _about_graphs(facts)
    yield from _about_compiled(facts)


def _about_graphs(facts: Facts) -> Iterator[ReportWarning]:
    graph = [kernel for kernel in facts.kernels if kernel.in_graph]
    if graph:
        lost = sum(1 for orphan in facts.orphans if orphan.kernel.in_graph)
        yield ReportWarning(
            "cuda-graphs",
            f"CUDA graphs launched {_count(len(graph), 'kernel')}; a graph does not say which operators it replays, so "
            f"{lost:,} of them belong to none",
            "record the model without CUDA graphs",
        )


def _about_compiled(facts: Facts) -> Iterator[ReportWarning]:
    compiled = any(is_compiled(kernel.name) for kernel in facts.kernels if kernel.activity is Activity.KERNEL)
    if compiled or any(is_compiled(name) for name in {span.name for span in facts.calls}):
        yield ReportWarning(
            "compiled-regions",
            f"torch.compile made parts of {facts.name}: its fused kernels have no operators with shapes behind them",
            "record the model without torch.compile to see its operators",
        )


def _about_shapes(facts: Facts) -> Iterator[ReportWarning]:
    calls = [call for call in facts.calls if is_operator(call.category, call.name)]
    if not calls:
        yield ReportWarning(
            "no-operators",
            f"{facts.name} shows what the GPU ran but no operators",
            "record it with activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]",
        )
        return
    if not any(call.inputs.values for call in calls):
        yield ReportWarning("no-shapes", f"the operators of {facts.name} have no shapes", _AGAIN_WITH_SHAPES)
        return
    if not any(call.inputs.has_concrete for call in calls):
        yield ReportWarning(
            "no-arguments",
            f"{facts.name} has the shapes of tensors but no numbers: no stride, padding or groups",
            "record it with torch 2.1 or newer",
        )
    untyped = sum(1 for call in calls if call.inputs.unknown_types)
    if untyped:
        yield ReportWarning(
            "inferred-types",
            "profilers do not record the types of tensors in lists: those in "
            f"{_count(untyped, 'call')} of {facts.name} are taken from other tensors of the same shapes",
            "nothing needs to be done unless such shapes occur in several precisions",
        )
    impossible = sum(1 for call in calls if call.inputs.impossible_sizes)
    if impossible:
        yield ReportWarning(
            "impossible-sizes",
            f"{_count(impossible, 'call')} of {facts.name} have tensors of sizes or strides that no tensor has; "
            "those count as not recorded",
            EXPORT_AGAIN,
        )
    unseen = sum(1 for call in calls if call.inputs.unseen_lists)
    if unseen:
        yield ReportWarning(
            "long-lists",
            f"profilers do not record the shapes of tensors in long lists, such as all parameters in an optimizer's "
            f"step: {_count(unseen, 'call')} of {facts.name} cannot be costed",
            "record the model with the optimizer's foreach=False and fused=False",
        )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
