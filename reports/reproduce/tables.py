"""The tables of a reproduction as text cells: sizes, throughputs, conclusions, complexity, what is left out."""

from __future__ import annotations

from memprof.papers.reproduction import Reproduction, ResultTable
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.tables import Column, Table
from memprof.reports.reproduce import words
from memprof.vocabulary import INFER, TRAIN

_NAME = Column("Model", number=False)
_PARAMETERS = Column("M params\nours"), Column("\npaper"), Column("\n")
_MACS = Column("G MACs\nours"), Column("\npaper"), Column("\n")


def document(reproduction: Reproduction) -> Document:
    """Return everything as a document of tables."""
    sections = [Section(verdicts(reproduction))]
    for table in reproduction.tables:
        conditions = conditions_of(table)
        title = words.table_title(table)
        sections.append(Section(sizes(table, title), (table.note,) if table.note else ()))
        for name in conditions:
            sections.append(Section(rates(reproduction, table, name), rate_notes(reproduction, table, name)))
    sections += [Section(complexity(reproduction)), Section(left_out(reproduction))]
    return Document(words.title(reproduction), words.introduction(reproduction), tuple(sections))


def conditions_of(table: ResultTable) -> tuple[str, ...]:
    """Return the conditions under which a table has throughputs."""
    return tuple(dict.fromkeys(item.condition for result in table.results for item in result.throughputs))


def phases_of(table: ResultTable, condition: str) -> tuple[str, ...]:
    """Return the phases in which a table has throughputs under a condition."""
    found = {item.phase for result in table.results for item in result.throughputs if item.condition == condition}
    return tuple(phase for phase in (TRAIN, INFER) if phase in found)


def sizes(table: ResultTable, title: str) -> Table:
    """Return parameters and MACs of a table's rows, with the published accuracy."""
    columns: tuple[Column, ...] = (_NAME, *_PARAMETERS, *_MACS)
    has_accuracy = any(result.accuracy is not None for result in table.results)
    if has_accuracy:
        columns += (Column(f"{table.quality}\npaper"),)
    rows = tuple(
        (
            result.label,
            *words.millions(result.parameters),
            *words.billions(result.macs_per_image),
            *((words.accuracy(result),) if has_accuracy else ()),
        )
        for result in table.results
    )
    return Table(title, columns, rows)


def rates(reproduction: Reproduction, table: ResultTable, condition: str) -> Table:
    """Return images per second under a condition, of the rows that have some."""
    phases = phases_of(table, condition)
    columns = [_NAME]
    for phase in phases:
        columns += [Column(f"{phase}\npredicted"), Column("images/s\npaper"), Column("\n")]
    rows = []
    for result in table.results:
        if any(item.condition == condition for item in result.throughputs):
            cells = [cell for phase in phases for cell in words.rates(result.throughput(condition, phase))]
            rows.append((result.label, *cells))
    title = f"{words.table_title(table)}: images/s, {reproduction.condition(condition).words}"
    return Table(title, tuple(columns), tuple(rows))


def rate_notes(reproduction: Reproduction, table: ResultTable, condition: str) -> tuple[str, ...]:
    """Say how well the order is told, how far off predictions are, what of the condition is not published."""
    told = [words.agreed(reproduction, item) for item in table.agreements if item.condition == condition]
    note = reproduction.condition(condition).note
    return tuple(filter(None, (*told, words.predicted_within(reproduction, table, condition), note)))


def verdicts(reproduction: Reproduction) -> Table:
    """Return the paper's conclusions: how many times as fast."""
    columns = (
        Column("The paper concludes", number=False, wraps=True),
        Column("paper"),
        Column("predicted"),
        Column("holds", number=False),
    )
    rows = tuple(
        (
            item.text,
            f"{item.published_ratio:.2f}x",
            words.ABSENT if item.predicted_ratio is None else f"{item.predicted_ratio:.2f}x",
            words.holds(item),
        )
        for item in reproduction.verdicts
    )
    return Table("Who is faster than whom", columns, rows)


def complexity(reproduction: Reproduction) -> Table:
    """Return what convolutions hold and do by formula and counted; table 2 and figure 3 of the paper."""
    columns = (
        Column("Convolution", number=False),
        Column("kernel"),
        Column("weights\nformula"),
        Column("\ncounted"),
        Column("MFLOP\nformula"),
        Column("\ncounted"),
    )
    rows = tuple(
        (
            item.convolution,
            str(item.kernel),
            f"{item.formula_parameters:,.0f}",
            f"{item.counted_parameters:,}",
            f"{item.formula_flops / 1e6:,.2f}",
            f"{item.counted_flops / 1e6:,.2f}",
        )
        for item in sorted(reproduction.complexity, key=lambda item: item.convolution)
    )
    return Table("Table 2 and Figure 3: convolutions of 96 channels on 56x56, without biases", columns, rows)


def left_out(reproduction: Reproduction) -> Table:
    """Return what is not computed, and why."""
    columns = (Column("Not here", number=False), Column("because they", number=False, wraps=True))
    return Table("Left out", columns, tuple((item.what, item.reason) for item in reproduction.left_out))
