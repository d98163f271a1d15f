from __future__ import annotations

import pytest

import memprof
from memprof.analysis import steps as module
from memprof.analysis.steps import Step, Steps


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return a list that names each workload as it is simulated."""
    seen: list[tuple[str, str]] = []
    whole = module.simulate_subject

    def noted(subject, workload, task):
        seen.append((workload.phase, workload.stack))
        return whole(subject, workload, task)

    monkeypatch.setattr(module, "simulate_subject", noted)
    return seen


def step(device: str, precision: str, phase: str, stack: str) -> Step:
    return Step(device, precision, 4, 64, phase, "channels-last", stack)


def test_precisions_and_stacks_that_share_operators_share_a_simulation(simulated):
    steps = Steps("resnet18")
    asked = [
        step(device, precision, phase, stack)
        for device, precision, stack in (("a100", "tf32", "torch 1.13"), ("rtx-2080-ti", "fp32", "torch 1.8"))
        for phase in ("infer", "train")
    ]
    totals = [steps.totals(item) for item in asked]

    # The second stack is simulated in inference alone, to see that it launches the same.
    assert simulated == [("infer", "torch 1.13"), ("train", "torch 1.13"), ("infer", "torch 1.8")]
    for item, found in zip(asked, totals, strict=True):
        alone = memprof.analyze(
            "resnet18",
            device=item.device,
            precision=item.precision,
            batch_size=4,
            resolution=64,
            phase=item.phase,
            layout="channels-last",
            stack=item.stack,
        )
        assert found == alone.totals


def test_a_stack_that_launches_other_operators_is_simulated_itself(simulated):
    pytest.importorskip("timm")
    steps = Steps("timm:vit_tiny_patch16_224")
    for stack in ("torch 1.13", "torch 1.8"):  # Linear layers of three dimensions add their bias apart on the latter
        steps.totals(Step("a100", "tf32", 2, 224, "train", "channels-last", stack))

    assert simulated.count(("train", "torch 1.13")) == simulated.count(("train", "torch 1.8")) == 1


def test_stacks_of_other_rules_share_nothing(simulated):
    steps = Steps("resnet18")
    for stack in ("torch 1.13", "torch 2.4"):  # whose optimizer does not go through the parameters one by one
        steps.totals(step("a100", "tf32", "train", stack))

    assert simulated.count(("train", "torch 2.4")) == 1
