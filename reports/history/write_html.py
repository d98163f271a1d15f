"""The page of a history: what was accepted, commit by commit, a plot for each workload, one figure of each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from memprof import words
from memprof.gate.history import Accepted
from memprof.gate.records import GateWorkload
from memprof.reports.charts.records import Axis, Mark, Plot, Series
from memprof.reports.history import History, tables, write_json
from memprof.reports.history.tables import Metric
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.writer import RenderOptions

EXTENSION = "html"
_MOST_TICKS = 10
_MODEL_CHANGED = (
    "Each point: the figure accepted at a commit. Orange: memprof's own cost model changed there, so the step says "
    "nothing about the model."
)


def render(history: History, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    return write(page(history))


def page(history: History) -> Page:
    """Return what the page says and shows."""
    accepted, metric = history.accepted, history.metric
    order = tables.commits(accepted)
    workloads = tuple(dict.fromkeys(sorted(item.workload for item in accepted)))
    changes = [change for workload in workloads if (change := _change(_of(accepted, workload), metric))]
    count = f"{len(order)} commit{'s' * (len(order) != 1)}"
    return Page(
        window=tables.title(metric),
        verdict=_verdict(metric, changes, count),
        figures=common.figures(
            Figure("Commits", str(len(order)), f"{order[0][:9]} to {order[-1][:9]}"),
            Figure("Workloads", str(len(workloads)), "models, phases and devices"),
            _largest(changes, metric),
        ),
        line="The figures that `memprof gate` accepted, commit by commit: predicted, the same on every machine.",
        assumed=(),
        sections=(
            Section(
                "plots",
                "Plots",
                tables.title(metric),
                charts=tuple(_plot(_of(accepted, workload), workload, metric, order) for workload in workloads),
                notes=(_MODEL_CHANGED,),
            ),
            Section("commits", "Commits", "Commit by commit, newest first", tables=(_grid(accepted, metric, order),)),
        ),
        words=(common.PREDICTED,),
        json=write_json.render(history, RenderOptions()).decode(),
    )


_Change = tuple[float, Accepted, Accepted]
"""How much a figure grew between two accepted ones of a workload, as a fraction."""


def _of(accepted: Sequence[Accepted], workload: GateWorkload) -> list[Accepted]:
    return [item for item in accepted if item.workload == workload]


def _name(workload: GateWorkload) -> str:
    return f"{' '.join(workload.model.split())}, {words.phase(workload.phase)}, {workload.device}"


def _change(points: Sequence[Accepted], metric: Metric) -> _Change | None:
    first, last = points[0], points[-1]
    before = metric.value(first.figures)
    return (metric.value(last.figures) / before - 1, first, last) if before else None


def _verdict(metric: Metric, changes: Sequence[_Change], count: str) -> str:
    moved = [item for item in changes if item[0]]
    if not moved:
        return f"{metric.words}: the same at all of {count}."
    change, _, last = max(moved, key=lambda item: abs(item[0]))
    way = "grew" if change > 0 else "fell"
    whose = f"{metric.words} of {_name(last.workload)}"
    return f"{whose} {way} by {100 * abs(change):.1f} % over {count}, more than that of any other."


def _largest(changes: Sequence[_Change], metric: Metric) -> Figure | None:
    if not changes:
        return None
    change, first, last = max(changes, key=lambda item: abs(item[0]))
    values = (f"{metric.scale * metric.value(item.figures):.4g}" for item in (first, last))
    return Figure(
        "Largest change", f"{100 * change:+.1f} %", f"{_name(last.workload)}: {' to '.join(values)} {metric.unit}"
    )


def _key(item: Accepted) -> str:
    return f"{item.commit.name[:9]} {_name(item.workload)}"


def _plot(points: Sequence[Accepted], workload: GateWorkload, metric: Metric, order: Sequence[str]) -> Plot:
    models = {item.commit.name: item.cost_model for item in points}
    names = list(models)
    new = {after for before, after in pairwise(names) if models[before] != models[after]}
    marks = tuple(
        Mark(
            order.index(item.commit.name),
            metric.scale * metric.value(item.figures),
            f"{item.commit.name[:9]}, {item.commit.moment[:10]}",
            (
                f"{metric.scale * metric.value(item.figures):.6g} {metric.unit}",
                f"memprof {item.memprof}, cost model {item.cost_model}",
            ),
            _key(item),
            color=colors.series_class(1) if item.commit.name in new else "",
        )
        for item in points
    )
    every = -(-len(order) // _MOST_TICKS)
    return Plot(
        f"{tables.title(metric)}: {_name(workload)}",
        Axis(
            "", -0.5, len(order) - 0.5, ticks=tuple((place, order[place][:7]) for place in range(0, len(order), every))
        ),
        Axis(metric.unit, low=0.0),
        (Series("", colors.series_class(0), marks, line=True),),
        title=_name(workload),
        small=True,
    )


def _grid(accepted: Sequence[Accepted], metric: Metric, order: Sequence[str]) -> Grid:
    before: dict[GateWorkload, float] = {}
    rows = []
    for item in accepted:
        value = metric.scale * metric.value(item.figures)
        earlier = before.get(item.workload)
        change = value / earlier - 1 if earlier else None
        before[item.workload] = value
        rows.append(
            Row(
                (
                    Cell(item.commit.name[:9], order.index(item.commit.name)),
                    item.commit.moment[:10],
                    " ".join(item.workload.model.split()),
                    item.workload.phase,
                    item.workload.device,
                    Cell(f"{value:.6g}", value),
                    Cell(common.ABSENT)
                    if change is None
                    else Cell(f"{100 * change:+.2f} %" if change else "0", change),
                    Cell(str(item.cost_model), item.cost_model),
                ),
                _key(item),
            )
        )
    columns = (
        Column("Commit", number=False),
        Column("date", number=False, main=False),
        Column("model", number=False, facet=True),
        Column("phase", number=False, facet=True, main=False),
        Column("device", number=False, facet=True, main=False),
        Column(f"accepted\n{metric.unit}", metric.words),
        Column("change", "Against what was accepted before it."),
        Column("cost\nmodel", "The version of memprof's own: where it changes, the step says nothing.", extra=True),
    )
    return Grid("", columns, tuple(reversed(rows)))
