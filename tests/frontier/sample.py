"""Four networks on two devices, by hand."""

from __future__ import annotations

from memprof import devices
from memprof.frontier.analysing import Plan, Predicted
from memprof.frontier.front import frontier
from memprof.frontier.records import Accuracy, Frontier
from memprof.validation.processes import Failure

RATES = {"quick": (400.0, 40.0), "good": (100.0, 30.0), "beaten": (95.0, 35.0), "huge": (500.0, 50.0)}
"""Images per second on both devices; "huge" does not fit."""
TOP1 = {"quick": 70.0, "good": 80.0, "beaten": 79.0, "huge": 85.0, "broken": 60.0}


def sample(source: str = "by hand") -> Frontier:
    """Return their fronts, the accuracies of a `source`; a fifth network has no prediction."""
    rows = tuple(Accuracy(name, 224, top1, "in1k", "w", source) for name, top1 in TOP1.items())
    plan = Plan((("a100", "tf32"), ("t4", "fp32")), "train", 128, ("channels-last",), "", "server-2022")
    answers = {
        (name, 224): tuple(Predicted(rate, "channels-last", error, name != "huge") for rate, error in each)
        for name, pair in RATES.items()
        for each in [list(zip(pair, (0.1, None), strict=True))]
    }
    answers["broken", 224] = Failure("it does not run")
    return frontier(rows, plan, [devices.get("a100"), devices.get("t4")], answers, "in1k")
