"""From predictions to fronts: who is beaten by nobody, who could be, and how the front moves between devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memprof import units, words
from memprof.devices.record import Device
from memprof.frontier.accuracy import SOURCES
from memprof.frontier.analysing import Answer, Plan, Predicted
from memprof.frontier.records import SCHEMA, Accuracy, Candidate, DeviceFront, Frontier, Missing
from memprof.validation.processes import Failure

_NAMED = 4
"""Networks named in a sentence."""


def frontier(
    rows: Sequence[Accuracy],
    plan: Plan,
    devices: Sequence[Device],
    answers: Mapping[tuple[str, int], Answer],
    trained_on: str,
) -> Frontier:
    """Return the fronts of networks on devices; `devices` are those of the plan, in its order."""
    fronts = tuple(_front(place, device, plan, rows, answers) for place, device in enumerate(devices))
    failed = {row.model: answer for row in rows if isinstance(answer := answers[row.model, row.resolution], Failure)}
    used = dict.fromkeys(row.source for row in rows)
    return Frontier(
        schema=SCHEMA,
        phase=plan.phase,
        batch_size=plan.batch_size,
        layout=plan.layouts[0] if len(plan.layouts) == 1 else "best",
        stack=plan.stack,
        host=plan.host,
        trained_on=trained_on,
        sources=tuple((name, SOURCES.get(name, "a table of the user's")) for name in used),
        devices=fronts,
        missing=tuple(Missing(model, answer.reason) for model, answer in failed.items()),
        sentences=(*map(_sentence, fronts), *_moves(fronts)),
    )


def on_front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Return for points (throughput, accuracy) whether no other is at least as good at both and better at one."""
    order = sorted(range(len(points)), key=lambda place: (-points[place][0], -points[place][1]))
    best, found = float("-inf"), [False] * len(points)
    for place in order:
        if points[place][1] > best:
            best, found[place] = points[place][1], True
    return found


def _front(
    place: int,
    device: Device,
    plan: Plan,
    rows: Sequence[Accuracy],
    answers: Mapping[tuple[str, int], Answer],
) -> DeviceFront:
    known: list[tuple[Accuracy, Predicted]] = []
    for row in rows:
        answer = answers[row.model, row.resolution]
        if not isinstance(answer, Failure):
            known.append((row, answer[place]))
    fitting = [(row, found) for row, found in known if found.fits is not False]
    marks = dict(
        zip(
            [(row.model, row.resolution) for row, _ in fitting],
            on_front([(found.images_per_second, row.top1) for row, found in fitting]),
            strict=True,
        )
    )
    candidates = [
        Candidate(
            accuracy=row,
            images_per_second=found.images_per_second,
            layout=found.layout,
            relative_error=found.relative_error,
            fits=found.fits,
            on_front=marks.get((row.model, row.resolution), False),
            near_front=found.fits is not False and _could_be(row, found, fitting),
        )
        for row, found in known
    ]
    candidates.sort(key=lambda item: -item.images_per_second)
    return DeviceFront(device.name, device.title, plan.devices[place][1], tuple(candidates))


def _could_be(row: Accuracy, found: Predicted, others: Sequence[tuple[Accuracy, Predicted]]) -> bool:
    """Return whether a network would be on the front, were it faster by its prediction's own error."""
    rate = found.images_per_second * (1 + (found.relative_error or 0.0))
    return not any(
        other.images_per_second >= rate and item.top1 >= row.top1
        for item, other in others
        if (item.model, item.resolution) != (row.model, row.resolution)
    )


def name_of(row: Accuracy) -> str:
    """Return what a network is called: "caformer_s18", "convnext_t at 288"."""
    name = row.model.removeprefix("timm:")
    return name if row.resolution == 224 else f"{name} at {row.resolution}"


def _sentence(item: DeviceFront) -> str:
    if not item.front:
        return f"{item.device_title}: no network has a prediction that fits."
    return (
        f"{item.device_title}: {len(item.front)} of {len(item.candidates)} networks are beaten by none at both, from "
        f"{_described(item.front[0])} to {_described(item.front[-1])}."
    )


def _described(item: Candidate) -> str:
    rate = units.images_per_second(item.images_per_second)
    return f"{name_of(item.accuracy)} ({rate}, {item.accuracy.top1:.1f} %)"


def _moves(fronts: Sequence[DeviceFront]) -> list[str]:
    """Say which networks enter and leave the front from the first device to each other one."""
    told: list[str] = []
    if not fronts:
        return told
    first = {name_of(item.accuracy) for item in fronts[0].front}
    for other in fronts[1:]:
        here = {name_of(item.accuracy) for item in other.front}
        enters = [name for item in other.front if (name := name_of(item.accuracy)) not in first]
        leaves = [name for item in fronts[0].front if (name := name_of(item.accuracy)) not in here]
        parts = [f"{_some(enters)} on the front only there"] if enters else []
        parts += [f"{_some(leaves)} only on {fronts[0].device_title}"] if leaves else []
        told.append(
            f"From {fronts[0].device_title} to {other.device_title}: {'; '.join(parts) or 'the front is the same'}."
        )
    return told


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    shown = [*names[:_NAMED], *([f"{more} more"] if more > 0 else [])]
    return f"{words.enumerate_words(shown)} {'is' if len(names) == 1 else 'are'}"
