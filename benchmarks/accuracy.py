"""Writes docs/accuracy.md: how far memprof's predictions are from published measurements, and why.

    python benchmarks/accuracy.py [--jobs 2] [--published ../shared/published]

The table that ships with memprof is always there; the larger files where they lie in the folder --published. With two
jobs it takes about half a minute for every hundred rows of them, of which --rows are taken.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from accuracy_reasons import reason

from memprof import words
from memprof.devices.achievable import Statement, constants
from memprof.files import write_files
from memprof.reports.kernel_validation import document as validation_kernels
from memprof.reports.parts import markdown
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.markdown import escape
from memprof.reports.report.tables import Column, Table
from memprof.reports.validation import document
from memprof.validation.kernels import KernelCase, KernelValidation, validate_kernels
from memprof.validation.prediction import validate
from memprof.validation.published import published_table
from memprof.validation.records import Case, Validation
from memprof.validation.statistics import worst
from memprof.validation.tables import Table as Measurements
from memprof.validation.tables import read_table

ROOT = Path(__file__).resolve().parents[1]
COMMAND = "python benchmarks/accuracy.py"
HELD_OUT = Path(__file__).parent / "held_out.json"
HELD_OUT_NOTE = (
    "`python benchmarks/fit.py ../shared/published --rows 60 --held-out` fits the constants that networks tell again: "
    "without each fifth of the families of networks, without each device, without each source, and predicts what was "
    "left out. In-sample is the fit on everything. Error: |predicted / measured throughput - 1|; of hundreds of rows a "
    "random sample. Each fit starts from the shipped values, which a weak prior "
    "remembers and which saw everything, so these errors are a little too kind. Constants that kernels tell "
    "(benchmarks/fit_kernels.py) see no network at all; the rules were found in the A100's trace and kernels."
)
ROWS = 60
WORST = 10
NEAR = 0.05
"""A prediction within this fraction needs no reason: one measurement differs from the next by as much."""
INTRODUCTION = f"""# How far off the predictions are

Predictions of memprof held against measurements that other people published. No constant of the time model belongs to a
model or a layer; what `memprof validate` reads and how its errors are defined is in [validate.md](validate.md).

This page is written by a command, which runs everything again:

```sh
{COMMAND}
```
"""


def held_out() -> list[str]:
    """Return the part of the page that leads: errors on what the fit did not see, beside those on what it saw."""
    table = json.loads(HELD_OUT.read_text(encoding="utf-8"))
    rows = tuple(
        (
            item["held_out"],
            item["source"],
            item["device"],
            item["precision"],
            words.phase(item["phase"]),
            f"{item['rows']:,}",
            *(_percent(item[part][kind]) for part in ("error", "in_sample") for kind in ("mean", "median")),
        )
        for item in table["rows"]
    )
    names = ("Held out", "Source", "Device", "Precision", "Phase")
    columns = tuple(Column(name, number=False) for name in names)
    numbers = ("Rows", "Mean, held out", "Median, held out", "Mean, in-sample", "Median, in-sample")
    section = Table("", (*columns, *(Column(name) for name in numbers)), rows)
    return ["## On what was held out", "", HELD_OUT_NOTE, "", *markdown.table(section), ""]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def constants_table() -> list[str]:
    """Return the constants of the time model, each with its value for a kind of devices, unit and source."""
    rows = tuple(
        (key, f"{statement.value:g}", constant.unit, _owner(statement), statement.source)
        for key, constant in constants().items()
        for statement in constant.statements
    )
    names = ("Constant", "Value", "Unit", "For", "Determined by")
    columns = tuple(Column(name, number=name == "Value") for name in names)
    title = f"## The {len(constants())} constants of the time model, {len(rows)} values"
    return [title, "", _generations(), "", *markdown.table(Table("", columns, rows)), ""]


def _generations() -> str:
    """Say what hardware generations add to one value for each constant."""
    owners = Counter(
        _owner(statement)
        for constant in constants().values()
        for statement in constant.statements[:-1]  # the last one is for all others
    )
    added = "; ".join(f"{owner}: {count}" for owner, count in sorted(owners.items()))
    return f"One value a constant holds for all devices but those that a statement names. What these add: {added}."


def _owner(statement: Statement) -> str:
    parts = (
        f"{statement.memory} memory" if statement.memory else "",
        f"compute capability {statement.capability}" if statement.capability else "",
        "half-rate tensor cores" if statement.half_rate else "",
    )
    return ", ".join(filter(None, parts)) or "others"


def worst_section(cases: Sequence[Case], phase: str) -> Section:
    """Return the cases of a phase that are furthest off, each with its reason."""
    chosen = worst((case for case in cases if case.phase == phase), WORST)
    table = document.row_table(f"The {len(chosen)} furthest off in {words.phase(phase)}", chosen, wide=True)
    rows = ((*cells, _why(case)) for cells, case in zip(table.rows, chosen, strict=True))
    columns = (*table.columns, Column("Why, as far as known", number=False))
    return Section(replace(table, columns=columns, rows=tuple(rows)))


def _why(case: Case) -> str:
    if case.prediction is None or case.ratio is None or abs(case.ratio - 1) <= NEAR:
        return ""
    return reason(case.model, case.phase, case.prediction.layout)


def skipped_by_reason(cases: Sequence[Case | KernelCase]) -> Section:
    """Return how many rows were skipped for which reason; what differs from row to row is left out of it."""
    counts = Counter(re.sub(r"'[^']*'|timm:\S+", "...", case.skipped_because) for case in cases)
    rows = tuple((f"{count:,}", text) for text, count in counts.most_common())
    return Section(Table("Rows that were skipped", (Column("Rows"), Column("Why", number=False)), rows))


def throughputs(title: str, validation: Validation, *, rows: bool) -> list[str]:
    """Return the part of the page on a file of throughputs; `rows` adds every row."""
    whole = document.document(validation)
    sections = [section for section in whole.sections if section.table.title.startswith("How far off")]
    phases = dict.fromkeys(case.phase for case in validation.predicted)
    sections += [worst_section(validation.predicted, phase) for phase in phases]
    if rows:
        sections.append(Section(document.row_table("Every row", validation.predicted, wide=True)))
    if validation.skipped:
        sections.append(skipped_by_reason(validation.skipped))
    return [markdown.lay_out(Document(title, whole.sentences, tuple(sections)), level=2)]


def kernels(validations: Sequence[KernelValidation]) -> list[str]:
    """Return the part of the page on files of kernels: one table of errors for all of them."""
    sections = [validation_kernels.document(validation).sections[0] for validation in validations]
    rows = tuple(row for section in sections for row in section.table.rows)
    lines = ["## Single kernels", "", escape(validation_kernels.PROTOCOL_NOTE), ""]
    lines += [*markdown.table(replace(sections[0].table, rows=rows)), escape(validation_kernels.ERRORS_NOTE), ""]
    skipped = [case for validation in validations for case in validation.skipped]
    if skipped:
        section = skipped_by_reason(skipped)
        lines += [f"### {section.table.title}", "", *markdown.table(section.table)]
    return lines


def sample(table: Measurements, most: int) -> Measurements:
    """Return a table of up to `most` rows, taken at random where it has more."""
    if len(table.rows) <= most:
        return table
    rows = sorted(random.Random(0).sample(table.rows, most), key=lambda row: row.line)
    return replace(table, name=f"{table.name}, {most} rows at random", rows=tuple(rows))


def parts(published: Path, jobs: int, most: int) -> Iterator[list[str]]:
    """Yield the parts of the page, each as soon as it is known."""
    yield throughputs("The InceptionNeXt README's table, A100", validate(published_table(), jobs=jobs), rows=True)
    for path in sorted(published.glob("throughput_*.csv")):
        if path.name != "throughput_a100_inceptionnext.csv":  # the one that ships
            table = sample(replace(read_table(path), name=path.name), most)
            yield throughputs(path.name, validate(table, jobs=jobs, progress=_progress), rows=False)
    files = sorted([*published.glob("kernels_*.csv"), *published.glob("depthwise_stack_*.csv")])
    if files:
        yield kernels([validate_kernels(replace(read_table(path), name=path.name)) for path in files])


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total} workloads ", end="\n" if done == total else "", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write docs/accuracy.md: predictions held against measurements.")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default: 2)")
    parser.add_argument(
        "--published",
        type=Path,
        default=ROOT.parent / "shared" / "published",
        metavar="DIR",
        help="folder of published measurements (default: ../shared/published)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "docs" / "accuracy.md",
        metavar="FILE",
        help="the page (default: docs/accuracy.md)",
    )
    parser.add_argument(
        "--rows", type=int, default=ROWS, metavar="N", help=f"of each file of throughputs, at random (default: {ROWS})"
    )
    arguments = parser.parse_args()
    if arguments.jobs < 1:
        parser.error("--jobs takes a number of at least 1")
    lines: list[str] = []
    for part in parts(arguments.published, arguments.jobs, arguments.rows):
        lines += part
    lines = [INTRODUCTION, *held_out(), *constants_table(), *lines]
    content = "\n".join(lines).rstrip() + "\n"
    write_files(arguments.output.parent, {arguments.output.name: content.encode()})


if __name__ == "__main__":
    main()
