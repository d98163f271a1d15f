"""The reproduction in docs is what memprof computes today: a few of its rows are computed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from memprof.papers import analysing, reading
from memprof.papers.reproduction import reproduce
from memprof.reports.reproduce import words

DOCUMENT = Path(__file__).parents[2] / "docs" / "reproduced" / "reproduce.md"
REFRESH = "run: memprof reproduce inceptionnext --output docs/reproduced --format md,png"
ROWS = {("imagenet", "ResNet-50"), ("imagenet", "InceptionNeXt-T"), ("isotropic", "InceptionNeXt-S (iso.)")}


def test_docs_show_todays_figures():
    paper = reading.get("inceptionnext")
    tables = tuple(
        replace(table, rows=tuple(row for row in table.rows if (table.name, row.label) in ROWS))
        for table in paper.tables
    )
    paper = replace(paper, tables=tables, claims=())
    batches: dict[str, list[analysing.Workload]] = {}
    for row in analysing.rows_of(paper):
        batches.setdefault(row.model, []).extend(dict.fromkeys(analysing.wanted(paper, row)))
    answers = {
        item: answer
        for batch in batches.values()
        for item, answer in zip(batch, analysing.analyse(tuple(batch)), strict=True)
    }
    text = DOCUMENT.read_text(encoding="utf-8")

    for table in reproduce(paper, answers, ()).tables:
        for result in table.results:
            cells = [*words.millions(result.parameters), *words.billions(result.macs_per_image)]
            assert f"| {result.label} | {' | '.join(cells)} | {words.accuracy(result)} |" in text, REFRESH
            for condition in dict.fromkeys(item.condition for item in result.throughputs):
                rates = [*words.rates(result.throughput(condition, "train"))]
                rates += words.rates(result.throughput(condition, "infer"))
                assert f"| {result.label} | {' | '.join(rates)} |" in text, REFRESH
