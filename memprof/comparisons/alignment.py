"""A measured report beside the simulation of the same model: their operators lined up by name and shapes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memprof.errors import WorkloadError
from memprof.report.groups import share
from memprof.report.json_text import indented_json
from memprof.report.record import OperatorRow, Report

SCHEMA = "memprof.alignment/1"
OPTIMIZER = "optimizer"
"""All of the optimizer's calls are one line: what it does in one call per parameter or in one for all is its choice."""

_FAMILIES = {
    "convolution": (
        "_convolution",
        "convolution_overrideable",
        "cudnn_convolution",
        "miopen_convolution",
        "miopen_depthwise_convolution",
        "mkldnn_convolution",
        "_conv_depthwise2d",
        "thnn_conv2d",
        "_slow_conv2d_forward",
        "conv_depthwise3d",
        "cudnn_convolution_relu",
    ),
    "convolution_backward": (
        "cudnn_convolution_backward",
        "miopen_convolution_backward",
        "convolution_backward_overrideable",
        "mkldnn_convolution_backward",
    ),
    "batch_norm": (
        "native_batch_norm",
        "cudnn_batch_norm",
        "miopen_batch_norm",
        "_native_batch_norm_legit",
        "_batch_norm_with_update",
    ),
    "batch_norm_backward": ("native_batch_norm_backward", "cudnn_batch_norm_backward", "miopen_batch_norm_backward"),
    "relu": ("relu_", "clamp_min", "clamp_min_"),
    "attention": (
        "scaled_dot_product_attention",
        "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_cudnn_attention",
        "_scaled_dot_product_attention_math",
    ),
    "attention_backward": (
        "_scaled_dot_product_flash_attention_backward",
        "_scaled_dot_product_efficient_attention_backward",
        "_scaled_dot_product_cudnn_attention_backward",
    ),
}
_CANONICAL = {name: family for family, names in _FAMILIES.items() for name in names}

Key = tuple[str, str, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True, slots=True)
class Aligned:
    """One kind of call in both: calls and seconds per step, the calls 0 and the seconds None on a side without it.

    `shapes` are those of its inputs of two and more dimensions, in no particular order.
    """

    operator: str
    phase: str
    shapes: tuple[tuple[int, ...], ...]
    measured_calls: float
    simulated_calls: float
    measured_seconds: float | None
    predicted_seconds: float | None
    roofline_seconds: float | None

    @property
    def ratio(self) -> float | None:
        """Return measured / predicted, None where one side lacks the call."""
        if self.measured_seconds is None or not self.predicted_seconds:
            return None
        return self.measured_seconds / self.predicted_seconds


@dataclass(frozen=True, slots=True)
class Alignment:
    """A measured step beside a simulated one, longest measured time first.

    `matched_share` is the fraction of the measured time whose calls the simulation has too. Seconds are per step.
    """

    schema: str
    origin: tuple[str, ...]
    model: str
    device_name: str
    steps: int
    measured_seconds: float
    predicted_seconds: float
    roofline_seconds: float
    matched_share: float
    rows: tuple[Aligned, ...]

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


def align(measured: Report, simulated: Report) -> Alignment:
    """Line the operators of a measured report up with those of the simulation of the same model on the same device.

    WorkloadError where nothing was measured, or hardly anything has a counterpart: it is another model then.
    """
    figures = measured.measured
    if figures is None:
        raise WorkloadError(f"the report of {measured.workload.model} holds no measured time", "give a trace")
    theirs, ours = _groups(measured), _groups(simulated)
    rows = [_align_calls(key, theirs.get(key, ()), ours.get(key, ()), figures.steps) for key in {**theirs, **ours}]
    rows.sort(key=lambda row: (-(row.measured_seconds or 0.0), -(row.predicted_seconds or 0.0), row.operator))
    matched = [row for row in rows if row.simulated_calls and row.measured_calls]
    total = _measured_seconds(rows)
    if total and not matched:
        raise WorkloadError(
            f"no operator of {measured.workload.model} has the shapes that {simulated.workload.model} has",
            f"is it a trace of that model, with batch {simulated.workload.batch_size}? "
            "Choose with --model, --batch-size, --resolution and --phase",
        )
    return Alignment(
        SCHEMA,
        figures.origin,
        simulated.workload.model,
        measured.device.name,
        figures.steps,
        total,
        simulated.totals.seconds,
        simulated.totals.roofline_seconds,
        share(_measured_seconds(matched), total),
        tuple(rows),
    )


def _measured_seconds(rows: Iterable[Aligned]) -> float:
    return sum(row.measured_seconds or 0.0 for row in rows)


def _groups(report: Report) -> dict[Key, list[OperatorRow]]:
    groups: dict[Key, list[OperatorRow]] = defaultdict(list)
    for row in report.operators:
        groups[_key(row)].append(row)
    return groups


def _key(row: OperatorRow) -> Key:
    return call_key(row.name, row.phase, row.input_shapes)


def call_key(name: str, phase: str, shapes: Iterable[tuple[int, ...]]) -> Key:
    """Return what calls of a trace and of a simulation have in common: family, phase, shapes that are no vectors."""
    if phase == OPTIMIZER:
        return OPTIMIZER, OPTIMIZER, ()
    return family(name), phase, tuple(sorted(shape for shape in shapes if len(shape) > 1))


def family(name: str) -> str:
    """Return the one name of operators that do the same: "batch_norm" of aten::cudnn_batch_norm."""
    short = name.removeprefix("aten::")
    return _CANONICAL.get(short, short.removesuffix("_"))


def _align_calls(key: Key, theirs: Sequence[OperatorRow], ours: Sequence[OperatorRow], steps: int) -> Aligned:
    operator, phase, shapes = key
    return Aligned(
        operator=operator,
        phase=phase,
        shapes=shapes,
        measured_calls=sum(row.calls for row in theirs) / steps,
        simulated_calls=float(sum(row.calls for row in ours)),
        measured_seconds=sum(row.measured_seconds or 0.0 for row in theirs) / steps if theirs else None,
        predicted_seconds=sum(row.seconds for row in ours) if ours else None,
        roofline_seconds=sum(row.roofline_seconds for row in ours) if ours else None,
    )
