"""Variants of a model, sweeps over one option, and what is made of their reports."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memprof import models
from memprof.comparisons.models import Entry, entry
from memprof.errors import ModelError
from memprof.models import registry
from memprof.models.options import write
from memprof.report.record import Report
from memprof.whatif.ablation import Variant, ablate, defaults, published_rate, variants, zoo_spec
from memprof.whatif.sweep import plan, sweep
from tests.comparisons.explain_rows import DEVICE, WORKLOAD, report, row

WITH_OPTIONS = [name for name in models.list_models() if registry.ENTRIES[name].family.options]


def names(model: str) -> list[str]:
    return [variant.model for variant in variants(model)]


def changes(model: str) -> dict[str, str]:
    return {variant.change: variant.model for variant in variants(model)}


def test_convnext_varies_kernel_share_norm_and_mlp() -> None:
    shares = [f"convnext_t:kernel=3,conv_ratio={share}" for share in ("1/2", "3/8", "1/4", "1/8", "1/16")]
    assert names("convnext_tiny") == [
        "convnext_t",
        "convnext_t:kernel=5",
        "convnext_t:kernel=3",
        *shares,
        "convnext_t:norm=arithmetic",
        "convnext_t:mlp=conv",
    ]


def test_inceptionnext_varies_branches_bands_ratio_and_norm() -> None:
    by_change = changes("inceptionnext_t")
    assert by_change["no horizontal branch"] == "inceptionnext_t:branches=identity+square+vertical"
    assert by_change["no vertical branch"] == "inceptionnext_t:branches=identity+square+horizontal"
    assert by_change["no square branch"] == "inceptionnext_t:branches=identity+horizontal+vertical"
    assert by_change["bands in sequence"] == "inceptionnext_t:arrangement=sequential"
    assert [name for name in by_change if name.startswith("band kernel")] == [f"band kernel {k}" for k in (7, 9, 13)]
    assert [name for name in by_change if name.startswith("branch ratio")] == [
        "branch ratio 1/4",
        "branch ratio 1/16",
    ]
    assert by_change["layer norm"] == "inceptionnext_t:norm=layer"
    assert len(by_change) == 1 + 3 + 1 + 3 + 2 + 1  # table 8 removes each convolution, never the identity
    assert not any("identity" in change for change in by_change)


def test_the_small_ones_start_elsewhere() -> None:
    assert "inceptionnext_atto:band_kernel=11" in names("inceptionnext_atto")
    assert "inceptionnext_atto:band_kernel=9" not in names("inceptionnext_atto")
    assert changes("convnext_atto")["MLP of linear layers"] == "convnext_atto:mlp=linear"


def test_own_options_stay_and_what_contradicts_them_is_left_out() -> None:
    by_change = changes("inceptionnext_t:norm=layer,branches=identity+square")
    assert by_change["batch norm"] == "inceptionnext_t:branches=identity+square"
    assert by_change["branch ratio 1/4"] == "inceptionnext_t:branch_ratio=1/4,norm=layer,branches=identity+square"
    assert not [name for name in by_change if "band" in name]
    assert changes("inceptionnext_t:arrangement=sequential")["bands in parallel"] == "inceptionnext_t"
    assert changes("convnext_t:norm=arithmetic")["fused layer norm"] == "convnext_t"


@pytest.mark.parametrize("model", WITH_OPTIONS)
def test_variants_are_valid_canonical_and_different(model: str) -> None:
    variants = names(model)
    assert variants[0] == model
    assert [models.canonical_name(name) for name in variants] == variants
    assert len(set(variants)) == len(variants)
    assert len(variants) >= 10


@pytest.mark.parametrize(
    "model",
    [
        "convnext_atto",
        "convnext_iso_s",
        "convnext_t_k3_par3_8",
        "convnext_t",
        "inceptionnext_atto",
        "inceptionnext_iso_s",
        "inceptionnext_b_384",
    ],
)
def test_defaults_are_those_of_the_networks(model: str) -> None:
    """Spelling every default out changes nothing about the network; the module tree has kernels, norms and branches."""
    options = ",".join(f"{name}={write(value)}" for name, value in defaults(model).items())
    with torch.device("meta"):
        assert repr(models.create_model(f"{model}:{options}")) == repr(models.create_model(model))


@pytest.mark.parametrize("model", ["resnet50", "timm:resnet50", "torchvision:resnet50"])
def test_a_model_without_options_is_refused(model: str) -> None:
    with pytest.raises(ModelError, match="no options to vary"):
        zoo_spec(model)


def reports(model: str, infer: float, train: float) -> list[Report]:
    cells = []
    for phase, seconds in (("infer", infer), ("train", train)):
        rows = row("convolution", "convolution", "stem", seconds)
        cells.append(report(rows, workload=replace(WORKLOAD, model=model, phase=phase)))
    return cells


def test_ratios_are_to_the_baseline_phase_by_phase() -> None:
    base_name, name = "inceptionnext_t", "inceptionnext_t:norm=layer"
    cells = [
        (Variant(base_name, "baseline"), reports(base_name, 1.0, 4.0)),
        (Variant(name, "layer norm"), reports(name, 2.0, 5.0)),
    ]

    def published(item: Entry, phase: str) -> float | None:
        return {"infer": 10.0, "train": None}[phase] if item.model == "inceptionnext_t" else {"infer": 4.0}.get(phase)

    ablation = ablate(cells, published)
    base, other = ablation.results
    assert [item.ratio for item in base.outcomes] == [1, 1]
    assert [item.ratio for item in other.outcomes] == [1.0 / 2.0, 4.0 / 5.0]
    assert [item.published_images_per_second for item in other.outcomes] == [4.0, None]
    assert [item.published_ratio for item in other.outcomes] == [4.0 / 10.0, None]
    assert json.loads(ablation.to_json())["schema"] == "memprof.ablation/1"


def test_convnext_stands_for_what_was_published_only_with_its_norm() -> None:
    cells = [
        (Variant(name, name), reports(name, 1.0, 1.0))
        for name in ("convnext_t", "convnext_t:norm=arithmetic", "convnext_t:kernel=3")
    ]
    ablation = ablate(cells, lambda item, phase: 100.0 if "kernel" in item.model else 50.0)
    assert [result.exact for result in ablation.results] == [False, True, False]
    ratios = [result.outcomes[0].published_ratio for result in ablation.results]
    assert ratios == [1.0, None, 100.0 / 50.0]  # the second is the very network that was published as the first


def published_entry(
    model: str,
    *,
    batch_size: int = 128,
    precision: str = "tf32",
    device: str = "a100-sxm4-40gb",
    layouts: tuple[str, ...] = ("channels-first", "channels-last"),
) -> Entry:
    work = replace(WORKLOAD, model=model, batch_size=batch_size, resolution=224, precision=precision)
    step = row("x", "matmul", "stem", 1.0)
    cell = [report(step, workload=replace(work, layout=layout)) for layout in layouts]
    return entry([replace(item, device=replace(DEVICE, name=device)) for item in cell])


def test_published_figures_stand_beside_their_own_workload_only() -> None:
    # The A100 table of the InceptionNeXt README: ConvNeXt-T with a 3x3 kernel on half of the channels, inference: 2740.
    model = "convnext_t:kernel=3,conv_ratio=1/2"
    assert published_rate(published_entry(model), "infer") == 2740
    assert published_rate(published_entry("inceptionnext_t"), "infer") == 2900
    assert published_rate(published_entry("convnext_t:kernel=9"), "infer") is None
    assert published_rate(published_entry(model, batch_size=64), "infer") is None
    assert published_rate(published_entry(model, precision="fp32"), "infer") is None
    assert published_rate(published_entry(model), "train") is None  # not analysed
    assert published_rate(published_entry(model, device="h100-sxm5-80gb"), "infer") is None
    assert published_rate(published_entry(model, layouts=("channels-last",)), "infer") is None


def test_a_range_takes_odd_sizes_in_rising_order() -> None:
    asked = plan("convnext_t", "kernel=3..31")
    assert [setting.number for setting in asked.settings] == list(range(3, 32, 2))
    assert asked.settings[2].model == "convnext_t"  # kernel=7 is what it has anyway
    assert [setting.value for setting in plan("convnext_t", "KERNEL = 3..15:4").settings] == ["3", "7", "11", "15"]
    assert [setting.value for setting in plan("convnext_t", "kernel=21,3..7,5").settings] == ["3", "5", "7", "21"]


def test_shares_are_listed() -> None:
    asked = plan("convnext_t:kernel=3", "conv-ratio=1,0.5,1/8")
    assert [setting.value for setting in asked.settings] == ["1/8", "1/2", "1"]
    assert [setting.number for setting in asked.settings] == [0.125, 0.5, 1.0]
    assert asked.settings[0].model == "convnext_t:kernel=3,conv_ratio=1/8"


@given(st.integers(0, 60).map(lambda n: 2 * n + 1), st.integers(1, 30), st.integers(1, 4))
def test_any_range_holds_its_start_and_only_steps_from_it(first: int, count: int, pace: int) -> None:
    last = min(255, first + 2 * pace * count)
    numbers = [setting.number for setting in plan("convnext_t", f"kernel={first}..{last}:{2 * pace}").settings]
    assert numbers == [first + 2 * pace * place for place in range(count + 1) if first + 2 * pace * place <= last]


@pytest.mark.parametrize(
    ("model", "text", "words"),
    [
        ("convnext_t", "kernel=4..10", "odd number"),
        ("convnext_t", "kernel=3..10", "odd number"),
        ("convnext_t", "kernel=3..999", "1 to 255"),
        ("convnext_t", "kernel=31..3", "kernel=3..31"),
        ("convnext_t", "kernel=3..31:3", "even step"),
        ("convnext_t", "kernel=3..31:0", "even step"),
        ("convnext_t", "kernel=3..x", "is no range"),
        ("convnext_t", "kernel=3..5..7", "is no range"),
        ("convnext_t", "kernel=", "gives no values"),
        ("convnext_t", "kernel", "gives no values"),
        ("convnext_t", "kernel=3,,5", "odd number"),
        ("convnext_t", "kernel=7,7", "only one value"),
        ("convnext_t", "kern=3..7", "did you mean kernel"),
        ("convnext_t", "norm=fused,arithmetic", "takes no numbers"),
        ("convnext_t", "conv_ratio=1..3", "list them"),
        ("convnext_t", "conv_ratio=0,1/2", "above 0"),
        ("inceptionnext_t:branches=identity+square", "band_kernel=3..9", "no effect"),
        ("resnet50", "kernel=3..9", "no options"),
    ],
)
def test_a_bad_sweep_says_what_to_write(model: str, text: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        plan(model, text)


def swept(model: str, depthwise: float, bounds: tuple[str, ...], rest: float = 1.0) -> list[Report]:
    parts = [
        row("convolution", "depthwise convolution", f"stages.{place}", depthwise / len(bounds), bound=bound)
        for place, bound in enumerate(bounds)
    ]
    return [
        report(*parts, row("addmm", "matmul", "head", rest, bound="tensor"), workload=replace(WORKLOAD, model=model))
    ]


def test_where_another_bound_takes_over_is_marked() -> None:
    asked = plan("convnext_t", "kernel=3,5,7,9")
    cells = [
        swept("a", 1.0, ("dram",)),
        swept("b", 2.0, ("dram", "dram", "l1")),
        swept("c", 3.0, ("l1", "dram", "l1")),
        swept("d", 9.0, ("l1",)),
    ]
    result = sweep(asked, cells, lambda item, phase: 4.0 if item.model == "c" else None)
    assert [point.depthwise_bound for point in result.points] == ["dram", "dram", "l1", "l1"]
    (takeover,) = result.takeovers
    assert (takeover.before_value, takeover.value, takeover.before, takeover.after) == ("5", "7", "dram", "l1")
    point = result.of("infer")[2]
    assert point.seconds == pytest.approx(3.0 + 1.0)
    assert [(part.bound, part.seconds) for part in point.depthwise_bounds] == [("l1", 2.0), ("dram", 1.0)]
    assert point.roofline_seconds == pytest.approx(2.0)
    assert point.published_seconds == 8 / 4.0
    growth, bounds = result.sentences
    assert "from kernel 3 to 9 the predicted step goes from 2.00 s to 10.0 s (5.0x)" in growth
    assert "take 50 % of the time, then 90 %" in growth
    assert bounds.endswith("up to kernel 5, L1 bandwidth from kernel 7 on.")


def test_without_a_change_of_bound_there_is_no_mark() -> None:
    result = sweep(plan("convnext_t", "kernel=3,5"), [swept("a", 1.0, ("l1",)), swept("b", 2.0, ("l1",))])
    assert result.takeovers == ()
    assert "at every kernel" in result.sentences[1]


def test_a_sweep_without_depthwise_convolutions_still_has_times() -> None:
    cells = [[report(row("addmm", "matmul", "head", seconds))] for seconds in (1.0, 2.0)]
    result = sweep(plan("convnext_t", "kernel=3,5"), cells)
    assert [point.depthwise_bound for point in result.points] == ["", ""]
    assert (len(result.sentences), result.takeovers) == (1, ())
