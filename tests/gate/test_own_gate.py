"""The repository gates its own zoo: today's figures pass, and a change planted in it does not."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn

from memprof.gate import checking, entries
from memprof.gate.baseline import load_baseline
from memprof.gate.config import load_config
from memprof.gate.records import GateResult, Verdict
from memprof.models import registry
from tests.command_line import memprof

ROOT = Path(__file__).parents[2]
CONFIG = load_config(ROOT / "setup.cfg")
BASELINE = load_baseline(CONFIG.baseline)

pytestmark = pytest.mark.skipif(
    BASELINE.environment != entries.versions(), reason="the baseline was written with other versions of torch or fvcore"
)


def checked(model: str, phase: str, *precisions: str) -> GateResult:
    """Hold one model of the zoo, as it is now, against the repository's baseline."""
    config = replace(CONFIG, models=(model,), phases=(phase,), precisions=precisions)
    today = entries.collect([report for job in entries.jobs(config) for report in entries.analyze_job(job, config)])
    known = tuple(item for item in BASELINE.entries if (item.workload.model, item.workload.phase) == (model, phase))
    return checking.check(config, checking.Terms("baseline", "config"), replace(BASELINE, entries=known), today)


def test_the_zoo_costs_what_was_accepted(tmp_path: Path):
    done = memprof("gate", "check", "--config", str(ROOT / "setup.cfg"), cwd=tmp_path)
    assert (done.code, done.err) == (0, ""), done.out
    assert "all 6 workloads" in done.out
    assert list(tmp_path.iterdir()) == []


def planted(monkeypatch: pytest.MonkeyPatch, name: str, plant: Callable[[nn.Module], None]) -> None:
    """Change what the zoo builds under `name`."""
    module = importlib.import_module(f"memprof.models.{registry.find(name).family.module}")
    build = getattr(module, name)

    def changed(*arguments: object, **options: object) -> nn.Module:
        network = build(*arguments, **options)
        plant(network)
        return network

    monkeypatch.setattr(module, name, changed)


def with_a_copy(network: nn.Module) -> None:
    block = network.get_submodule("stages.1.blocks.0")
    forward = block.forward
    block.forward = lambda x: forward(x.contiguous())


def with_kernels_of_nine(network: nn.Module) -> None:
    block = network.get_submodule("stages.2.4")
    channels = block.dwconv.in_channels
    block.dwconv = nn.Conv2d(channels, channels, 9, padding=4, groups=channels, device="meta")


@pytest.mark.parametrize("phase", ["infer", "train"])
@pytest.mark.parametrize(
    ("model", "plant", "module", "words"),
    [
        ("inceptionnext_t", with_a_copy, "stages.1.blocks.0", "new aten::clone"),
        ("convnext_t", with_kernels_of_nine, "stages.2.4", "9x9"),
    ],
)
def test_a_planted_change_fails_with_its_module_named(monkeypatch, model, plant, module, words, phase):
    planted(monkeypatch, model, plant)
    result = checked(model, phase)
    assert result.verdict is Verdict.REGRESSED
    assert checking.exit_code(result) == 1
    (found,) = result.results
    said = [change.text for change in found.changes if change.module.startswith(module)]
    assert any(words in text for text in said), said


def test_fp32_instead_of_tf32_is_told_and_never_green():
    result = checked("resnet50", "infer", "fp32")
    assert result.verdict is Verdict.CANNOT_TELL
    assert checking.exit_code(result) == 2
    reasons = [reason for item in result.results for reason in item.reasons]
    assert reasons == [
        "this workload is not in the baseline, which has it with precision tf32",
        "this workload is not in the configuration, which has it with precision fp32",
    ]


def test_convolutions_off_the_tensor_cores_fail_with_the_slower_operators_named(monkeypatch):
    """The same workload whose matrix work runs on CUDA cores: what a switched-off TF32 costs."""
    from memprof.roofline import points

    monkeypatch.setattr(points, "engines_of", lambda work, *_: {"fp32": work.matrix_flops + work.vector_flops})
    result = checked("resnet50", "infer")
    assert result.verdict is Verdict.REGRESSED
    (found,) = result.results
    (seconds,) = [item for item in found.metrics if item.metric == "seconds"]
    assert seconds.verdict is Verdict.REGRESSED
    slower = [item.text for item in found.changes if item.what == "bound" and "now bound by CUDA-core" in item.text]
    assert any("aten::convolution now bound by CUDA-core arithmetic instead of" in text for text in slower)
