"""Published measurements that ship with memprof: throughputs of the InceptionNeXt README on an A100.

Source: the README of https://github.com/sail-sg/inceptionnext, for "InceptionNeXt: When Inception Meets ConvNeXt" by Yu
et al., CVPR 2024, arXiv:2303.16900. An A100, batch 128, TF32 for convolutions and matrix products, the better of
channels-first and channels-last. Its ConvNeXt has the official code's layer norm, plain arithmetic steps in stem and
downsampling: `norm=arithmetic`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from memprof import devices, models
from memprof.models.spec import parse
from memprof.validation.measurements import read_measurements
from memprof.validation.records import Measurement
from memprof.validation.tables import Table, parse_table

FILE = "a100_inceptionnext.csv"
NAME = "the InceptionNeXt README's A100 table (ships with memprof)"

_VARIANT = re.compile(r"(?P<base>convnext_t)(_k(?P<kernel>\d+))?(_par(?P<share>\d+_\d+))?")


@cache
def published_table() -> Table:
    """Return the table as it lies in the file."""
    return parse_table(resources.files("memprof.validation").joinpath(FILE).read_bytes(), NAME)


@cache
def published_measurements() -> tuple[Measurement, ...]:
    """Return the published measurements as records."""
    measurements = [entry.measurement for entry in read_measurements(published_table())]
    return tuple(measurement for measurement in measurements if measurement is not None)


def published_throughput(model: str, phase: str, device: str) -> float | None:
    """Return the published images/s of a model in a phase ("infer", "train") on a device; None where there is none.

    `convnext_t_k3` and `convnext_t:kernel=3` are one network, and so are ConvNeXt with `norm=fused` and
    `norm=arithmetic`, which compute the same. ModelError or DeviceError where one of the names is not known.
    """
    network, place = _network(model), devices.get(device).name
    return next(
        (
            row.images_per_second
            for row in published_measurements()
            if (_network(row.model), row.phase, row.device) == (network, phase, place)
        ),
        None,
    )


def _network(model: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """Return what tells networks apart: the name, and the options that differ from the family's defaults."""
    spec = parse(models.canonical_name(model))
    options = {name: str(value) for name, value in spec.options}
    variant = _VARIANT.fullmatch(spec.name)
    if variant is None:
        return str(spec), frozenset()
    whole = {"kernel": variant["kernel"] or "7", "conv_ratio": (variant["share"] or "1").replace("_", "/"), **options}
    whole.pop("norm", None)
    if whole.get("mlp") == "linear":
        del whole["mlp"]
    return variant["base"], frozenset(whole.items())
