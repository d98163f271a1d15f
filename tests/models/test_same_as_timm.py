"""With the same weights, ours gives timm's output: another implementation, written by other people."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor, nn

from memprof.models import create_model

timm = pytest.importorskip("timm")

PAIRS = {
    "resnet18": "resnet18",
    "resnet50": "resnet50",
    "convnext_t": "convnext_tiny",
    "convnext_t:norm=arithmetic": "convnext_tiny",
    "convnext_atto": "convnext_atto",
    "inceptionnext_t": "inception_next_tiny",
    "inceptionnext_atto": "inception_next_atto",
}

OFFICIAL_CONVNEXT = (  # timm's keys on the left, the official checkpoint's on the right
    (r"^stem\.", "downsample_layers.0."),
    (r"^stages\.(\d+)\.downsample\.", r"downsample_layers.\1."),
    (r"\.blocks\.", "."),
    (r"\.conv_dw\.", ".dwconv."),
    (r"\.mlp\.fc(\d)\.", r".pwconv\1."),
    (r"^head\.norm\.", "norm."),
    (r"^head\.fc\.", "head."),
)


def official_key(key: str) -> str:
    """Translate a key of timm's ConvNeXt into the official one."""
    for pattern, replacement in OFFICIAL_CONVNEXT:
        key = re.sub(pattern, replacement, key)
    return key


def lively_weights(model: nn.Module) -> dict[str, Tensor]:
    """Fill a model so that every weight shows in its output: layer scale and norms near 1, biases not 0."""
    generator = torch.Generator().manual_seed(20)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            noise = torch.randn(tensor.shape, generator=generator)
            if tensor.dim() > 1:
                tensor.copy_(noise / tensor[0].numel() ** 0.5)
            elif name.endswith("bias") or name.endswith("running_mean"):
                tensor.copy_(0.1 * noise)
            else:
                tensor.copy_(1 + 0.1 * noise.clamp(-3, 3))
    return dict(model.state_dict())


@pytest.fixture(scope="module", params=PAIRS)
def pair(request: pytest.FixtureRequest) -> tuple[nn.Module, nn.Module]:
    """Ours and timm's, with the same weights, every key of one matched by one of the other."""
    theirs = timm.create_model(PAIRS[request.param], pretrained=False)
    weights = lively_weights(theirs)
    if "convnext" in request.param and "inception" not in request.param:
        weights = {official_key(key): tensor for key, tensor in weights.items()}
    ours = create_model(request.param)
    ours.load_state_dict(weights)
    return ours, theirs


@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
def test_output_is_timms_within_1e_5(pair, training):
    ours, theirs = (model.train(training) for model in pair)
    images = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(7))

    with torch.no_grad():
        actual, expected = ours(images), theirs(images)

    assert actual.std() > 0.1  # the weights are alive: an output of zeros would agree with anything
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


def test_gradients_are_timms(pair):
    ours, theirs = (model.train() for model in pair)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(8))
    labels = torch.tensor([3, 700])
    gradients = []
    for model in (ours, theirs):
        model.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        first = next(parameter for name, parameter in model.named_parameters() if name.endswith("weight"))
        assert first.grad is not None
        gradients.append(first.grad)

    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-3, atol=1e-4 * float(gradients[1].abs().max()))


def test_the_token_mixer_shows_in_the_output(pair):
    # Layer scale starts at 1e-6, and a comparison at that start would not see a wrong token mixer at all.
    ours, _ = pair
    ours.eval()
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(9))
    spatial = [
        layer
        for layer in ours.modules()
        if isinstance(layer, nn.Conv2d) and max(layer.kernel_size) > 1 and layer.stride == (1, 1)
    ]
    with torch.no_grad():
        before = ours(images)
        middle = spatial[len(spatial) // 2].weight
        kept = middle.clone()
        middle.zero_()
        after = ours(images)
        middle.copy_(kept)

    assert (after - before).abs().max() > 1e-3
