"""Networks of diffusers, where it is installed: a U-Net that is told a time step and a text, and an autoencoder."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from torch import nn

import memprof
from memprof import spec

os.environ["HF_HUB_OFFLINE"] = "1"
diffusers = pytest.importorskip("diffusers")

BLOCKS = {"block_out_channels": (32, 64), "layers_per_block": 1, "norm_num_groups": 8}


def unet() -> nn.Module:
    down, up = ("CrossAttnDownBlock2D", "DownBlock2D"), ("UpBlock2D", "CrossAttnUpBlock2D")
    network: nn.Module = diffusers.UNet2DConditionModel(
        down_block_types=down, up_block_types=up, cross_attention_dim=32, attention_head_dim=8, **BLOCKS
    )
    return network


def autoencoder() -> nn.Module:
    down, up = ("DownEncoderBlock2D",) * 2, ("UpDecoderBlock2D",) * 2
    network: nn.Module = diffusers.AutoencoderKL(down_block_types=down, up_block_types=up, **BLOCKS)
    return network


@pytest.mark.parametrize("phase", ["infer", "train"])
@pytest.mark.parametrize(
    ("build", "given", "channels"),
    [
        (
            unet,
            {"sample": spec("2x4x16x16"), "timestep": spec("2", "int64"), "encoder_hidden_states": spec("2x7x32")},
            4,
        ),
        (autoencoder, {"sample": spec("2x3x16x16")}, 3),
    ],
)
def test_diffusion_is_covered(
    build: Callable[[], nn.Module], given: dict[str, object], channels: int, phase: str
) -> None:
    report = memprof.analyze(build, kwargs=given, phase=phase)  # type: ignore[arg-type]

    assert report.coverage.bytes == 1
    assert report.coverage.unknown == ()
    (first,) = [row for row in report.operators if row.module.endswith("conv_in") and row.phase == "forward"][:1]
    assert first.flops == 2 * 32 * 16 * 16 * (2 * 9 * channels + 1)  # a bias to each output
