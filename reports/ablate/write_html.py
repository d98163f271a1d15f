"""The page of an ablation: throughput of each variant beside the baseline and what was published."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.ablate import tables
from memprof.reports.charts.records import Bar, Bars, Part
from memprof.reports.compare.tables import rate
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.writer import RenderOptions
from memprof.whatif.ablation import Ablation, Outcome, Result

EXTENSION = "html"


def render(ablation: Ablation, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    return write(page(ablation))


def page(ablation: Ablation) -> Page:
    """Return what the page says and shows."""
    base, phases = ablation.baseline, tables.phases(ablation)
    return Page(
        window=tables.title(ablation),
        verdict=_verdict(ablation, phases[-1]),
        figures=common.figures(*(_fastest(ablation, phase) for phase in phases), _agreement(ablation)),
        line=tables.subtitle(ablation),
        assumed=common.assumed(
            (
                *common.run_facts(base.device_title, base.host, base.stack),
                ("Workload", f"batch {base.batch_size}, {base.resolution} px, {base.precision}", "of every variant"),
            )
        ),
        sections=(
            Section(
                "variants",
                "Variants",
                "Each variant changes one choice of the baseline",
                charts=tuple(_chart(ablation, phase) for phase in phases),
                tables=(_grid(ablation, phases),),
                notes=tables.notes(ablation),
            ),
            Section("names", "Names", "What to pass as --model", tables=(tables.models(ablation),)),
        ),
        words=common.words([base.device_family]),
        json=ablation.to_json(),
    )


def _changed(ablation: Ablation, phase: str) -> list[tuple[Outcome, Result]]:
    """Return the variants that were analysed in a phase, but for the baseline, the fastest first."""
    found = [(item, result) for result in ablation.results[1:] if (item := result.outcome(phase))]
    return sorted(found, key=lambda pair: -pair[0].ratio)


def _verdict(ablation: Ablation, phase: str) -> str:
    changed = _changed(ablation, phase)
    if not changed:
        return tables.title(ablation)
    (most, fast), (least, slow) = changed[0], changed[-1]
    name = words.phase(phase)
    text = f"Of the variants of {ablation.model}, {fast.change} is predicted to be fastest in {name}: "
    return f"{text}{most.ratio:.2f}x the baseline; slowest is {slow.change}: {least.ratio:.2f}x."


def _fastest(ablation: Ablation, phase: str) -> Figure | None:
    changed = _changed(ablation, phase)
    if not changed:
        return None
    item, result = changed[0]
    remark = f"{result.change}: {units.images_per_second(item.images_per_second)}, predicted"
    return Figure(f"Fastest in {words.phase(phase)}", f"{item.ratio:.2f}x", remark)


def _agreement(ablation: Ablation) -> Figure | None:
    """Return how far ratios to the baseline are from those that were published, where some were."""
    pairs = [
        (item.ratio, item.published_ratio)
        for result in ablation.results[1:]
        for item in result.outcomes
        if item.published_ratio
    ]
    if not pairs:
        return None
    off = sum(abs(ours / theirs - 1) for ours, theirs in pairs) / len(pairs)
    return Figure("Off what was published", f"{100 * off:.1f} %", f"mean of {len(pairs)} ratios to the baseline")


def _chart(ablation: Ablation, phase: str) -> Bars:
    bars = []
    for place, result in enumerate(ablation.results):
        item = result.outcome(phase)
        if item is None:
            continue
        color = colors.PALE if not place else colors.LESS if item.ratio >= 1 else colors.MORE
        published = item.published_images_per_second
        told = [f"{units.images_per_second(item.images_per_second)} predicted", item.layout]
        told += [f"{rate(published)} images/s published"] if published else []
        text = f"{rate(item.images_per_second)}, {item.ratio:.2f}x"
        bars.append(Bar(result.change, (Part(item.images_per_second, color),), text, tuple(told), result.change))
    alt = f"Predicted images per second in {words.phase(phase)}: " + "; ".join(f"{one.name} {one.text}" for one in bars)
    return Bars(alt, "predicted images/s", tuple(bars), words.phase(phase).capitalize())


def _grid(ablation: Ablation, phases: tuple[str, ...]) -> Grid:
    columns = [
        Column("Variant", "What it changes of the baseline.", number=False),
        Column("parameters", "How many numbers are trained.", extra=True),
        Column("MACs per\nimage", "Multiply-adds of one image's forward pass.", main=False),
    ]
    for phase in phases:
        columns += [
            Column(f"{phase}\nimages/s", f"Predicted throughput in {words.phase(phase)}."),
            Column(f"{phase}\nratio", "Predicted, over that of the baseline."),
            Column(f"{phase}\npublished", "Images per second that were published.", main=False),
            Column(f"{phase} published\nratio", "Published, over that of the baseline.", main=False),
            Column(f"{phase}\nlayout", "The faster of both.", number=False, extra=True),
        ]
    rows = tuple(
        Row(
            (
                result.change,
                Cell(units.count(result.parameters), result.parameters),
                Cell(units.count(result.macs_per_image), result.macs_per_image),
                *(cell for phase in phases for cell in _cells(result, result.outcome(phase))),
            ),
            result.change,
        )
        for result in ablation.results
    )
    return Grid("Variants", tuple(columns), rows)


def _cells(result: Result, item: Outcome | None) -> tuple[Cell | str, ...]:
    if item is None:
        return (Cell(common.ABSENT),) * 5
    published = item.published_images_per_second
    mark = "" if result.exact else tables.NOT_EXACT
    return (
        Cell(rate(item.images_per_second), item.images_per_second),
        common.ratio(item.ratio),
        Cell(f"{rate(published)}{mark}", published) if published else Cell(""),
        common.ratio(item.published_ratio) if item.published_ratio else Cell(""),
        item.layout,
    )
