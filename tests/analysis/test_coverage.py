"""Coverage: every operator of the zoo has a formula, and those of timm's families that people use."""

from __future__ import annotations

from collections import Counter

import pytest

from memprof import analyze
from memprof.models import list_models
from memprof.tensors.precision import PRECISIONS

OPTIONS = (
    "inceptionnext_t:band_kernel=7",
    "inceptionnext_t:branch_ratio=1/4",
    "inceptionnext_t:norm=layer",
    "inceptionnext_t:branches=identity+square+horizontal",
    "inceptionnext_t:branches=vertical",
    "inceptionnext_t:branches=identity",
    "inceptionnext_t:arrangement=sequential",
    "convnext_t:kernel=31",
    "convnext_t:conv_ratio=1/8",
    "convnext_t:mlp=conv",
    "convnext_t:norm=arithmetic",
)
PHASES = ("infer", "train")


BLOCKS = ("resnet18", "resnet50", "convnext_atto", "convnext_t:norm=arithmetic", "inceptionnext_atto")
"""A network for each kind of block: the others are as deep or wide as they are."""


@pytest.mark.parametrize(
    ("spec", "phase"),
    [*((spec, "train") for spec in (*list_models(), *OPTIONS)), *((spec, "infer") for spec in BLOCKS)],
)
def test_the_zoo_is_wholly_covered(spec, phase):
    coverage = analyze(spec, batch_size=2, resolution=64, phase=phase).coverage
    assert (coverage.calls, coverage.bytes, coverage.unknown) == (1.0, 1.0, ())


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("spec", ["resnet18", "convnext_atto", "inceptionnext_atto"])
def test_the_zoo_is_wholly_covered_in_every_precision(spec, precision):
    for phase in PHASES if spec == "resnet18" else ("train",):
        coverage = analyze(spec, batch_size=2, resolution=64, phase=phase, precision=precision).coverage
        assert (coverage.calls, coverage.bytes, coverage.unknown) == (1.0, 1.0, ())


FAMILIES = {
    "resnet": "resnet18",
    "convnext": "convnext_atto",
    "inception_next": "inception_next_tiny",
    "swin": "swin_tiny_patch4_window7_224",
    "vit": "vit_tiny_patch16_224",
    "deit": "deit_tiny_patch16_224",
    "efficientnet": "efficientnet_b0",
    "regnet": "regnety_002",
    "mobilenet": "mobilenetv3_small_050",
    "ghostnet": "ghostnet_050",
}
IN_HALF_PRECISION = ("swin", "vit", "efficientnet", "ghostnet")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("family", "precision", "phase"),
    [
        *((family, "tf32", "train") for family in FAMILIES),
        *((family, "amp-fp16", "train") for family in IN_HALF_PRECISION),
        *((family, "tf32", "infer") for family in IN_HALF_PRECISION),
    ],
)
def test_timms_families_are_covered_to_99_percent_of_bytes(family, precision, phase):
    pytest.importorskip("timm")
    report = analyze(f"timm:{FAMILIES[family]}", batch_size=2, phase=phase, precision=precision)
    assert report.coverage.bytes >= 0.99, report.coverage.unknown
    assert report.totals.flops > 0


KERNELS = {"tf32": "efficient", "amp-fp16": "flash", "amp-bf16": "flash", "fp16": "flash"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("spec", "precision", "phase"),
    [
        *(("timm:vit_tiny_patch16_224", precision, "train") for precision in KERNELS),
        ("timm:vit_tiny_patch16_224", "tf32", "infer"),
        ("timm:vit_tiny_patch16_224", "amp-fp16", "infer"),
        ("torchvision:vit_b_16", "tf32", "infer"),
        ("torchvision:vit_b_16", "amp-bf16", "train"),
    ],
)
def test_fused_attention_is_one_call_a_layer(spec, precision, phase):
    pytest.importorskip(spec.partition(":")[0])
    report = analyze(spec, batch_size=2, phase=phase, precision=precision)
    assert report.coverage.bytes == 1.0
    calls = Counter()
    for row in report.operators:
        calls[row.name, row.phase] += row.calls
    name = f"aten::_scaled_dot_product_{KERNELS[precision]}_attention"
    assert calls[name, "forward"] == 12
    assert calls[f"{name}_backward", "backward"] == (12 if phase == "train" else 0)
    assert {row.kind for row in report.operators if "scaled_dot_product" in row.name} == {"attention"}
    assert not {called for called, _ in calls if "softmax" in called and "log" not in called}


@pytest.mark.filterwarnings("ignore")
def test_attention_counts_its_two_products():
    """Of 197 tokens by 197 tokens by 64 features, in 3 heads of 12 layers, for 2 images."""
    pytest.importorskip("timm")
    report = analyze("timm:vit_tiny_patch16_224", batch_size=2, precision="fp16")
    rows = [row for row in report.operators if row.kind == "attention"]
    products = 2 * 2 * 197 * 197 * 64 * 3 * 12 * 2
    assert products <= sum(row.flops for row in rows) <= 1.1 * products
