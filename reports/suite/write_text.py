"""The text writer of a suite's run: what a terminal shows."""

from __future__ import annotations

from memprof import units
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.document_text import lay_out
from memprof.reports.parts.tables import Column, Table
from memprof.reports.writer import RenderOptions
from memprof.suite.records import KernelTime, Suite

EXTENSION = "txt"
_MOST_MISSED = 12
_CROWDED = 0.2
"""Cores that other programs kept busy, from which times are not worth sending."""


def render(suite: Suite, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    facts = ", ".join(f"{name} {value}" for name, value in suite.environment.items())
    counted = f"{len(suite.kernels)} kernels and {len(suite.networks)} networks in {suite.minutes:.1f} minutes"
    sentences = [
        f"{suite.device_title}, called {suite.device} in the files. {facts}.",
        f"Timed: {counted}; {len(suite.unmeasured)} found no time or failed.",
    ]
    if suite.others is not None and suite.others > _CROWDED:
        sentences.append(
            f"Other programs kept {suite.others:.1f} cores busy meanwhile: close them, and measure again before you "
            "send these times to anybody."
        )
    sentences.append(
        "Hold predictions against them: memprof validate networks.csv, memprof validate --kernels kernels.csv."
    )
    sections = [Section(_networks(suite)), Section(_kernels(suite))]
    if suite.unmeasured:
        sections.append(Section(_missed(suite)))
    return lay_out(Document("The suite, measured", tuple(sentences), tuple(sections)), options).encode()


def _networks(suite: Suite) -> Table:
    columns = (
        Column("Network", number=False),
        Column("phase", number=False),
        Column("dtype", number=False),
        Column("layout", number=False),
        Column("batch"),
        Column("images/s"),
        Column("95 % of the median"),
    )
    rows = tuple(
        (
            item.network.model,
            item.network.phase,
            item.network.precision,
            item.network.layout,
            str(item.network.batch_size),
            units.number(item.images_per_second),
            units.throughput_span(
                item.network.batch_size / item.seconds.high, item.network.batch_size / item.seconds.low
            ),
        )
        for item in suite.networks
    )
    return Table("Networks", columns, rows)


def _kernels(suite: Suite) -> Table:
    """Return for each operator, pass and dtype how many kernels there are, and the span of their times."""
    groups: dict[tuple[str, str, str], list[KernelTime]] = {}
    for item in suite.kernels:
        groups.setdefault((item.kernel.operator, item.kernel.pass_name, item.kernel.dtype), []).append(item)
    columns = (
        Column("Operator", number=False),
        Column("pass", number=False),
        Column("dtype", number=False),
        Column("sizes"),
        Column("shortest"),
        Column("longest"),
    )
    rows = []
    for (operator, name, dtype), items in sorted(groups.items()):
        times = [item.seconds.median for item in items]
        rows.append((operator, name, dtype, str(len(items)), units.seconds(min(times)), units.seconds(max(times))))
    return Table("Kernels", columns, tuple(rows))


def _missed(suite: Suite) -> Table:
    columns = (Column("Not measured", number=False), Column("because", number=False, wraps=True))
    shown = suite.unmeasured[:_MOST_MISSED]
    rest = len(suite.unmeasured) - len(shown)
    rows = [(item.what, item.reason) for item in shown]
    return Table("Not measured", columns, (*rows, *([(f"{rest} more", "")] if rest else [])))
