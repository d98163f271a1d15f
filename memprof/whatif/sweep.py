"""A model over a range of one of its numeric options: step time, and what binds its depthwise convolutions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from memprof import units, words
from memprof.comparisons.models import entry, faster
from memprof.errors import ModelError
from memprof.models import registry
from memprof.models.options import Option, Value, write
from memprof.report.groups import share
from memprof.report.json_text import indented_json
from memprof.report.labels import host_name
from memprof.report.record import Report
from memprof.vocabulary import Kind
from memprof.whatif.ablation import Published, change_options, is_exact, published_rate, zoo_spec

SCHEMA = "memprof.sweep/1"
_RANGE = re.compile(r"([0-9]+)\.\.([0-9]+)(?::([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of the option: as text, as a number, and the model that has it."""

    value: str
    number: float
    model: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings to analyse, in rising order. `is_whole` says whether the option takes whole numbers."""

    model: str
    option: str
    meaning: str
    is_whole: bool
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class BoundSeconds:
    """The time of depthwise convolutions that one bound sets."""

    bound: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Point:
    """One setting in one phase, in the faster layout; seconds of a step, predicted but for `roofline_seconds`.

    `depthwise_seconds` is the part of depthwise convolutions, `depthwise_bounds` divides it, longest first. `exact` is
    False where what was published computes its layer norm differently.
    """

    phase: str
    value: str
    number: float
    model: str
    parameters: int
    macs_per_image: float
    layout: str
    seconds: float
    roofline_seconds: float
    images_per_second: float
    depthwise_seconds: float
    depthwise_bounds: tuple[BoundSeconds, ...]
    published_seconds: float | None
    exact: bool = True

    @property
    def depthwise_bound(self) -> str:
        """Return what sets most of the depthwise convolutions' time; "" where there are none."""
        return self.depthwise_bounds[0].bound if self.depthwise_bounds else ""


@dataclass(frozen=True, slots=True)
class Takeover:
    """Another bound takes over the depthwise convolutions between two settings; `value` is the later one."""

    phase: str
    before_value: str
    value: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Step time against one option of a model on a device, by phase, and where bounds take over."""

    schema: str
    model: str
    option: str
    is_whole: bool
    device_name: str
    device_title: str
    batch_size: int
    resolution: int
    precision: str
    points: tuple[Point, ...]
    takeovers: tuple[Takeover, ...]
    sentences: tuple[str, ...]
    host: str = ""
    stack: str = ""
    device_family: str = ""

    def of(self, phase: str) -> tuple[Point, ...]:
        """Return the points of a phase, in rising order."""
        return tuple(point for point in self.points if point.phase == phase)

    def phases(self) -> tuple[str, ...]:
        """Return the phases, in order of appearance."""
        return tuple(dict.fromkeys(point.phase for point in self.points))

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


def plan(model: str, text: str) -> Plan:
    """Return what `kernel=3..31`, `kernel=3..31:4`, `kernel=3,7,11` or `conv_ratio=1/8,1/4` asks for.

    A range runs in steps of 2, because kernels are odd. ModelError for anything else, and for options without numbers.
    """
    spec = zoo_spec(model)
    name, equals, listed = (part.strip() for part in text.partition("="))
    entry_of = registry.ENTRIES[spec.name]
    option = entry_of.option(name.lower().replace("-", "_"))
    numeric = [item.name for item in entry_of.family.options if _is_number(item.read(item.example))]
    if option.name not in numeric:
        raise ModelError(f"{option.name} takes no numbers: it is {option.valid}", f"sweep {' or '.join(numeric)}")
    if not equals or not listed:
        raise ModelError(f"--sweep {text} gives no values", f"for example --sweep {_example(option)}")
    values: set[int | Fraction] = set()
    for item in listed.split(","):
        values.update(_values(spec.name, option, item.strip()))
    if len(values) < 2:
        raise ModelError(f"--sweep {text} gives only one value", f"give several: --sweep {_example(option)}")
    settings = []
    for value in sorted(values):
        changed = change_options(spec, {option.name: value})
        if clash := entry_of.family.clash({**dict(changed.options), option.name: value}):
            raise ModelError(f"{spec} with {option.name}={write(value)}: {clash}", "sweep another option")
        settings.append(Setting(write(value), float(value), str(changed)))
    is_whole = isinstance(option.read(option.example), int)
    return Plan(str(spec), option.name, option.meaning, is_whole, tuple(settings))


def sweep(asked: Plan, cells: Sequence[Sequence[Report]], published: Published = published_rate) -> Sweep:
    """Put the reports of a plan together: for each setting those of every phase, in one layout or in both."""
    points = [
        point
        for setting, reports in zip(asked.settings, cells, strict=True)
        for point in _points(setting, reports, published)
    ]
    first = cells[0][0]
    phases = tuple(dict.fromkeys(point.phase for point in points))
    by_phase = {phase: [point for point in points if point.phase == phase] for phase in phases}
    takeovers = tuple(item for phase in phases for item in _takeovers(by_phase[phase]))
    sentences = []
    for phase in phases:
        sentences += [_growth(asked, by_phase[phase]), _bounds(asked, by_phase[phase], takeovers, first.device.family)]
    return Sweep(
        schema=SCHEMA,
        model=asked.model,
        option=asked.option,
        is_whole=asked.is_whole,
        device_name=first.device.name,
        device_title=first.device.title,
        batch_size=first.workload.batch_size,
        resolution=first.workload.pixels,
        precision=first.workload.precision,
        points=tuple(point for phase in phases for point in by_phase[phase]),
        takeovers=takeovers,
        sentences=tuple(sentence for sentence in sentences if sentence),
        host=host_name(first),
        stack=first.workload.stack,
        device_family=first.device.family,
    )


def _values(model: str, option: Option, text: str) -> list[int | Fraction]:
    """Return the values of one item of the list: a value or a range."""
    if ".." not in text:
        value = option.parse(model, text)
        assert isinstance(value, (int, Fraction))
        return [value]
    ends = _RANGE.fullmatch(text.replace(" ", ""))
    if not isinstance(option.read(option.example), int):
        raise ModelError(f"{option.name}={text}: shares of channels have no range", f"list them: {_example(option)}")
    if ends is None:
        raise ModelError(f"{option.name}={text} is no range", f"write {_example(option)}, or 3..31:4 for steps of 4")
    first, last = option.parse(model, ends[1]), option.parse(model, ends[2])
    assert isinstance(first, int)
    assert isinstance(last, int)
    step = int(ends[3] or 2)
    if step < 1 or step % 2:
        raise ModelError(f"{option.name}={text}: a step of {step} leaves the odd sizes", "give an even step: 2, 4, ...")
    if first > last:
        raise ModelError(f"{option.name}={text} runs backwards", f"write {option.name}={last}..{first}")
    return list(range(first, last + 1, step))


def _is_number(value: Value | None) -> bool:
    return isinstance(value, (int, Fraction))


def _example(option: Option) -> str:
    return f"{option.name}={'3..31' if isinstance(option.read(option.example), int) else '1/8,1/4,1/2'}"


def _points(setting: Setting, reports: Sequence[Report], published: Published) -> list[Point]:
    item = entry(reports)
    points = []
    for step in item.steps:
        report = faster([report for report in reports if report.workload.phase == step.phase])
        rows = [row for row in report.operators if row.kind == Kind.DEPTHWISE]
        seconds: dict[str, float] = {}
        for row in rows:
            seconds[row.bound] = seconds.get(row.bound, 0.0) + row.seconds
        rate = published(item, step.phase)
        points.append(
            Point(
                phase=step.phase,
                value=setting.value,
                number=setting.number,
                model=setting.model,
                parameters=item.parameters,
                macs_per_image=item.macs_per_image,
                layout=step.layout,
                seconds=step.seconds,
                roofline_seconds=step.roofline_seconds,
                images_per_second=step.images_per_second,
                depthwise_seconds=sum(row.seconds for row in rows),
                depthwise_bounds=tuple(
                    BoundSeconds(bound, seconds[bound])
                    for bound in sorted(seconds, key=seconds.__getitem__, reverse=True)
                ),
                published_seconds=item.batch_size / rate if rate else None,
                exact=is_exact(setting.model),
            )
        )
    return points


def _takeovers(points: Sequence[Point]) -> list[Takeover]:
    return [
        Takeover(point.phase, before.value, point.value, before.depthwise_bound, point.depthwise_bound)
        for before, point in pairwise(points)
        if before.depthwise_bound != point.depthwise_bound and before.depthwise_bound and point.depthwise_bound
    ]


def _growth(asked: Plan, points: Sequence[Point]) -> str:
    """Say how the step's time grows, how the MACs do, and what of the time is depthwise."""
    first, last = points[0], points[-1]
    return (
        f"{words.phase(first.phase).capitalize()}: from {asked.option} {first.value} to {last.value} the predicted "
        f"step goes from {units.seconds(first.seconds)} to {units.seconds(last.seconds)} "
        f"({units.ratio(share(last.seconds, first.seconds))}), its MACs to "
        f"{units.ratio(share(last.macs_per_image, first.macs_per_image))}. Depthwise convolutions take "
        f"{units.share(share(first.depthwise_seconds, first.seconds))} of the time, then "
        f"{units.share(share(last.depthwise_seconds, last.seconds))}."
    )


def _bounds(asked: Plan, points: Sequence[Point], takeovers: Sequence[Takeover], family: str) -> str:
    """Say what binds the depthwise convolutions, and from where on another bound takes over."""
    here = [item for item in takeovers if item.phase == points[0].phase]
    phase = words.phase(points[0].phase).capitalize()
    if not points[0].depthwise_bound:
        return ""
    if not here:
        binds = words.binding_clause(points[0].depthwise_bound, family)
        return f"{phase}: {binds} most of the depthwise convolutions' time at every {asked.option} of the sweep."
    name, first = asked.option, here[0]
    rest = [f"{words.bound(item.after, family)} from {name} {item.value} on" for item in here]
    return (
        f"{phase}: {words.bound(first.before, family)} sets the pace of most depthwise convolutions up to {name} "
        f"{first.before_value}, {words.enumerate_words(rest)}."
    )
