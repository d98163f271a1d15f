"""Any code profiled: on meta with models made inside or put there, for real, with optimizers of torch."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import memprof
from memprof import MemprofError


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 10))


def step(model: nn.Module, images: torch.Tensor, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    functional.cross_entropy(
        model(images), torch.zeros(len(images), dtype=torch.int64, device=images.device)
    ).backward()
    optimizer.step()


def flops(report: memprof.Report, kind: str) -> float:
    return sum(row.flops for row in report.operators if row.kind == kind)


@pytest.mark.parametrize("real", [False, True])
def test_a_step_of_ones_own_is_reported(real: bool) -> None:
    with memprof.profile(batch_size=4, real=real) as profile:
        model = network()
        step(model, torch.rand(4, 3, 16, 16), torch.optim.SGD(model.parameters(), lr=0.1))
    report = profile.report

    # Forward, gradient of the input, gradient of the weight: a convolution of an image needs no gradient of it.
    assert flops(report, "convolution") == pytest.approx(2 * 2 * 27 * 8 * 14 * 14 * 4, rel=0.05)
    assert report.coverage.bytes == 1
    assert report.workload.phase == "train"
    assert {row.phase for row in report.operators} == {"forward", "backward", "optimizer"}
    assert {"Sequential.0", "Sequential.3"} <= {row.module for row in report.operators}


def test_optimizers_update_all_parameters_at_once_as_on_cuda() -> None:
    with memprof.profile() as profile:
        model = network()
        step(model, torch.rand(4, 3, 16, 16), torch.optim.AdamW(model.parameters()))

    updates = [row.name for row in profile.report.operators if row.phase == "optimizer"]
    assert "aten::_foreach_addcdiv_" in updates


def test_what_one_holds_is_put_on_meta_and_stays_as_it_is() -> None:
    model, images = network(), torch.rand(4, 3, 16, 16)
    before = [parameter.clone() for parameter in model.parameters()]
    with memprof.profile() as profile:
        there = profile.on_meta(model)
        there(profile.on_meta([images])[0]).sum().backward()

    assert profile.report.totals.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert all(torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_real_tensor_in_a_simulated_step_is_an_error() -> None:
    model = network()
    with pytest.raises(MemprofError, match=r"real tensor.*on_meta"), memprof.profile():
        model(torch.rand(4, 3, 16, 16))
    assert torch.rand(1).device.type == "cpu"


def test_there_is_no_report_before_the_end() -> None:
    with memprof.profile() as profile, pytest.raises(MemprofError, match="after the block"):
        _ = profile.report


def test_an_error_inside_passes_and_leaves_nothing_behind() -> None:
    class Fails(nn.Module):
        def forward(self, images: torch.Tensor) -> float:
            return 1 / 0

    with pytest.raises(ZeroDivisionError), memprof.profile():
        Fails()(torch.rand(4, 3, 16, 16))
    assert torch.rand(1).device.type == "cpu"
    assert len(torch.nn.modules.module._global_forward_hooks) == 0
