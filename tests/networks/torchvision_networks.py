"""Thirty networks of torchvision beyond classification by one plain image, with random weights and small inputs."""

from __future__ import annotations

from functools import partial
from typing import Any

import torchvision.models as zoo
from torchvision.models import detection, optical_flow, segmentation, video

from memprof import spec
from tests.networks.network import Network

_SEGMENTED = ("fcn_resnet50", "fcn_resnet101", "deeplabv3_resnet50", "deeplabv3_mobilenet_v3_large")
_SHORT = ("r3d_18", "mc3_18", "r2plus1d_18")
_DETECTORS = (
    *("fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2", "fasterrcnn_mobilenet_v3_large_fpn"),
    *("fasterrcnn_mobilenet_v3_large_320_fpn", "maskrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn_v2"),
    *("retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2", "fcos_resnet50_fpn", "ssd300_vgg16"),
    "ssdlite320_mobilenet_v3_large",
)
_IMAGE = spec("3x64x64")
_BOXES = {"boxes": spec("4x4"), "labels": spec("4", "int64"), "masks": spec("4x64x64", "uint8")}
_POINTS = {"boxes": spec("4x4"), "labels": spec("4", "int64"), "keypoints": spec("4x17x3")}


def _detector(build: Any, target: dict[str, Any], **options: Any) -> Network:
    made = partial(build, weights=None, weights_backbone=None, **options)
    return Network(made, ([_IMAGE] * 2,), training=([_IMAGE] * 2, [target] * 2), layout="channels-first")


def networks() -> dict[str, Network]:
    """Return the networks by name."""
    bare = {"weights": None, "weights_backbone": None}
    made = {name: Network(partial(getattr(segmentation, name), **bare), (spec("2x3x64x64"),)) for name in _SEGMENTED}
    made["lraspp"] = Network(partial(segmentation.lraspp_mobilenet_v3_large, **bare), (spec("2x3x64x64"),))
    made["fcn with aux"] = Network(partial(segmentation.fcn_resnet50, aux_loss=True, **bare), (spec("2x3x64x64"),))
    made |= {name: Network(getattr(video, name), (spec("1x3x4x32x32"),)) for name in _SHORT}
    made["s3d"] = Network(video.s3d, (spec("1x3x16x224x224"),))
    made["swin3d_t"] = Network(video.swin3d_t, (spec("1x3x4x64x64"),))
    made["mvit_v1_b"] = Network(video.mvit_v1_b, (spec("1x3x16x224x224"),))
    made["mvit_v2_s"] = Network(video.mvit_v2_s, (spec("1x3x16x224x224"),))
    few, frames = {"num_flow_updates": 2}, (spec("1x3x128x128"), spec("1x3x128x128"))
    made["raft_small"] = Network(optical_flow.raft_small, frames, few)
    made["raft_large"] = Network(optical_flow.raft_large, frames, few)
    made["googlenet"] = Network(partial(zoo.googlenet, init_weights=False), (spec("2x3x64x64"),))
    made["inception_v3"] = Network(partial(zoo.inception_v3, init_weights=False), (spec("2x3x299x299"),))
    made["vit_b_32"] = Network(zoo.vit_b_32, (spec("2x3x224x224"),))
    made |= {name: _detector(getattr(detection, name), _BOXES, num_classes=3) for name in _DETECTORS}
    made["keypointrcnn"] = _detector(detection.keypointrcnn_resnet50_fpn, _POINTS)
    return made
