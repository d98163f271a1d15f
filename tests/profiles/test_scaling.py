"""A step at a batch size that nobody simulated: told by two simulations, or not told at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from memprof.analysis.simulated import simulate_subject
from memprof.analysis.subject import subject_of
from memprof.profiles.scaling import NotLinearError, Scaling
from memprof.report.record import Workload


class Net(nn.Module):
    """What networks are made of: a convolution, a norm, a product, a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.stem(images)).relu().mean((2, 3)))


class Pairs(nn.Module):
    """Flattens the similarity of all images: its size is the square of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        rows = images.flatten(1)
        return ((rows @ rows.T).flatten() * self.scale).sum()


def simulated(build: type[nn.Module], batch_size: int, phase: str = "train"):
    return simulate_subject(subject_of(build), Workload("net", batch_size, 8, phase, "fp32", "channels-last"))


def test_two_batch_sizes_tell_a_third_exactly():
    scaling = Scaling(2, 4, simulated(Net, 2), simulated(Net, 4))

    for other in (3, 6, 40):
        assert scaling.tells(other, simulated(Net, other))
        assert scaling.at(other).memory == simulated(Net, other).memory
    # a float32 image of 3 x 8 x 8 is a storage of its own
    assert 40 * 3 * 8 * 8 * 4 in scaling.timeline(40).sizes


def test_what_grows_otherwise_is_not_told():
    scaling = Scaling(2, 4, simulated(Pairs, 2), simulated(Pairs, 4))

    assert not scaling.tells(6, simulated(Pairs, 6))


def test_another_step_is_none_of_the_same():
    scaling = Scaling(2, 4, simulated(Net, 2), simulated(Net, 4, "infer"))

    with pytest.raises(NotLinearError):
        scaling.at(6)
    one = simulated(Net, 2)
    assert not Scaling(2, 4, one, simulated(Net, 4)).tells(8, replace(simulated(Net, 8), timeline=one.timeline))
