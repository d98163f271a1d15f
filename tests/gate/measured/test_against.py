"""Measuring against a commit: as many pairs as it takes, a verdict for every workload, and never green for nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from memprof.errors import GateError, ModelError, WorkloadError
from memprof.gate.measured import against
from memprof.gate.measured.against import measure_against
from memprof.gate.measured.plan import Plan
from memprof.gate.measured.processes import MeasuringError
from memprof.gate.measured.protocol import Job
from memprof.gate.measured.sampling import PairSample
from memprof.gate.measured.statistics import LOOKS, Look
from memprof.gate.measured.worktree import Sides
from memprof.gate.records import MeasuredResult, Verdict
from tests.gate.measured.repositories import NET, git, make, worktrees

BUDGET = 0.05


def measure(root: Path, *models: str, **changes: object) -> tuple[MeasuredResult, ...]:
    arguments: dict[str, object] = {
        "batch_size": 2,
        "resolution": 16,
        "precision": "fp32",
        "layout": "channels-first",
        "ref": "HEAD",
        "budget": BUDGET,
        "root": root,
        **changes,
    }
    phases = arguments.pop("phases", ("infer",))
    return measure_against(models, phases, **arguments)  # type: ignore[arg-type]


@dataclass
class Bench:
    """Stands in for processes: `ratio` gives what a pair finds of a model, by its number; `clock` is the time."""

    ratio: Callable[[str, int], float]
    seconds_per_pair: float = 1.0
    clock: float = 0.0
    started: int = 0
    head_first: list[bool] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=lambda: {"clock": "a pretended one"})

    def sample(self, job: Job, *, head_first: bool) -> PairSample:
        ratio = self.ratio(job.model, self.started)
        self.clock += self.seconds_per_pair
        return PairSample((math.log(ratio),) * 2, 10, 0.1, 0.1 * ratio, job.resolution or 224)

    @contextmanager
    def start(self, sides: Sides, plan: Plan, *, head_first: bool) -> Iterator[Bench]:
        self.started += 1
        self.head_first.append(head_first)
        yield self


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    """Return what puts a bench in the place of processes, and of the repository."""

    @contextmanager
    def checked_out(folder: Path, ref: str) -> Iterator[Sides]:
        yield Sides(folder, folder, folder, f"{ref} (aaaa)", "bbbb")

    def install(ratio: Callable[[str, int], float], **settings: float) -> Bench:
        made = Bench(ratio, **settings)
        monkeypatch.setattr(against, "start_pair", made.start)
        monkeypatch.setattr(against, "check_out", checked_out)
        monkeypatch.setattr(against.time, "monotonic", lambda: made.clock)
        return made

    return install


def test_identical_times_pass_at_the_first_look(bench, tmp_path: Path):
    made = bench(lambda model, number: 1.0)
    (result,) = measure(tmp_path, "net.py:build")

    assert made.started == LOOKS[0].pairs
    assert made.head_first == [False, True] * (LOOKS[0].pairs // 2)
    assert (result.verdict, result.ratio, result.low, result.high) == (Verdict.PASSED, 1.0, 1.0, 1.0)
    assert (result.rounds, result.base_seconds, result.budget) == (10 * LOOKS[0].pairs, 0.1, BUDGET)
    assert (result.base, result.head) == ("HEAD (aaaa)", "bbbb")
    assert result.reasons == ()


def test_a_slower_head_regresses_and_says_by_how_much(bench, tmp_path: Path):
    bench(lambda model, number: 1.12 if number % 2 else 1.18)
    (result,) = measure(tmp_path, "net.py:build")

    assert result.verdict is Verdict.REGRESSED
    assert result.ratio == pytest.approx(math.sqrt(1.12 * 1.18))
    assert result.reasons == ("a step takes 15 % longer, between 12 % longer and 18 % longer; 5 % longer is allowed",)


def test_settings_say_how_it_was_measured(bench, tmp_path: Path):
    bench(lambda model, number: 1.0)
    (result,) = measure(tmp_path, "net.py:build", resolution=None)

    assert result.settings["MALLOC_MMAP_MAX_"] == "0"
    assert result.settings["OMP_NUM_THREADS"] == "1"
    assert result.settings["clock"] == "a pretended one"
    assert result.settings["pairs of processes"] == str(LOOKS[0].pairs)
    assert result.settings["resolution"] == "224"


def test_pairs_are_added_until_it_is_clear(bench, tmp_path: Path):
    made = bench(lambda model, number: 1.0 if number > 2 else 1.2)  # two strange pairs at the beginning
    (result,) = measure(tmp_path, "net.py:build")

    assert made.started == LOOKS[2].pairs
    assert (result.verdict, result.ratio) == (Verdict.PASSED, 1.0)


def test_what_never_gets_clear_cannot_be_told(bench, tmp_path: Path):
    made = bench(lambda model, number: 0.9 if number % 2 else 1.2)
    (result,) = measure(tmp_path, "net.py:build")

    assert made.started == LOOKS[-1].pairs
    assert result.verdict is Verdict.CANNOT_TELL
    assert "noise is too large" in result.reasons[0]
    assert result.rounds == 10 * LOOKS[-1].pairs


def test_a_change_at_the_budget_is_said_to_be_there(bench, tmp_path: Path):
    bench(lambda model, number: 1.06 if number % 2 else 1.045)
    (result,) = measure(tmp_path, "net.py:build")

    assert result.verdict is Verdict.CANNOT_TELL
    assert "too near to the 5 % that are allowed" in result.reasons[0]


def test_a_workload_that_is_decided_is_not_measured_on(bench, tmp_path: Path):
    seen: list[str] = []

    def ratio(model: str, number: int) -> float:
        seen.append(model)
        return 1.2 if model == "b.py:build" and number <= 2 else 1.0

    bench(ratio)
    first, second = measure(tmp_path, "a.py:build", "b.py:build")

    assert (seen.count("a.py:build"), seen.count("b.py:build")) == (LOOKS[0].pairs, LOOKS[2].pairs)
    assert (first.model, second.model) == ("a.py:build", "b.py:build")
    assert first.settings["pairs of processes"] == str(LOOKS[0].pairs)


def test_every_model_is_measured_in_every_phase(bench, tmp_path: Path):
    bench(lambda model, number: 1.0)
    results = measure(tmp_path, "a.py:build", "b.py:build", phases=("infer", "train"))

    assert [(result.model, result.phase) for result in results] == [
        ("a.py:build", "infer"),
        ("a.py:build", "train"),
        ("b.py:build", "infer"),
        ("b.py:build", "train"),
    ]


@pytest.mark.parametrize("fails_in", [1, 5, LOOKS[0].pairs + 1])
def test_one_that_fails_cannot_be_told_and_the_others_go_on(bench, tmp_path: Path, fails_in: int):
    def ratio(model: str, number: int) -> float:
        if model == "b.py:build" and number >= fails_in:
            raise MeasuringError("head: the measuring process died")
        return 1.0 if model != "b.py:build" or number % 2 else 1.2

    bench(ratio)
    results = measure(tmp_path, "a.py:build", "b.py:build", "c.py:build")

    verdicts = [result.verdict for result in results]
    assert verdicts == [Verdict.PASSED, Verdict.CANNOT_TELL, Verdict.PASSED]
    assert results[1].reasons == ("head: the measuring process died",)
    assert (results[1].rounds, results[1].ratio) == (0, 0.0)


def test_what_takes_too_long_is_given_up_after_one_pair(bench, tmp_path: Path):
    made = bench(lambda model, number: 1.0, seconds_per_pair=100.0)
    (result,) = measure(tmp_path, "net.py:build", plan=Plan(limit_seconds=300))

    assert made.started == 1
    assert result.verdict is Verdict.CANNOT_TELL
    assert "8 pairs of processes would take about 800 s, and the limit is 300 s" in result.reasons[0]


def test_at_the_limit_the_last_look_counts(bench, tmp_path: Path):
    # 10 s a pair: 8 pairs take 80 s, and 12 would take 120. The second largest of the pairs lies beyond the budget.
    made = bench(lambda model, number: 1.03 if number % 2 else 1.055, seconds_per_pair=10.0)
    (result,) = measure(tmp_path, "net.py:build", plan=Plan(limit_seconds=100))

    assert made.started == LOOKS[0].pairs
    assert result.verdict is Verdict.PASSED  # the middle is within, and half of the interval is 1.25 %
    assert result.high > 1 + BUDGET


def test_progress_is_told(bench, tmp_path: Path):
    bench(lambda model, number: 1.0)
    told: list[str] = []
    measure(tmp_path, "net.py:build", progress=told.append)
    assert told[-1] == f"measuring net.py:build, infer, batch 2: pair {LOOKS[0].pairs} of at most {LOOKS[-1].pairs}"


def test_a_file_is_that_of_either_checkout(bench, tmp_path: Path):
    bench(lambda model, number: 1.0)
    (result,) = measure(tmp_path, f"{tmp_path}/models/net.py:build")
    assert result.model == "models/net.py:build"


@pytest.mark.parametrize(
    ("model", "changes", "error", "said"),
    [
        ("/elsewhere/net.py:build", {}, GateError, "does not lie in"),
        ("net.py:build", {"budget": 0.0}, GateError, "cannot keep to a budget of 0"),
        ("net.py:build", {"budget": math.nan}, GateError, "cannot keep to a budget of nan"),
        ("net.py:build", {"batch_size": 0}, WorkloadError, "batch size 0 is out of range"),
        ("net.py:build", {"phases": ("inference",)}, WorkloadError, "unknown phase"),
        ("net.py:build", {"precision": "fp8"}, WorkloadError, "unknown precision"),
        ("resnet51", {}, ModelError, "resnet51"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, model, changes, error, said):
    with pytest.raises(error, match=said):
        measure(tmp_path, model, **changes)


SLEEPING = (
    "from time import sleep\n"
    + NET.replace("nn.ReLU()", "Sleep()")
    + """

class Sleep(nn.Module):
    def forward(self, images):
        sleep(0.05)
        return images
"""
)


@pytest.mark.parametrize(
    ("after", "verdict"), [(NET, Verdict.PASSED), (SLEEPING, Verdict.REGRESSED), ("nonsense", Verdict.CANNOT_TELL)]
)
def test_in_earnest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str, verdict: Verdict):
    """Real processes on a real repository; a head that sleeps is slower by any measure."""
    monkeypatch.setattr(against, "LOOKS", (Look(2, 1, 1),))
    root = make(tmp_path / "repo", net=NET)
    (root / "net.py").write_text(after, encoding="utf-8")
    plan = Plan(placements=1, placement_seconds=0.05, most_rounds=4)
    (result,) = measure(root, "net.py:build", plan=plan, budget=9.0)

    assert result.verdict is verdict
    assert result.base == f"HEAD ({git(root, 'rev-parse', 'HEAD')[:10]})"
    assert worktrees(root) == 1
    if verdict is Verdict.CANNOT_TELL:
        assert result.reasons[0].startswith("head: importing net.py failed: NameError")
        assert "worktree" not in result.reasons[0]
    else:
        assert result.rounds == 8
