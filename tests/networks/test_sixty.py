"""Sixty networks, none of them named in memprof: each is analysed whole, or a sentence says why not."""

from __future__ import annotations

import os
import subprocess
from itertools import chain

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import memprof
from memprof.profiles.binding import bind
from memprof.profiles.objective import Objective
from memprof.tensors.inputs import read_inputs
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
COUNTED = ("multi-spectral", "audio", "volume", "siamese", "autoencoder", "einsum", "points", "spatial transformer")
"""Networks without grouped convolutions, which PyTorch's own counter counts wrongly, and without fused layers."""
COUNTED_TOO = ("r3d_18", "googlenet", "bert", "gpt2", "vit", "llama")


def analyze(network: Network, phase: str) -> memprof.Report:
    inputs = network.training if phase == "train" and network.training else network.inputs
    return memprof.analyze(network.build, inputs, network.kwargs, loss=network.loss, phase=phase)  # type: ignore[arg-type]


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


@pytest.mark.parametrize("name", [name for name in (*COUNTED, *COUNTED_TOO) if name in ALL])
def test_products_and_convolutions_are_those_that_pytorch_counts(name: str) -> None:
    network = ALL[name]
    report = analyze(network, "train")
    torch.manual_seed(0)
    model = network.build().train()

    def real(given: memprof.tensors.inputs.InputSpec) -> torch.Tensor:
        dtype = getattr(torch, given.dtype)
        return torch.rand(given.shape) if dtype.is_floating_point else torch.ones(given.shape, dtype=dtype)

    args, kwargs = bind(model, read_inputs(network.inputs, network.kwargs), real)
    with FlopCounterMode(display=False) as counter, torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        Objective(name)(model(*args, **kwargs)).backward()

    rows = [
        row for row in report.operators if row.kind in ("convolution", "depthwise convolution", "matmul", "attention")
    ]
    assert sum(row.flops for row in rows) == pytest.approx(counter.get_total_flops(), rel=0.02)
