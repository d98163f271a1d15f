"""A pair of processes that takes turns: who comes when, and what becomes of the times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle

import pytest

from memprof.gate.measured.plan import Plan
from memprof.gate.measured.processes import MeasuringError
from memprof.gate.measured.protocol import Answer, Job, Order
from memprof.gate.measured.sampling import Pair

JOB = Job("net.py:build", "infer", 2, None, "fp32", "channels-first")
PLAN = Plan(placements=2, turn_seconds=0.35, placement_seconds=1.2, least_rounds=2)
"""For steps of 0.1 s: 3 in a turn, and 1.2 / (2 * 3 * 0.1) = 2 rounds."""


class Pretended:
    """Answers as a measuring process would; its turns take what `turns` says, over and over."""

    def __init__(self, name: str, turns: Sequence[Sequence[float]], log: list[str], *, resolution: int = 32) -> None:
        self.error = ""
        self._name = name
        self._turns = cycle(turns)
        self._log = log
        self._resolution = resolution
        self._answers = [Answer(facts={"side": name})]

    def send(self, order: Order) -> None:
        if order.job is None:
            self._log.append(f"{self._name}{order.steps}")
            self._answers.append(Answer(seconds=tuple(next(self._turns))))
        else:
            self._answers.append(Answer(seconds=(0.1,), resolution=self._resolution))

    def receive(self) -> Answer:
        answer = self._answers.pop(0)
        if self.error and answer.resolution:
            raise MeasuringError(self.error, "mend it")
        return answer

    def ask(self, order: Order) -> Answer:
        self.send(order)
        return self.receive()


def pair(base: Sequence[Sequence[float]], head: Sequence[Sequence[float]], log: list[str], **of_head: int) -> Pair:
    made = [Pretended("b", base, log), Pretended("h", head, log, **of_head)]
    return Pair(made[0], made[1], PLAN)  # type: ignore[arg-type]


def test_the_sides_take_turns_and_who_was_last_begins():
    log: list[str] = []
    pair([[0.1]], [[0.1]], log).sample(JOB, head_first=False)
    assert log == ["b3", "h3", "h3", "b3"] * PLAN.placements

    log.clear()
    pair([[0.1]], [[0.1]], log).sample(JOB, head_first=True)
    assert log == ["h3", "b3", "b3", "h3"] * PLAN.placements


def test_the_facts_are_those_of_the_head():
    assert pair([[0.1]], [[0.1]], []).facts == {"side": "h"}


def test_ratios_are_medians_of_rounds_of_medians_of_steps():
    base = [[0.1, 9.0, 0.1], [0.2]]  # one step was disturbed, and the second round took twice as long
    head = [[0.11, 0.11, 5.0], [0.22]]
    found = pair(base, head, []).sample(JOB, head_first=False)

    assert found.ratios == pytest.approx((math.log(1.1), math.log(1.1)))
    assert found.rounds == 4
    assert found.base_seconds == pytest.approx(0.15)
    assert found.head_seconds == pytest.approx(0.165)
    assert found.resolution == 32


def test_models_for_different_images_are_not_compared():
    with pytest.raises(MeasuringError, match="images of 32 pixels, the head's for 64"):
        pair([[0.1]], [[0.1]], [], resolution=64).sample(JOB, head_first=False)


def test_what_fails_on_both_sides_is_told_of_both():
    sides = [Pretended("b", [[0.1]], []), Pretended("h", [[0.1]], [])]
    made = Pair(sides[0], sides[1], PLAN)  # type: ignore[arg-type]
    for side, error in zip(sides, ("base: no such model", "head: no such model"), strict=True):
        side.error = error
    with pytest.raises(MeasuringError) as error:
        made.sample(JOB, head_first=False)
    assert str(error.value) == "base: no such model; head: no such model; mend it"
