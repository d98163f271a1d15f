"""Which family a network is of, and its place among the colours."""

from __future__ import annotations

FAMILIES = ("InceptionNeXt", "ConvNeXt", "ResNet", "others")
_BEGINNINGS = (("inceptionnext", 0), ("convnext", 1), ("resnet", 2))


def family(model: str) -> int:
    """Return the place in FAMILIES of a model's family."""
    name = model.removeprefix("timm:")
    return next((place for begin, place in _BEGINNINGS if name.startswith(begin)), len(FAMILIES) - 1)
