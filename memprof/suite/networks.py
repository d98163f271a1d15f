"""The networks of the suite: of the zoo, those whose steps different terms of the time model set. Imports no torch."""

from __future__ import annotations

from memprof.suite.records import Network
from memprof.vocabulary import CHANNELS_FIRST, CHANNELS_LAST, CPU, INFER, LAYOUTS, PHASES, TRAIN

_GPU_MODELS = ("resnet50", "convnext_t", "inceptionnext_t", "inceptionnext_atto", "resnet18", "convnext_b")
_CPU_MODELS = ("resnet18", "inceptionnext_atto", "convnext_atto", "resnet50")
_GPU_BATCH, _CPU_BATCH = 128, 4


def networks(device: str, precisions: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the networks for a device in those of `precisions` it has, the most telling first."""
    if device == CPU:
        return tuple(
            Network(model, "fp32", phase, layout, _CPU_BATCH, 224)
            for layout in (CHANNELS_FIRST, CHANNELS_LAST)
            for model in _CPU_MODELS
            for phase in PHASES
        )
    wanted = [precision for precision in ("tf32", "fp32", "amp-fp16") if precision in precisions]
    wanted = [precision for precision in wanted if not (precision == "fp32" and "tf32" in wanted)]
    found = [
        Network(model, precision, phase, layout, _GPU_BATCH, 224)
        for model in _GPU_MODELS
        for layout in LAYOUTS
        for precision in wanted
        for phase in (TRAIN, INFER)
    ]
    return tuple(found)
