"""Parameters and multiply-adds of every model of the zoo against the figures its authors published."""

from __future__ import annotations

import pytest
import torch

from memprof.models import create_model, default_resolution, list_models
from tests.models.published_figures import MILLIONS_AND_GIGAS

# name: (parameters, 10^9 multiply-adds per image at the model's own resolution), in the digits of its source
TORCHVISION = {  # the "num_params" and "_ops" of its weights' metadata
    "resnet18": (11_689_512, 1.814),
    "resnet34": (21_797_672, 3.664),
    "resnet50": (25_557_032, 4.089),
    "resnet101": (44_549_160, 7.801),
    "resnet152": (60_192_808, 11.514),
    "convnext_t": (28_589_128, 4.456),
    "convnext_s": (50_223_688, 8.684),
    "convnext_b": (88_591_464, 15.355),
    "convnext_l": (197_767_336, 34.361),
}
ONE_PERCENT = {
    **MILLIONS_AND_GIGAS,
    # facebookresearch/ConvNeXt, README; parameters from timm's results-imagenet.csv
    "convnext_xl": (350.20, 60.9),
}
TIMM = {  # results/benchmark-infer-amp-nhwc-pt210-cu121-rtx3090.csv: 10^6 parameters, 10^9 of fvcore's counts
    "convnext_atto": (3.70, 0.55),
    "convnext_femto": (5.22, 0.79),
    "convnext_pico": (9.05, 1.37),
    "convnext_nano": (15.59, 2.46),
    "resnet50": (25.56, 4.11),
    "convnext_t": (28.59, 4.47),
    "inceptionnext_t": (28.06, 4.19),
}
ROUNDED = {
    # arXiv 2303.16900, table 1: 10^6 parameters and 10^9 multiply-adds to one decimal
    "convnext_t_k5": (28.4, 4.4),
    "convnext_t_k3": (28.3, 4.4),
    "convnext_t_k3_par1_2": (28.3, 4.4),
    "convnext_t_k3_par3_8": (28.3, 4.4),
    "convnext_t_k3_par1_4": (28.3, 4.4),
    "convnext_t_k3_par1_8": (28.3, 4.4),
    "convnext_t_k3_par1_16": (28.3, 4.4),
    # table 8, its ablations of InceptionNeXt-T
    "inceptionnext_t:branches=identity+square+vertical": (28.0, 4.2),
    "inceptionnext_t:branches=identity+square+horizontal": (28.0, 4.2),
    "inceptionnext_t:branches=identity+horizontal+vertical": (28.0, 4.2),
    "inceptionnext_t:arrangement=sequential": (28.1, 4.2),
    "inceptionnext_t:band_kernel=7": (28.0, 4.2),
    "inceptionnext_t:band_kernel=9": (28.1, 4.2),
    "inceptionnext_t:band_kernel=13": (28.1, 4.2),
    "inceptionnext_t:branch_ratio=1/4": (28.1, 4.2),
    "inceptionnext_t:branch_ratio=1/16": (28.0, 4.2),
    "inceptionnext_t:norm=layer": (28.1, 4.2),
}
ISOTROPIC = {"convnext_iso_s": (22, 4.3), "inceptionnext_iso_s": (22, 4.2)}  # table 5: parameters to 10^6


@pytest.mark.parametrize("name", TORCHVISION)
def test_parameters_are_torchvisions_to_the_last_one(name, on_meta, parameters, macs):
    model = on_meta(name)

    assert parameters(model) == TORCHVISION[name][0]
    assert round(macs(model, 224) / 1e9, 3) == pytest.approx(TORCHVISION[name][1], abs=0.0015)


@pytest.mark.parametrize("name", ONE_PERCENT)
def test_figures_are_the_published_ones_to_one_percent(name, on_meta, parameters, macs):
    model = on_meta(name)
    millions, giga = ONE_PERCENT[name]

    assert parameters(model) / 1e6 == pytest.approx(millions, rel=0.01)
    assert macs(model, default_resolution(name)) / 1e9 == pytest.approx(giga, rel=0.01)


@pytest.mark.parametrize("name", ROUNDED)
def test_ablations_round_to_the_papers_tables(name, on_meta, parameters, macs):
    model = on_meta(name)

    assert (round(parameters(model) / 1e6, 1), round(macs(model, 224) / 1e9, 1)) == ROUNDED[name]


@pytest.mark.parametrize("name", ISOTROPIC)
def test_isotropic_models_round_to_table_5(name, on_meta, parameters, macs):
    model = on_meta(name)

    assert (round(parameters(model) / 1e6), round(macs(model, 224) / 1e9, 1)) == ISOTROPIC[name]


def test_every_model_of_the_zoo_has_published_figures():
    assert {*TORCHVISION, *ONE_PERCENT, *TIMM, *ROUNDED, *ISOTROPIC}.issuperset(list_models())


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", TIMM)
def test_fvcore_counts_what_timm_published(name, parameters):
    from fvcore.nn import FlopCountAnalysis

    model = create_model(name).eval()
    counted = FlopCountAnalysis(model, torch.zeros(1, 3, 224, 224)).unsupported_ops_warnings(False).total()

    assert (round(parameters(model) / 1e6, 2), round(counted / 1e9, 2)) == TIMM[name]
