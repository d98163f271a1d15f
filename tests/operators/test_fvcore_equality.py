"""FLOPs of the simulated forward against fvcore's own count of a real forward, to the last one."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from memprof.calls import extract_calls
from memprof.models import create_model, list_models
from memprof.operators import registry
from memprof.profiles.simulated import simulate
from memprof.tensors.precision import get_precision
from tests.operators.test_fvcore_counts import by_fvcore, counted_as_fvcore_does

RESOLUTION = 64
TOO_LARGE = {"convnext_l", "convnext_xl"}
"""198 and 350 million real weights; the same code as convnext_b."""
OPTIONS = (
    "convnext_t:kernel=31",
    "convnext_t:mlp=conv",
    "convnext_t:conv_ratio=1/8",
    "inceptionnext_t:band_kernel=7",
    "inceptionnext_t:branch_ratio=1/4",
    "inceptionnext_t:norm=layer",
    "inceptionnext_t:branches=identity+square+horizontal",
    "inceptionnext_t:arrangement=sequential",
)


def real_model(spec):
    """Build on the CPU with unset weights: filling them takes longer than the forward."""
    with torch.device("meta"):
        model = create_model(spec)
    return model.to_empty(device="cpu").eval()


@cache
def expected(spec):
    return by_fvcore(real_model(spec), torch.zeros(1, 3, RESOLUTION, RESOLUTION))


SPECS = [*(name for name in list_models() if name not in TOO_LARGE), *OPTIONS]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("spec", "channels_last"),
    [*((spec, True) for spec in SPECS), *((spec, False) for spec in ("resnet18", "convnext_t", "inceptionnext_t"))],
)
def test_a_model_of_the_zoo_counts_what_fvcore_counts(spec, channels_last):
    simulation = simulate(
        lambda: create_model(spec),
        batch_size=1,
        resolution=RESOLUTION,
        training=False,
        precision=get_precision("tf32"),
        channels_last=channels_last,
    )
    calls = extract_calls(simulation.profile, lambda name: registry.find(name) is not None)
    assert counted_as_fvcore_does(calls) == expected(spec) > 0
