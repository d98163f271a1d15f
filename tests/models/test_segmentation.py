"""Networks for segmentation: the InceptionNeXt paper's figures, what they return, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from memprof.errors import ModelError
from memprof.models import canonical_name, create_model, default_resolution
from memprof.models.segmentation import SegmentationNetwork

SEMANTIC_FPN = {  # arXiv 2303.16900, table 4: 10^6 parameters and 10^9 multiply-adds of 512 x 512 pixels
    "semantic_fpn:resnet50": (29, 46),
    "semantic_fpn:inceptionnext_t": (28, 44),
    "semantic_fpn:inceptionnext_s": (50, 65),
    "semantic_fpn:inceptionnext_b": (85, 100),
}
UPERNET = {  # table 3: of 512 x 2048 pixels
    "upernet:convnext_t": (60, 939),
    "upernet:inceptionnext_t": (56, 933),
    "upernet:inceptionnext_s": (78, 1020),
    "upernet:inceptionnext_b": (115, 1159),
}


def multiply_adds(model: nn.Module, height: int, width: int) -> int:
    """Count those of convolutions and linear layers, as the papers do, from what the layers return."""
    counts: list[int] = []

    def count(layer: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        per_output = layer.weight[0].numel()  # type: ignore[index, operator, union-attr]
        counts.append(output.numel() * int(per_output))

    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(count)
    with torch.no_grad():
        model.eval()(torch.empty(1, 3, height, width, device="meta"))
    return sum(counts)


@pytest.mark.parametrize(
    ("published", "height", "width"), [(SEMANTIC_FPN, 512, 512), (UPERNET, 512, 2048)], ids=["fpn", "upernet"]
)
def test_published_parameters_and_multiply_adds(published, height, width):
    for name, (millions, gigas) in published.items():
        with torch.device("meta"):
            model = create_model(name)
        assert sum(parameter.numel() for parameter in model.parameters()) / 1e6 == pytest.approx(millions, rel=0.02)
        assert multiply_adds(model, height, width) / 1e9 == pytest.approx(gigas, rel=0.02), name


def test_a_backbone_of_timm():
    # arXiv 2303.16900, table 3: Swin-T, 60 M and 945 G; the products inside attention, which no layer does, are left
    # out of both counts here: 941
    with torch.device("meta"):
        model = create_model("upernet:timm:swin_tiny_patch4_window7_224")
    assert sum(parameter.numel() for parameter in model.parameters()) / 1e6 == pytest.approx(60, rel=0.02)
    assert multiply_adds(model, 512, 2048) / 1e9 == pytest.approx(945, rel=0.02)


def network() -> SegmentationNetwork:
    model = create_model("upernet:inceptionnext_atto")
    assert isinstance(model, SegmentationNetwork)
    return model


def test_scores_have_the_size_of_the_image():
    with torch.no_grad():
        assert network().eval()(torch.rand(2, 3, 64, 96)).shape == (2, 150, 64, 96)


def test_training_returns_the_auxiliary_scores_too_and_their_loss_counts_two_fifths():
    model = network()
    outputs = {"out": torch.zeros(1, 150, 2, 2), "aux": torch.zeros(1, 150, 2, 2)}
    # equal scores for 150 classes: the cross-entropy of each pixel is ln 150 = 5.0106
    assert float(model.loss(outputs, torch.zeros(1, 2, 2, dtype=torch.int64))) == pytest.approx(1.4 * 5.0106, rel=1e-4)
    results = model.train()(torch.rand(2, 3, 64, 64))
    assert {name: tuple(scores.shape) for name, scores in results.items()} == {
        "out": (2, 150, 64, 64),
        "aux": (2, 150, 64, 64),
    }


def test_names():
    assert canonical_name(" upernet:inception_next_tiny:band_kernel=7 ") == "upernet:inceptionnext_t:band_kernel=7"
    assert canonical_name("semantic_fpn:timm:resnet50") == "semantic_fpn:timm:resnet50"
    assert default_resolution("upernet:resnet50") == 512


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("upernet", ("names no backbone", "upernet:resnet50")),
        ("upernet:resnet5", ("unknown model 'resnet5'", "resnet50")),
        ("upernet:torchvision:resnet50", ("cannot stand on 'torchvision:resnet50'", "zoo or of timm")),
        ("upernet:upernet:resnet50", ("cannot stand on", "zoo or of timm")),
        ("upernet:convnext_iso_s", ("no feature maps at strides 4, 8, 16, 32", "resnet50")),
        ("semantic_fpn:timm:vit_tiny_patch16_224", ("no feature maps at strides 4, 8, 16, 32", "resnet50")),
        ("upernett:resnet50", ("'upernett'", "upernet")),
    ],
)
def test_what_no_head_can_stand_on(name, words):
    with torch.device("meta"), pytest.raises(ModelError) as caught:
        create_model(name)
    assert all(word in f"{caught.value} {caught.value.remedy}" for word in words)
