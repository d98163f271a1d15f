"""What an option changes, in parameters and multiply-adds counted by hand, and that everything runs on meta."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from memprof.errors import ModelError
from memprof.models import create_model, default_resolution, list_models

CONVNEXT_T = 28_589_128
CONVNEXT_ATTO = 3_695_520
INCEPTIONNEXT_T = 28_055_680

# Channels of every block of the tiny models, stage by stage: 3 of 96, 3 of 192, 9 of 384, 3 of 768.
TINY = [96] * 3 + [192] * 3 + [384] * 9 + [768] * 3
BANDS = [2 * 11 * (channels // 8) + 2 * (channels // 8) for channels in TINY]  # weights and biases of both bands
SQUARE = [10 * (channels // 8) for channels in TINY]  # 3x3 weights and a bias
BAND = [12 * (channels // 8) for channels in TINY]  # 11 weights and a bias

PARAMETERS = {
    "convnext_t:kernel=31": CONVNEXT_T + (31 * 31 - 7 * 7) * sum(TINY),
    "convnext_t:kernel=1": CONVNEXT_T - 48 * sum(TINY),
    "convnext_t:conv_ratio=1/8": CONVNEXT_T - 50 * sum(channels - channels // 8 for channels in TINY),
    "convnext_t:mlp=conv": CONVNEXT_T,
    "convnext_t:norm=arithmetic": CONVNEXT_T,
    "convnext_atto:mlp=linear": CONVNEXT_ATTO,
    "convnext_t_k3:kernel=7": CONVNEXT_T,
    "convnext_t_k3_par1_4:conv_ratio=1": CONVNEXT_T - (49 - 9) * sum(TINY),
    "convnext_iso_s:kernel=3": 22_308_712 - (49 - 9) * 18 * 384,
    "inceptionnext_t:band_kernel=7": INCEPTIONNEXT_T - 2 * 4 * sum(channels // 8 for channels in TINY),
    "inceptionnext_t:square_kernel=5": INCEPTIONNEXT_T + 16 * sum(channels // 8 for channels in TINY),
    "inceptionnext_t:branch_ratio=1/4": INCEPTIONNEXT_T + sum(BANDS) + sum(SQUARE),
    "inceptionnext_t:norm=layer": INCEPTIONNEXT_T,
    "inceptionnext_t:branches=identity+square+horizontal": INCEPTIONNEXT_T - sum(BAND),
    "inceptionnext_t:branches=identity+vertical": INCEPTIONNEXT_T - sum(BAND) - sum(SQUARE),
    "inceptionnext_t:branches=identity": INCEPTIONNEXT_T - sum(BANDS) - sum(SQUARE),
    # without the identity, two bands share all channels: 11 weights and a bias for each
    "inceptionnext_t:branches=horizontal+vertical": INCEPTIONNEXT_T - sum(BANDS) - sum(SQUARE) + 12 * sum(TINY),
    "inceptionnext_t:branches=square": INCEPTIONNEXT_T - sum(BANDS) - sum(SQUARE) + 10 * sum(TINY),
    "inceptionnext_t:arrangement=sequential": INCEPTIONNEXT_T,
    "inceptionnext_atto:branch_ratio=1/8,band_kernel=11": 4_156_520
    - sum((9 + 2 * 9 + 3) * (channels // 4) for channels in [40] * 2 + [80] * 2 + [160] * 6 + [320] * 2)
    + sum((9 + 2 * 11 + 3) * (channels // 8) for channels in [40] * 2 + [80] * 2 + [160] * 6 + [320] * 2),
}


@pytest.mark.parametrize("spec", PARAMETERS)
def test_options_change_the_parameters_they_should(spec, on_meta, parameters):
    assert parameters(on_meta(spec)) == PARAMETERS[spec]


def test_a_kernel_of_31_costs_its_taps_on_every_pixel(on_meta, macs):
    pixels = [(224 // 4) ** 2] * 3 + [(224 // 8) ** 2] * 3 + [(224 // 16) ** 2] * 9 + [(224 // 32) ** 2] * 3
    taps = sum((31 * 31 - 7 * 7) * channels * size for channels, size in zip(TINY, pixels, strict=True))

    assert macs(on_meta("convnext_t:kernel=31"), 224) - macs(on_meta("convnext_t"), 224) == taps


@pytest.mark.parametrize("name", list_models())
def test_every_model_builds_and_runs_on_meta_and_has_no_real_weight(name, on_meta):
    model = on_meta(name)
    resolution = default_resolution(name)
    with torch.no_grad():
        scores = model(torch.empty(2, 3, resolution, resolution, device="meta"))

    assert scores.shape == (2, 1000)
    assert all(tensor.is_meta for tensor in model.state_dict().values())
    assert model.training


@pytest.mark.parametrize(
    "spec",
    [
        "convnext_t:conv_ratio=1/97",
        "convnext_atto:conv_ratio=0.02",
        "inceptionnext_t:branch_ratio=1/100",
        "inceptionnext_t:branch_ratio=1/3",
        "inceptionnext_t:branch_ratio=1",
        "inceptionnext_t:branch_ratio=1/2,arrangement=sequential",
    ],
)
def test_a_share_that_leaves_a_branch_without_channels_is_refused(spec, on_meta):
    with pytest.raises(ModelError, match=r"ratio=.* leaves no channel of (96|40)") as error:
        on_meta(spec)

    assert error.value.remedy.startswith("give ")


def mixer_of(spec: str) -> nn.Module:
    return create_model(spec).get_submodule("stages.0.blocks.0.token_mixer")


def test_removed_branches_pass_their_channels_through():
    mixer = mixer_of("inceptionnext_atto:branches=identity+horizontal")  # 10 of 40 channels are convolved
    x = torch.randn(1, 40, 8, 8)
    y = mixer(x)

    assert torch.equal(y[:, :30], x[:, :30])
    assert not torch.isclose(y[:, 30:], x[:, 30:]).any(dim=(2, 3)).all()
    torch.testing.assert_close(y[:, 30:], mixer.get_submodule("dwconv_w")(x[:, 30:]))


def test_sequential_bands_run_on_the_same_channels_one_after_the_other():
    mixer = mixer_of("inceptionnext_atto:arrangement=sequential")
    x = torch.randn(1, 40, 8, 8)
    y = mixer(x)

    assert mixer.get_submodule("dwconv_w").in_channels == mixer.get_submodule("dwconv_h").in_channels == 10
    assert torch.equal(y[:, :20], x[:, :20])
    both = mixer.get_submodule("dwconv_h")(mixer.get_submodule("dwconv_w")(x[:, 30:]))
    torch.testing.assert_close(y[:, 30:], both)


def test_the_identity_alone_mixes_nothing():
    x = torch.randn(1, 40, 8, 8)

    assert torch.equal(mixer_of("inceptionnext_atto:branches=identity")(x), x)


def test_without_the_identity_three_branches_share_all_channels():
    mixer = mixer_of("inceptionnext_atto:branches=square+horizontal+vertical")

    assert [layer.in_channels for layer in mixer.children()] == [14, 13, 13]


def test_a_partial_convolution_passes_the_first_channels_and_convolves_the_last():
    mixer = create_model("convnext_atto:conv_ratio=1/4").get_submodule("stages.0.0.dwconv")
    x = torch.randn(1, 40, 8, 8)
    y = mixer(x)

    assert torch.equal(y[:, :30], x[:, :30])
    torch.testing.assert_close(y[:, 30:], mixer.get_submodule("conv")(x[:, 30:]))


def test_both_forms_of_the_mlp_compute_the_same():
    linear, conv = create_model("convnext_atto:mlp=linear").eval(), create_model("convnext_atto").eval()
    weights = {
        key: tensor.reshape(conv.state_dict()[key].shape) + (1 if key.endswith("gamma") else 0)
        for key, tensor in linear.state_dict().items()
    }
    conv.load_state_dict(weights)
    linear.load_state_dict({key: tensor.reshape(linear.state_dict()[key].shape) for key, tensor in weights.items()})
    images = torch.randn(1, 3, 64, 64)

    with torch.no_grad():
        torch.testing.assert_close(conv(images), linear(images), rtol=1e-5, atol=1e-5)


def test_layer_norm_instead_of_batch_norm_everywhere_before_the_head(on_meta):
    kinds = {type(layer).__name__ for layer in on_meta("inceptionnext_t:norm=layer").modules()}

    assert "LayerNorm2d" in kinds
    assert "BatchNorm2d" not in kinds


@pytest.mark.parametrize(("norm", "keeps_channels_first"), [("fused", False), ("arithmetic", True)])
def test_the_form_of_the_norm_decides_the_layout_of_the_blocks(norm, keeps_channels_first):
    # The fused norm gives a permuted view, and every block after it runs channels-last; plain arithmetic keeps strides.
    model = create_model(f"convnext_atto:norm={norm},mlp=linear").eval()
    outputs = []
    model.get_submodule("stages.0").register_forward_hook(lambda layer, inputs, output: outputs.append(output))
    with torch.no_grad():
        model(torch.randn(1, 3, 64, 64))

    assert outputs[0].is_contiguous() is keeps_channels_first
    assert outputs[0].is_contiguous(memory_format=torch.channels_last) is not keeps_channels_first
