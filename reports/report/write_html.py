"""The HTML writer: one page that needs nothing but itself, from templates which escape every name in a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup

from memprof import findings, units, words
from memprof.comparisons import reports as side_by_side
from memprof.findings import Finding, reached
from memprof.report.digest import Digest
from memprof.report.groups import Group, module_pattern, share
from memprof.report.reading import dump_compactly
from memprof.reports.page import colors, scripts
from memprof.reports.page import columns as page_columns
from memprof.reports.page.first import Figure, assumed, figures, line
from memprof.reports.page.frame import frame
from memprof.reports.page.lane import Lane, lane, runs_told
from memprof.reports.page.memory import Course, course
from memprof.reports.parts import cells, pages, theme
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.tables import Fact, Table
from memprof.reports.report import facts, glossary, measured_tables, tables, top_table
from memprof.reports.report.switches import Switches, embed, switches
from memprof.reports.roofline import captions, svg
from memprof.reports.writer import RenderOptions
from memprof.vocabulary import MEMORY_LEVELS

EXTENSION = "html"


def breakable(path: str) -> Markup:
    """Escape a module path and let it break after its dots."""
    return Markup(".<wbr>").join(show_hidden(path).split("."))


_FILTERS = (
    breakable,
    units.share,
    units.milliseconds,
    units.gigaflops,
    units.gigabytes,
    units.intensity,
    units.count,
    units.shapes,
    units.flops_per_second,
    units.bytes_per_second,
    words.operator,
    words.drop_phase,
    colors.kind_class,
    colors.bound_class,
    cells.bounds,
    cells.bound_name,
    cells.least_milliseconds,
    cells.lost_milliseconds,
    cells.roof_share,
    cells.marked,
    module_pattern,
)
_MOST_ROWS = 200
"""How many operators the page shows where no script runs; with one, a reader can ask for all."""
_LEVELS = (("binding", "That binds"), *((code, words.level(code)) for code in MEMORY_LEVELS))
_BUBBLES = (("operator", "Operators"), ("module", "Modules"), ("kind", "Kinds"))
_MEASURES = (("time", "Time"), ("flops", "FLOPs"), ("dram", "DRAM bytes"))
_GROUPINGS = ("kind", "module", "bound", "phase")
_OPERATORS = (
    'Calls that differ only in the numbers of their module path are one row. "ms" is the {time}, "least ms" the least '
    "that the ceilings allow. Click a heading to sort."
)
_MEASURED_OPERATORS = (
    "Calls that differ only in the numbers of their module path are one row, sorted by the time that they lose: "
    'measured less least, which is the least that the ceilings allow. "Of roof" is least over measured.{predicted} '
    "† marks what was inferred, as the profile did not record it; ‡ what is faster than its roof allows, a finding to "
    "explain; – what no known ceiling bounds, so that all of its time may be lost. Click a heading to sort."
)


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says about one report; `strip` holds what binds the time, as shares with the classes of colours."""

    index: int
    digest: Digest
    mark: str
    throttled: str
    origin: str
    figures: tuple[Figure, ...]
    assumed: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    ceilings: Table
    bounds: tuple[Group, ...]
    strip: tuple[tuple[float, str], ...]
    coverage: str
    notes: tuple[str, ...]
    top: Table | None
    top_notes: tuple[str, ...]
    run: Run | None
    course: Course | None


@dataclass(frozen=True, slots=True)
class Run:
    """What the page says about the run that was measured; `strip` holds parts of the device's time, with colours."""

    strip: tuple[tuple[str, float, str], ...]
    lane: Lane | None
    device: tuple[Table, ...]
    details: tuple[Table, ...]
    timing: tuple[Fact, ...]
    notes: tuple[str, ...]
    runs: str

    @property
    def parts(self) -> tuple[tuple[float, str], ...]:
        """Return the strip without the names of its parts."""
        return tuple((part, color) for _, part, color in self.strip)


def render(digests: Sequence[Digest], options: RenderOptions) -> bytes:
    """Return the page in UTF-8 with the reports' JSON inside, so that it can be rendered again.

    `options.top` says how many operators show before a reader asks for more.
    """
    sections = [_section(index, digest, options) for index, digest in enumerate(digests)]
    drawing = svg.draw(digests)
    shown = page_columns.columns(digests)
    has_operators = any(digest.report.operators for digest in digests)
    switched = switches(digests, options) if has_operators else Switches()
    page = (
        environment()
        .get_template("page.html")
        .render(
            frame=frame(scripts.REPORT if has_operators else ""),
            contents=_contents(sections, has_operators=has_operators),
            title=side_by_side.title(digests),
            subtitle=captions.subtitle(digests),
            assumed_line=line(digests, captions.subtitle(digests)),
            how_to_read=captions.reading_guide(digests, ceilings=drawing.has_ceilings),
            x_axis=captions.X_AXIS,
            y_axis=captions.y_axis(digests),
            sections=sections,
            comparison=tables.side_by_side(digests) if len(digests) > 1 else None,
            compared=side_by_side.compare(digests),
            kinds=_kinds(sections),
            no_plot="" if has_operators else captions.NO_PLOT,
            drawing=drawing,
            width=svg.WIDTH,
            levels=_LEVELS,
            bubbles=_BUBBLES,
            measures=_MEASURES,
            groupings=_GROUPINGS,
            table_columns=shown,
            first_column=page_columns.first(shown),
            most_rows=max(_MOST_ROWS, options.top),
            operators_note=_operators_note(digests),
            glossary=glossary.entries(digests),
            options=options,
            switched=switched,
            embedded=embed(dump_compactly([digest.report for digest in digests])),
        )
    )
    return page.encode()


def _contents(sections: Sequence[Section], *, has_operators: bool) -> list[tuple[str, str]]:
    """Return the anchors of the page's parts with their names, in the order of the page."""
    runs = [section.run for section in sections if section.run]
    several = len(sections) > 1
    first = sections[0].run
    parts = [
        ("roofline", "Roofline", True),
        ("why", "Why", True),
        ("side-by-side", "Side by side", several),
        ("device-time", "Device time", bool(first and first.device)),
        ("memory", "Memory", sections[0].course is not None),
        ("modules", "Modules", has_operators),
        ("operators-section", "Operators", has_operators),
        ("kinds-section", "Kinds", has_operators),
        ("measured", "Measurement", bool(runs and first and (first.details or first.timing))),
        ("figures", "All figures", not several),
        ("device", "Device", True),
        ("words", "Words", True),
        ("sources", "Sources", True),
    ]
    return [(anchor, name) for anchor, name, is_there in parts if is_there]


def _operators_note(digests: Sequence[Digest]) -> str:
    if not any(digest.is_measured for digest in digests):
        return _OPERATORS.format(time=digests[0].time.name)
    predicts = any(digest.predicts for digest in digests)
    return _MEASURED_OPERATORS.format(predicted=" Predicted times are predictions." if predicts else "")


def _section(index: int, digest: Digest, options: RenderOptions) -> Section:
    is_other = options.by in ("phase", "shape")  # the page has the others anyway
    top = top_table.top(digest, options) if is_other else None
    bounds = tuple(group for group in digest.bounds if group.time_share or digest.report.measured is None)
    return Section(
        index=index,
        digest=digest,
        mark=svg.outline(theme.mark(index), 7, 7, 5),
        throttled=reached.throttling(digest),
        origin=measured_tables.origin(digest),
        figures=figures(digest),
        assumed=assumed(digest),
        facts=facts.totals(digest),
        findings=findings.findings(digest),
        ceilings=tables.ceilings(digest),
        bounds=bounds,
        strip=tuple((group.time_share, colors.bound_class(group.name)) for group in bounds),
        coverage=findings.coverage(digest),
        notes=(tables.ridge_note(digest), tables.bound_note(digest)),
        top=top,
        top_notes=top_table.notes(digest, options) if top else (),
        run=_run(digest, options) if digest.is_measured else None,
        course=course(digest),
    )


def _run(digest: Digest, options: RenderOptions) -> Run:
    time = digest.device_time
    parts = time.parts if time and time.span_seconds else ()
    device = measured_tables.device_time(digest), measured_tables.gaps(digest), measured_tables.strays(digest)
    details = (
        measured_tables.traffic(digest, options.top),
        measured_tables.kernels(digest, options.top),
        measured_tables.telemetry(digest),
    )
    return Run(
        strip=tuple(
            (name, share(seconds, time.span_seconds if time else 0.0), colors.part_class(place))
            for place, (name, seconds) in enumerate(parts[: len(theme.DEVICE_COLORS)])
            if seconds > 0
        ),
        lane=lane(digest),
        device=tuple(table for table in device if table),
        details=tuple(table for table in details if table),
        timing=measured_tables.timing(digest),
        notes=measured_tables.telemetry_notes(digest),
        runs=runs_told(digest),
    )


def _kinds(sections: Sequence[Section]) -> tuple[str, ...]:
    """Return the kinds that occur in any report, longest first in the first."""
    return tuple(dict.fromkeys(group.name for section in sections for group in section.digest.kinds))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return what makes pages of the templates."""
    environment = pages.environment()
    environment.filters.update({function.__name__: function for function in _FILTERS})
    return environment
