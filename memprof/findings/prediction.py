"""How far the predicted time lies from the least possible one, and what launching kernels costs, in sentences."""

from __future__ import annotations

from memprof import units
from memprof.report.digest import Digest
from memprof.vocabulary import HOST, HOST_MATTERS, WAITING, DeviceClass

_SEGMENTATION = ("semantic_fpn:", "upernet:")
"""How names of networks begin that are no classifiers: memprof was held against classifiers of images only."""
_WORTH_SAYING = 0.02
"""Least share of time that earns a sentence."""
_WAITS = {
    (True, False): "starting each one takes time",
    (False, True): "the device waits for the host",
    (True, True): "the device waits for kernels to be launched and to start",
}
"""What to say of launch latency and of the host, by whether each takes notable time."""


def error(digest: Digest) -> str:
    """Say how far predicted times like these are off; "" where a report does not tell what its device is."""
    off, compared = digest.totals.relative_error, digest.device.compared
    if off is not None:
        of = ", of classifiers" if digest.report.workload.model.startswith(_SEGMENTATION) else ""
        return f"typically within {units.share(off)}{of}"
    if compared == DeviceClass.DATASHEET:
        return "no GPU of this generation was ever compared"
    if compared and digest.bound_share(HOST) > HOST_MATTERS:
        return "no step that waits for such a host was ever compared"
    return "no step of this phase and precision was ever compared" if compared else ""


def prediction(digest: Digest) -> str:
    """Say how far the predicted time lies from the least possible one, and what makes the difference."""
    total = digest.totals
    if not digest.predicts:
        return (
            f"At least {units.seconds(total.roofline_seconds)} a step, by the ceilings of the device: memprof predicts "
            "times of GPUs only."
        )
    if not total.roofline_seconds:
        return f"Predicted {units.seconds(total.seconds)} a step; no ceiling says what the least possible time is."
    off = error(digest)
    text = f"Predicted {units.seconds(total.seconds)} a step{f' ({off})' if off else ''}"
    if total.seconds < 1.005 * total.roofline_seconds:
        return f"{text}, which is the least possible time."
    launch, host = (digest.bound_share(bound) for bound in WAITING)
    reasons = ["kernels reach only a part of each ceiling"]
    reasons += [_WAITS[launch >= _WORTH_SAYING, host >= _WORTH_SAYING]] if max(launch, host) >= _WORTH_SAYING else []
    return (
        f"{text}, {units.ratio(total.seconds / total.roofline_seconds)} the least possible time of "
        f"{units.seconds(total.roofline_seconds)}: {', and '.join(reasons)}."
    )


def launches(digest: Digest) -> str:
    """Say what launching kernels costs where it costs notable time."""
    launch, host = (digest.bound_share(bound) for bound in WAITING)
    if max(launch, host) < _WORTH_SAYING:
        return ""
    total = digest.totals
    kernels = f"{units.count(total.launches)} kernels"
    needs = f"it needs {units.seconds(total.host_seconds)} for the {kernels} of a step"
    parts = []
    if host >= _WORTH_SAYING:
        goes = f"{units.share(host)} of the predicted time goes"
        parts.append(f"{goes} to operators that the host launches more slowly than the device runs them: {needs}")
    if launch >= _WORTH_SAYING:
        goes = f"{units.share(launch)} of the predicted time goes" if not parts else units.share(launch)
        where = "" if parts else f", {kernels} a step"
        parts.append(f"{goes} to kernels so small that starting them takes longest{where}")
    return (
        f"{'; '.join(parts)}. A larger batch gives each kernel more to do; CUDA graphs or torch.compile launch fewer "
        "or faster."
    )
