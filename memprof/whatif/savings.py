"""Where one model loses most of its time, and what memprof predicts for the changes that would win it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from memprof import units, words
from memprof.findings import memory, prediction
from memprof.report.digest import Digest, digest, digests
from memprof.report.groups import share
from memprof.report.json_text import indented_json
from memprof.report.labels import host_name, labels
from memprof.report.record import OperatorRow, Report, Workload
from memprof.vocabulary import CHANNELS_FIRST, CHANNELS_LAST, WAITING, Kind
from memprof.whatif import fusible
from memprof.whatif.fusible import Saving

SCHEMA = "memprof.losses/1"
NOT_ADDITIVE = (
    "Each saving is a prediction for that change alone. Savings of different changes do not add up: they may concern "
    "the same time."
)
LEAST = 0.005
"""Fraction of the step that a change must save to be shown."""
_BAND = 11
"""Length of the bands of InceptionNeXt's token mixer (arXiv 2303.16900, section 3.2)."""
_LEAST_KERNEL = 5
_LARGEST_BATCH = 65_536
_FASTER = {"fp32": ("tf32", "amp-fp16", "amp-bf16"), "tf32": ("amp-fp16", "amp-bf16")}
"""What to run in instead, the first that a device has."""
_PRECISION_CHANGE = {
    "tf32": "allow TF32: torch.backends.cuda.matmul.allow_tf32 and torch.backends.cudnn.allow_tf32",
    "amp-fp16": "run under torch.autocast in float16",
    "amp-bf16": "run under torch.autocast in bfloat16",
}
_COPY_CHANGE = {
    "cat": "let the kernels before it write into one tensor",
    "stack": "let the kernels before it write into one tensor",
    "_to_copy": "write in the other precision in the kernel before it",
}
_BEFORE: dict[str, str] = {
    **{kind: f"the {kind}" for kind in fusible.PRODUCERS},
    Kind.MATMUL: "the matrix product",
    Kind.ELEMENTWISE: "the pass",
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What the operators of one kind take: predicted seconds, their share of the step, and what sets most of it."""

    kind: str
    seconds: float
    share: float
    bound: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Time that a change would save, in seconds of one step as analysed.

    `what` takes `seconds` now and would take `saved_seconds` less with the `change`. `code` is stable: "join", "bias",
    "fold", "copy", "split", "layout", "precision" or "batch". `analysed` says whether the changed step was analysed as
    a whole; otherwise the saving is estimated from the report's rows.
    """

    code: str
    what: str
    change: str
    seconds: float
    saved_seconds: float
    saved_share: float
    analysed: bool


@dataclass(frozen=True, slots=True)
class Losses:
    """Where a step's time goes, and the changes that would save at least 0.5 % of it, largest saving first.

    `off` says how far predictions like these are typically off.
    """

    schema: str
    workload: Workload
    device_name: str
    device_title: str
    seconds: float
    kinds: tuple[Spent, ...]
    losses: tuple[Loss, ...]
    sentences: tuple[str, ...]
    host: str = ""
    device_family: str = ""
    off: str = ""

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


def alternative_workloads(workload: Workload, precisions: Sequence[str]) -> tuple[Workload, ...]:
    """Return workloads that differ from this one in what costs no change of the model: layout, precision or batch.

    `precisions` are those that the device has.
    """
    other = CHANNELS_FIRST if workload.layout == CHANNELS_LAST else CHANNELS_LAST
    faster = next((name for name in _FASTER.get(workload.precision, ()) if name in precisions), None)
    alternatives = [replace(workload, layout=other)]
    alternatives += [replace(workload, precision=faster)] if faster else []
    batch = 2 * workload.batch_size
    alternatives += [replace(workload, batch_size=batch)] if batch <= _LARGEST_BATCH else []
    return tuple(alternatives)


def find_losses(report: Report, alternatives: Sequence[Report] = ()) -> Losses:
    """Find what of a step could be saved; `alternatives` are the same model in `alternative_workloads`."""
    total, own = report.totals.seconds, digest(report)
    unfit = [other for other in digests(alternatives) if _breaks_memory(own, other)]
    tried = [_compare(report, other) for other in alternatives if all(other is not item.report for item in unfit)]
    candidates = [*_row_losses(report), *_split(report), *tried]
    shown = [loss for loss in candidates if loss.saved_seconds >= LEAST * total > 0]
    kinds = tuple(Spent(kind.name, kind.seconds, kind.time_share, kind.bound) for kind in own.kinds)
    losses = tuple(sorted(shown, key=lambda loss: (-loss.saved_seconds, loss.code, loss.what)))
    return Losses(
        schema=SCHEMA,
        workload=report.workload,
        device_name=report.device.name,
        device_title=report.device.title,
        seconds=total,
        kinds=kinds,
        losses=losses,
        sentences=(*_sentences(own, losses), *_vain_sentences(own, tried, unfit)),
        host=host_name(report),
        device_family=report.device.family,
        off=prediction.error(own),
    )


def _row_losses(report: Report) -> Iterator[Loss]:
    """Put the savings of rows together that one change would bring: of one operator, phase and kernel before it."""
    groups: dict[tuple[str, ...], list[Saving]] = defaultdict(list)
    for saving in fusible.savings(report):
        row = saving.row
        name = "" if saving.reason == "bias" else row.name.removeprefix("aten::")
        groups[saving.reason, name, row.phase, saving.before, row.kind].append(saving)
    for (reason, name, phase, before, _), members in groups.items():
        rows = [saving.row for saving in members]
        yield _loss(
            report,
            reason,
            _operators_text(rows),
            _change(reason, name, phase, before),
            rows,
            sum(saving.seconds for saving in members),
        )


def _change(reason: str, name: str, phase: str, before: str) -> str:
    if reason == "fold":
        return "fold its scale and shift into the weights of the convolution beside it"
    if reason == "bias":
        return "add the bias in the convolution's own kernel"
    if reason == "copy":
        return _COPY_CHANGE.get(name, "keep the layout and dtype of the kernel before it")
    where = _BEFORE.get(before, "the kernel")
    return f"fuse it with {where} before it"


def _split(report: Report) -> Iterator[Loss]:
    """Replace large depthwise kernels by InceptionNeXt's branches, concatenated.

    An eighth of the channels gets a 3x3 kernel, one a band along the width, one along the height; 5/8 are passed on.
    The estimate scales the rows' time by the taps that are left, but DRAM still has to move the channels that are
    convolved, and the concatenation reads and writes all of them.
    """
    rate = fusible.dram_rate(report)
    groups: dict[tuple[int, ...], list[tuple[OperatorRow, float]]] = defaultdict(list)
    for row in report.operators:
        kernel = _kernel(row)
        if len(kernel) == 2 and min(kernel) >= _LEAST_KERNEL and rate and row.bound not in WAITING:
            groups[kernel].append((row, row.seconds - _split_seconds(row, kernel, rate)))
    for (height, width), members in groups.items():
        bands = max(_BAND, height, width)
        change = f"split it as InceptionNeXt does: 3x3, 1x{bands} and {bands}x1 on 1/8 of the channels each"
        rows = [row for row, _ in members]
        saved = sum(seconds for _, seconds in members)
        yield _loss(report, "split", f"{height}x{width} {_operators_text(rows)}", change, rows, saved)


def _kernel(row: OperatorRow) -> tuple[int, ...]:
    """Return the pixels a side of a depthwise convolution's kernel, () for what is none."""
    weight = 2 if "backward" in row.name else 1
    depthwise = row.kind == Kind.DEPTHWISE and len(row.input_shapes) > weight
    return row.input_shapes[weight][2:] if depthwise else ()


def _split_seconds(row: OperatorRow, kernel: tuple[int, ...], rate: float) -> float:
    taps = (9 + 2 * max(_BAND, *kernel)) / 8 / prod(kernel)
    values = prod(row.input_shapes[1 if "backward" in row.name else 0]) * row.calls
    concatenation = 2 * fusible.item_bytes(row) * values / rate
    return max(row.seconds * taps, 3 / 8 * row.dram_bytes / rate) + concatenation


def _breaks_memory(own: Digest, other: Digest) -> bool:
    """Return whether another step does not fit the memory, though this one does or is the smaller."""
    larger = other.report.workload.batch_size > own.report.workload.batch_size
    return memory.needed(other).fits is False and (memory.needed(own).fits is not False or larger)


def _compare(report: Report, other: Report) -> Loss:
    """Hold the step against the same model analysed with another layout, precision or batch size."""
    ours, theirs = report.workload, other.workload
    per_step = other.totals.seconds * ours.batch_size / theirs.batch_size
    if theirs.precision != ours.precision:
        code, what = "precision", f"Precision {ours.precision}"
        change = _PRECISION_CHANGE.get(theirs.precision, f"run in {theirs.precision}")
    elif theirs.layout != ours.layout:
        code, what, change = "layout", f"Layout {ours.layout}", f"change the layout to {theirs.layout}"
    else:
        code, what = "batch", f"Batch {ours.batch_size}"
        change = f"take batch {theirs.batch_size}, which saves this on every {ours.batch_size} images"
    total = report.totals.seconds
    return Loss(code, what, change, total, total - per_step, share(total - per_step, total), analysed=True)


def _loss(report: Report, code: str, what: str, change: str, rows: Sequence[OperatorRow], saved: float) -> Loss:
    total = report.totals.seconds
    seconds = sum(row.seconds for row in rows)
    return Loss(code, what, change, seconds, saved, share(saved, total), analysed=False)


def _operators_text(rows: Sequence[OperatorRow]) -> str:
    names = list(dict.fromkeys(words.operator(row.name, row.kind) for row in rows))
    calls = sum(row.calls for row in rows)
    phases = list(dict.fromkeys(row.phase for row in rows))
    return f"{', '.join(names)} ({units.count(calls)} {'call' if calls == 1 else 'calls'}, {' and '.join(phases)})"


def _sentences(digest: Digest, losses: Sequence[Loss]) -> Iterator[str]:
    total = units.seconds(digest.totals.seconds)
    slowest = [f"{words.kinds(kind.name)} {units.share(kind.time_share)}" for kind in digest.kinds[:3]]
    yield f"{digest.report.workload.model} needs {total} a step (predicted): {words.enumerate_words(slowest)} of it."
    if losses:
        first = losses[0]
        yield (
            f"The largest saving predicted for one change is {units.seconds(first.saved_seconds)} of {total} "
            f"({units.share(first.saved_share)}). {first.what}: {first.change}."
        )
    else:
        yield f"No change that memprof knows is predicted to save {units.share(LEAST)} of the step or more."
    unfit = memory.sentence(digest)
    if unfit:
        yield unfit


def _vain_sentences(own: Digest, tried: Sequence[Loss], unfit: Sequence[Digest]) -> Iterator[str]:
    """Say what was analysed and would not help, or would not fit the device's memory."""
    vain = [loss for loss in tried if loss.saved_seconds < LEAST * own.totals.seconds]
    parts = [f"{_shorten(loss.change)} ({units.seconds(loss.seconds - loss.saved_seconds)} a step)" for loss in vain]
    if parts:
        yield f"Analysed too, and predicted to save less than {units.share(LEAST)} or to cost time: {'; '.join(parts)}."
    for other in unfit:
        if memory.needed(own).fits is not False:
            needed = units.byte_count(memory.needed(other).peak_bytes)
            yield f"{labels([own.report, other.report])[1]} would need {needed}: more memory than the device has."


def _shorten(change: str) -> str:
    """Return a change without its remark."""
    return change.partition(", which")[0].partition(":")[0]
