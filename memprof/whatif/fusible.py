"""Passes over tensors that need not be kernels of their own: what would be saved if the kernel before did their work.

Everything here is an estimate from a report's rows. A pass that joins the kernel before it no longer reads what that
kernel wrote, nor is that written, unless the backward pass needs it; the rest of its traffic stays. Its launch goes,
but its arithmetic and its instructions go along: where these bind, joining saves the launch alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from memprof.report.record import OperatorRow, Report
from memprof.vocabulary import DRAM, HOST, INFER, L2, LAUNCH, TRAIN, Kind, Phase

PRODUCERS = (Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.MATMUL, Kind.ATTENTION, Kind.NORMALIZATION, Kind.ELEMENTWISE)
"""Kinds whose kernels an element-wise pass could join."""
_WEIGHTED = (Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.MATMUL)
_KEEPS_INPUT = ("gelu", "silu", "mish", "hardswish", "mul", "div", "elu", "softplus", "hardsigmoid", "pow")
"""Element-wise operators whose gradient needs what went into them, so that training has to write that anyway."""
_BYTES = (DRAM, L2, LAUNCH)
"""Bounds of passes that take as long as their bytes, beside their launch."""
_LOOK_BACK = 4
"""Rows before a backward pass among which its producer is sought: a backward step has several results."""
_ITEM_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int64": 8, "int8": 1, "uint8": 1, "bool": 1}


@dataclass(frozen=True, slots=True)
class Saving:
    """What of one row could be saved: the seconds that go, why they could, and the kind of kernel that takes over.

    `reason` is "fold" (a norm with fixed statistics becomes part of a convolution's weights), "bias" (a convolution's
    own pass that adds the bias), "join" (an element-wise pass joins the kernel before it) or "copy" (it computes
    nothing).
    """

    row: OperatorRow
    reason: str
    seconds: float
    before: str = ""


def savings(report: Report) -> Iterator[Saving]:
    """Yield every row of which something could be saved, in the report's order; no row twice."""
    rate = dram_rate(report)
    for phase in (Phase.FORWARD, Phase.BACKWARD):
        rows = [row for row in report.operators if row.phase == phase and _elements(row) > 1]
        for place in range(len(rows)):
            saving = _saving(report, rows, place, rate)
            if saving is not None and saving.seconds > 0:
                yield saving


def dram_rate(report: Report) -> float:
    """Return the bytes per second of the operators that DRAM binds, as predicted; its ceiling where there are none."""
    bound = [row for row in report.operators if row.bound == DRAM]
    seconds = sum(row.seconds for row in bound)
    return sum(row.dram_bytes for row in bound) / seconds if seconds else report.device.memory_bytes_per_second[DRAM]


def item_bytes(row: OperatorRow) -> int:
    """Return the bytes of one element of the row's dtype; 4 for one that is not known here."""
    return _ITEM_BYTES.get(row.dtype, 4)


def _saving(report: Report, rows: Sequence[OperatorRow], place: int, rate: float) -> Saving | None:
    row = rows[place]
    if row.kind == Kind.LAYOUT:
        return Saving(row, "copy", row.seconds)
    if _folds(report, rows, place):
        return Saving(row, "fold", row.seconds)
    if row.kind in _WEIGHTED:
        return Saving(row, "bias", _bias_seconds(row, rate))
    if row.kind == Kind.ELEMENTWISE:
        producer = _producer(rows, place)
        if producer is not None:
            return Saving(row, "join", _joined_seconds(report, row), producer.kind)
    return None


def _folds(report: Report, rows: Sequence[OperatorRow], place: int) -> bool:
    """Return whether a batch norm has fixed statistics and stands next to a layer that can take its scale."""
    if report.workload.phase != INFER or "batch_norm" not in rows[place].name:
        return False
    return any(row.kind in _WEIGHTED for row in [*rows[max(0, place - 1) : place], *rows[place + 1 : place + 2]])


def _bias_seconds(row: OperatorRow, rate: float) -> float:
    """Return what a separate pass for a convolution's bias takes: its output read and written once.

    There is one where the row launches at least two kernels a call and has a bias. No more than its share of the bytes.
    """
    outputs = _outputs(row)
    if row.phase != Phase.FORWARD or "conv" not in row.name or len(row.input_shapes) < 3 or outputs is None:
        return 0.0
    if row.launches < 2 * row.calls or not row.dram_bytes or not rate:
        return 0.0
    moved = 2 * item_bytes(row) * outputs * row.calls
    return min(moved / rate, row.seconds * min(1.0, moved / row.dram_bytes))


def _producer(rows: Sequence[OperatorRow], place: int) -> OperatorRow | None:
    """Return the row whose kernel wrote what an element-wise pass reads: of as many elements, and just before."""
    row = rows[place]
    reach = 1 if row.phase == Phase.FORWARD else _LOOK_BACK
    for before in reversed(rows[max(0, place - reach) : place]):
        outputs = _outputs(before)
        if before.kind in PRODUCERS and outputs is not None and abs(outputs / _elements(row) - 1) < 0.01:
            return before
    return None


def _joined_seconds(report: Report, row: OperatorRow) -> float:
    """Return what of a pass goes with its bytes and its launch; its FLOPs are still to be done, at best at the peak."""
    if row.bound == HOST:
        return row.seconds
    launch = min(row.seconds, row.launches * report.device.achievable.get("launch_seconds", 0.0))
    if row.bound not in _BYTES:
        return launch
    peak = report.device.peak_flops_per_second.get(row.engine)
    stays = row.flops / peak if peak else 0.0
    moved = (row.seconds - launch) * _joined_fraction(row, report.workload.phase)
    return launch + max(0.0, min(moved, row.seconds - launch - stays))


def _joined_fraction(row: OperatorRow, phase: str) -> float:
    """Return the fraction of a pass's traffic that goes: one read and one write, less what training keeps."""
    whole = sum(prod(shape) == _elements(row) for shape in row.input_shapes)
    name = row.name.removeprefix("aten::").rstrip("_")
    kept = phase == TRAIN and row.phase == Phase.FORWARD and name in _KEEPS_INPUT
    return (1 if kept else 2) / (whole + 1)


def _elements(row: OperatorRow) -> int:
    """Return the elements of the row's largest input."""
    return max(map(prod, row.input_shapes), default=0)


def _outputs(row: OperatorRow) -> float | None:
    """Return the elements that one call of the row writes, as far as the row tells; None where it does not."""
    shapes = row.input_shapes
    if row.kind in (Kind.ELEMENTWISE, Kind.NORMALIZATION):
        return float(_elements(row))
    if row.kind == Kind.ATTENTION:
        return float(prod(shapes[0]))
    if row.kind == Kind.MATMUL:
        left, right = shapes[-2:] if len(shapes) > 1 else ((), ())
        return float(prod(left[:-1]) * right[-1]) if len(left) > 1 and len(right) > 1 else None
    if "backward" in row.name and len(shapes) > 1:
        return float(prod(shapes[1]))
    taps = prod(shapes[1][1:]) if len(shapes) > 1 else 0
    return row.flops / row.calls / (2 * taps + (len(shapes) > 2)) if taps and row.calls else None
