"""Sixty networks, none of them named in memprof: each is analysed whole, or a sentence says why not."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from itertools import chain

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import memprof
from memprof.analysis.assembly import cost_profile
from memprof.analysis.simulated import requested, simulate_subject
from memprof.analysis.subject import subject_of
from memprof.profiles.binding import bind
from memprof.profiles.objective import Objective
from memprof.profiles.task import Task
from memprof.tensors.inputs import InputSpec, read_inputs
from tests.networks import by_hand, torchvision_networks
from tests.networks.network import Network
from tests.source_tree import ROOT

os.environ["HF_HUB_OFFLINE"] = "1"
try:
    from tests.networks import transformers_networks

    TRANSFORMERS = transformers_networks.networks()
except ImportError:
    TRANSFORMERS = {}

TORCHVISION, BY_HAND = torchvision_networks.networks(), by_hand.networks()
ALL = {**TORCHVISION, **TRANSFORMERS, **BY_HAND}
COUNTED = (
    *("multi-spectral", "audio", "volume", "siamese", "autoencoder", "einsum", "spatial transformer", "unfolded"),
    *("graph", "spectrogram", "r3d_18", "googlenet", "raft_small", "fcn with aux", "bert", "vit"),
)
"""Networks without grouped convolutions, which PyTorch's own counter counts wrongly."""
RECOMPUTED = {"bert": 2 * 2 * 2 * 4 * 16**2 * 8, "vit": 2 * 2 * 2 * 4 * 17**2 * 8}
"""What the backward pass of fused attention does again, and the counted one does not: in each of 2 layers the product
of queries and keys, of 2 samples, 4 heads of 8 and 16 words or 17 patches."""


def analyze(network: Network, phase: str) -> memprof.Report:
    inputs = network.training if phase == "train" and network.training else network.inputs
    return memprof.analyze(network.build, inputs, network.kwargs, loss=network.loss, phase=phase, layout=network.layout)  # type: ignore[arg-type]


def test_there_are_sixty_and_memprof_names_none_of_them() -> None:
    assert (len(TORCHVISION), len(BY_HAND)) == (30, 20)
    names = [name for name in chain(TORCHVISION, TRANSFORMERS) if "_" in name]
    folders = ["memprof/analysis", "memprof/api", "memprof/profiles", "memprof/tensors", "operators"]
    done = subprocess.run(
        ["grep", "-rlE", "|".join(names), *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@pytest.mark.parametrize("name", ALL)
def test_training_is_covered(name: str) -> None:
    report = analyze(ALL[name], "train")

    assert report.coverage.bytes >= 0.99
    assert {row.phase for row in report.operators} == {"forward", "backward", "optimizer"}


@pytest.mark.parametrize(
    "name", [*BY_HAND, *TRANSFORMERS, "fcn with aux", "raft_small", "ssdlite320_mobilenet_v3_large"]
)
def test_inference_is_covered(name: str) -> None:
    assert analyze(ALL[name], "infer").coverage.bytes >= 0.99


@pytest.mark.parametrize("name", [name for name in COUNTED if name in ALL])
def test_products_and_convolutions_are_those_that_pytorch_counts(name: str) -> None:
    """Forward and backward, exactly: PyTorch's counter sees a real step, memprof a simulated one."""
    network = ALL[name]
    subject, task = subject_of(network.build), Task(read_inputs(network.inputs, network.kwargs))
    workload = replace(requested(subject, task, None, None, "train", "channels-first"), precision="fp32")
    costed, _ = cost_profile(simulate_subject(subject, workload, task).profile)
    counter = FlopCounterMode(display=False)
    real_step(network, counter)

    assert sum(
        work.matrix_flops for item in costed for work in item.works
    ) == counter.get_total_flops() + RECOMPUTED.get(name, 0)


def real_step(network: Network, counter: FlopCounterMode) -> None:
    def real(given: InputSpec) -> torch.Tensor:
        dtype = getattr(torch, given.dtype)
        return torch.rand(given.shape) if dtype.is_floating_point else torch.ones(given.shape, dtype=dtype)

    model = network.build().train()
    given = read_inputs(network.inputs, network.kwargs)
    assert given is not None
    args, kwargs = bind(model, given, real)
    with counter, sdpa_kernel(SDPBackend.MATH):
        Objective("the network")(model(*args, **kwargs)).backward()  # type: ignore[no-untyped-call]
