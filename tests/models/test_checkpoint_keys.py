"""Parameter names, written out by hand from the published checkpoints, so that those load."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from memprof.models import create_model

# Per model, keys of its published checkpoint with their shapes: the first, the last and the odd ones of each kind.
KEYS = {
    "resnet50": {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_mean": (64,),
        "layer1.0.conv1.weight": (64, 64, 1, 1),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer1.0.downsample.1.num_batches_tracked": (),
        "layer4.2.bn3.bias": (2048,),
        "fc.weight": (1000, 2048),
    },
    "resnet18": {"layer2.0.downsample.0.weight": (128, 64, 1, 1), "layer4.1.conv2.weight": (512, 512, 3, 3)},
    "convnext_t": {  # facebookresearch/ConvNeXt, convnext_tiny_1k_224_ema.pth
        "downsample_layers.0.0.weight": (96, 3, 4, 4),
        "downsample_layers.0.1.bias": (96,),
        "downsample_layers.3.0.weight": (384,),
        "downsample_layers.3.1.weight": (768, 384, 2, 2),
        "stages.0.0.dwconv.weight": (96, 1, 7, 7),
        "stages.0.0.norm.weight": (96,),
        "stages.0.0.pwconv1.weight": (384, 96),
        "stages.0.0.pwconv2.bias": (96,),
        "stages.2.8.gamma": (384,),
        "norm.weight": (768,),
        "head.bias": (1000,),
    },
    "convnext_t_k3_par1_16": {  # sail-sg/inceptionnext, models/convnext.py
        "stages.0.0.dwconv.conv.weight": (6, 1, 3, 3),
        "stages.3.2.dwconv.conv.bias": (48,),
    },
    "convnext_iso_s": {  # convnext_iso_small_1k_224_ema.pth
        "stem.weight": (384, 3, 16, 16),
        "blocks.17.dwconv.weight": (384, 1, 7, 7),
        "blocks.17.pwconv2.weight": (384, 1536),
        "norm.bias": (384,),
        "head.weight": (1000, 384),
    },
    "inceptionnext_t": {  # inceptionnext_tiny.pth
        "stem.0.weight": (96, 3, 4, 4),
        "stem.1.running_var": (96,),
        "stages.0.blocks.0.token_mixer.dwconv_hw.weight": (12, 1, 3, 3),
        "stages.2.blocks.4.token_mixer.dwconv_w.weight": (48, 1, 1, 11),
        "stages.2.blocks.4.token_mixer.dwconv_h.weight": (48, 1, 11, 1),
        "stages.2.blocks.4.norm.running_mean": (384,),
        "stages.3.downsample.0.weight": (384,),
        "stages.3.downsample.1.weight": (768, 384, 2, 2),
        "stages.3.blocks.2.mlp.fc1.weight": (2304, 768, 1, 1),
        "stages.3.blocks.2.gamma": (768,),
        "head.fc1.weight": (2304, 768),
        "head.norm.weight": (2304,),
        "head.fc2.bias": (1000,),
    },
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_and_shapes_are_the_published_ones(name, on_meta):
    state = {key: tuple(tensor.shape) for key, tensor in on_meta(name).state_dict().items()}

    assert {key: state.get(key) for key in KEYS[name]} == KEYS[name]


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_resnet_keys_are_torchvisions_in_its_order(name, on_meta):
    torchvision = pytest.importorskip("torchvision")
    with torch.device("meta"):
        theirs = torchvision.models.get_model(name, weights=None)

    assert list(on_meta(name).state_dict()) == list(theirs.state_dict())


def test_the_isotropic_models_have_no_layer_scale(on_meta):
    for name in ("convnext_iso_s", "inceptionnext_iso_s"):
        assert not [key for key in on_meta(name).state_dict() if key.endswith("gamma")]


@pytest.mark.parametrize("name", ["convnext_atto", "inceptionnext_atto"])
def test_new_weights_start_as_the_official_code_starts_them(name):
    torch.manual_seed(0)
    model = create_model(name)
    state = model.state_dict()

    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            assert layer.weight.abs().max() <= 2
            assert layer.bias is None or not layer.bias.any()
    assert state["head.weight" if name == "convnext_atto" else "head.fc2.weight"].std() == pytest.approx(0.02, rel=0.05)
    assert all((tensor == 1e-6).all() for key, tensor in state.items() if key.endswith("gamma"))
