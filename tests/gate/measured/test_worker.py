"""A measuring process in earnest: it builds, times and reports, and whatever goes wrong in it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memprof.gate.measured.plan import ALLOCATOR, Plan
from memprof.gate.measured.processes import MeasuringError, Process
from memprof.gate.measured.protocol import Job, Order, Side
from memprof.gate.measured.worker import RunningTimer, find_timer
from tests.gate.measured.repositories import NET

MODELS = (
    NET
    + """

class Printing(nn.Module):
    def forward(self, images):
        print("and print again")
        return images


def printing():
    return nn.Sequential(Printing(), build())


def failing():
    return nn.Linear(7, 7)


def raising():
    raise RuntimeError("out of\\nideas")


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 4)

    def forward(self, tokens, mask):
        assert tokens.shape == (2, 6, 8), tokens.shape
        return {"scores": self.layer(tokens) * mask.unsqueeze(-1)}


def dying():
    import os, sys

    print("these were its last words", file=sys.stderr, flush=True)
    os._exit(3)


def killed():
    import os, signal

    os.kill(os.getpid(), signal.SIGKILL)
"""
)
JOB = Job("net.py:build", "infer", 2, 16, "fp32", "channels-first")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "net.py").write_text(MODELS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def process(folder: Path) -> Iterator[Process]:
    with Process("base", Side(str(folder)), Plan(), folder / "log") as process:
        facts = process.receive().facts
        assert facts["threads"] == "1"
        assert facts["clock"] in {"wall time", RunningTimer.words}
        yield process


@pytest.mark.parametrize("phase", ["infer", "train"])
@pytest.mark.parametrize("layout", ["channels-first", "channels-last"])
@pytest.mark.parametrize("precision", ["fp32", "amp-bf16", "bf16"])
def test_steps_are_timed(process: Process, phase: str, layout: str, precision: str):
    job = replace(JOB, phase=phase, layout=layout, precision=precision)
    built = process.ask(Order(job=job))
    timed = process.ask(Order(steps=3))

    assert built.resolution == 16
    assert len(timed.seconds) == 3
    assert min(timed.seconds) > 0


def test_what_a_model_prints_does_not_reach_the_answers(process: Process, folder: Path):
    assert process.ask(Order(job=replace(JOB, model="net.py:printing"))).resolution == 16
    assert len(process.ask(Order(steps=2)).seconds) == 2
    assert "and print again" in (folder / "log").read_text(encoding="utf-8")


def test_a_model_of_the_zoo_has_its_own_resolution(process: Process):
    assert process.ask(Order(job=replace(JOB, model="resnet18", resolution=None, batch_size=1))).resolution == 224


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("net.py:raising", "base: building net.py:raising failed: RuntimeError: out of ideas"),
        ("net.py:failing", "base: net.py:failing failed"),
        ("net.py:none", "base: net.py has no 'none'"),
        ("gone.py:build", "base: there is no file gone.py"),
    ],
)
def test_a_model_that_fails_is_told_and_another_can_follow(process: Process, model: str, said: str):
    with pytest.raises(MeasuringError) as error:
        process.ask(Order(job=replace(JOB, model=model)))
    assert error.value.what.startswith(said)
    assert "\n" not in str(error.value)
    assert process.ask(Order(job=JOB)).resolution == 16


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("net.py:dying", "head: the measuring process died, exit code 3: these were its last words"),
        ("net.py:killed", "head: the measuring process died, killed by SIGKILL (out of memory?)"),
    ],
)
def test_a_process_that_dies_is_told(folder: Path, tmp_path: Path, model: str, said: str):
    with Process("head", Side(str(folder)), Plan(), tmp_path / "log") as process:
        process.receive()
        with pytest.raises(MeasuringError) as error:
            process.ask(Order(job=replace(JOB, model=model)))
        assert error.value.what == said
        with pytest.raises(MeasuringError, match="died"):
            process.ask(Order(job=JOB))


def test_a_checkout_of_memprof_has_its_own_zoo(tmp_path: Path):
    zoo = NET.replace("nn.Linear(4, 10)", "nn.Linear(4, 10), nn.Identity()") + (
        "\n\ndef default_resolution(name):\n    return 17\n"
        "\n\ndef create_model(name):\n    assert name == 'a_new_net'\n    return build()\n"
    )
    (tmp_path / "memprof" / "models").mkdir(parents=True)
    (tmp_path / "memprof" / "__init__.py").touch()
    (tmp_path / "memprof" / "models" / "__init__.py").write_text(zoo, encoding="utf-8")
    with Process("base", Side(str(tmp_path)), Plan(), tmp_path / "log") as process:
        process.receive()
        assert process.ask(Order(job=replace(JOB, model="a_new_net", resolution=None))).resolution == 17
        assert len(process.ask(Order(steps=2)).seconds) == 2


def test_a_running_timer_leaves_out_what_others_took(tmp_path: Path):
    schedstat = tmp_path / "schedstat"
    schedstat.write_text("5 1000 1\n")
    timer = RunningTimer(schedstat)

    def work() -> None:
        schedstat.write_text(f"5 {1000 + 10**12} 1\n")  # 1000 seconds more spent waiting

    assert -1000 < timer.time(work) < -900
    assert timer.time(lambda: None) >= 0


def test_some_timer_is_always_found():
    timer, words = find_timer()
    assert words
    assert timer.time(lambda: sum(range(1000))) > 0


def test_the_allocator_is_told_before_the_process_starts(folder: Path, tmp_path: Path):
    (tmp_path / "env.py").write_text("import os\nraise RuntimeError(os.environ['MALLOC_MMAP_MAX_'])\n")
    with Process("base", Side(str(tmp_path)), Plan(allocator=ALLOCATOR), tmp_path / "log") as process:
        process.receive()
        with pytest.raises(MeasuringError, match="RuntimeError: 0"):
            process.ask(Order(job=replace(JOB, model="env:build")))


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_a_model_is_given_the_inputs_of_the_configuration(process: Process, phase: str) -> None:
    job = replace(JOB, model="net.py:Pair", phase=phase, resolution=None, inputs=("4x6x8", "mask=4x6"))
    placed = process.ask(Order(job=job))
    assert placed.resolution == 0
    assert placed.seconds[0] > 0
    assert len(process.ask(Order(steps=2)).seconds) == 2
