"""A paper of one table, and what was predicted for it, by hand."""

from __future__ import annotations

from memprof.papers.analysing import Predicted, Workload
from memprof.papers.complexity import Complexity
from memprof.papers.records import Claim, Condition, LeftOut, Paper, PaperTable, Rate, Row
from memprof.papers.reproduction import Reproduction, reproduce
from memprof.validation.processes import Failure

CONDITION = Condition(name="a100", words="A100", device="a100", precision="tf32", stack="torch 1.13", batch_size=128)
RATES = {"quick": (400.0, 380.0), "middling": (200.0, 220.0), "slow": (100.0, 230.0)}
"""Published images per second of each network in training, and predicted in channels-last."""


def sample(*, failing: str = "", label: str = "unbuilt") -> Reproduction:
    """Return three networks that are predicted, `failing` excepted, and one called `label` that nobody builds."""
    rows = [
        Row(name, name, "224", 10e6, 1e9, (Rate("a100", "train", published),), 80.0 + place)
        for place, (name, (published, _)) in enumerate(RATES.items())
    ]
    rows.append(Row(label, "", "224", 5e6, 2e9, (), None))
    paper = Paper(
        name="sample",
        title="Sample",
        reference="nobody, 2026",
        source="by hand",
        figure="Figure 1: accuracy",
        figure_condition="a100",
        figure_tables=("all",),
        conditions=(CONDITION,),
        tables=(PaperTable("all", "Table 1", "All", rows=tuple(rows)),),
        claims=(Claim("quick beats slow", "all", "quick", "slow", "a100", "train"),),
        left_out=(LeftOut("Table 9", "are settings"),),
    )
    answers: dict[Workload, Predicted | Failure] = {}
    for name, (_, predicted) in RATES.items():
        for layout, rate in (("channels-last", predicted), ("channels-first", predicted / 2)):
            found = Predicted(9_000_000, 1.1e9, layout, 128 / rate, rate, 0.06)
            answers[_workload(name, 128, "train", layout)] = Failure("it failed") if name == failing else found
        size = Predicted(9_000_000, 1.1e9, "channels-last", 1.0, 1.0, None)
        answers[_workload(name, 1, "infer", "channels-last")] = size
    return reproduce(paper, answers, (Complexity("depthwise", 3, 864.0, 864, 5419008.0, 5419008.0),))


def _workload(name: str, batch: int, phase: str, layout: str) -> Workload:
    return Workload(name, "224", batch, phase, layout, "a100", "tf32", "torch 1.13")
