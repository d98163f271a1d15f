"""The ablations of the ConvNeXt and InceptionNeXt papers as variants of a model, each against the model itself.

A variant changes one choice of the model that the user names and keeps the rest. Sources: InceptionNeXt
(arXiv 2303.16900), table 1 for ConvNeXt's kernel and share of convolved channels, table 8 for InceptionNeXt's branches,
kernels, ratio and norm. Rates are predicted; a published one stands beside a variant where memprof ships one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from memprof.comparisons.models import Entry, entry
from memprof.errors import ModelError
from memprof.models import registry
from memprof.models.options import BRANCHES, Value
from memprof.models.spec import ModelSpec, Source, parse
from memprof.report.json_text import indented_json
from memprof.report.record import Report

SCHEMA = "memprof.ablation/1"
Published = Callable[[Entry, str], float | None]
"""Returns the images per second that were published for an entry in a phase, None where none were."""
_BASELINE = "baseline"
_BAND_KERNELS, _BRANCH_RATIOS = (7, 9, 11, 13), (4, 8, 16)
_KERNELS, _CONV_RATIOS = (7, 5, 3), ("1", "1/2", "3/8", "1/4", "1/8", "1/16")
_SMALL_CONVNEXTS = ("atto", "femto", "pico", "nano")
_TABLE_NAME = "convnext_t_"
"""What begins the names of ConvNeXt-T variants that carry their kernel and share of channels: convnext_t_k3_par1_8."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A model to analyse: its spec, and in words what it changes."""

    model: str
    change: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A phase of a variant. `ratio` is its throughput over the baseline's; `published` is None where none ships.

    `published_ratio` is over the baseline's published rate; None also where only one of the two stands for exactly
    what was published.
    """

    phase: str
    layout: str
    images_per_second: float
    ratio: float
    published_images_per_second: float | None
    published_ratio: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """A variant with what was found. `exact` is False where what was published computes its layer norm differently."""

    model: str
    change: str
    parameters: int
    macs_per_image: float
    exact: bool
    outcomes: tuple[Outcome, ...]

    def outcome(self, phase: str) -> Outcome | None:
        """Return the outcome of a phase, None where it was not analysed."""
        return next((item for item in self.outcomes if item.phase == phase), None)


@dataclass(frozen=True, slots=True)
class Ablation:
    """A model, the baseline first, and its variants, on one device. `baseline` has the baseline's times by kind."""

    schema: str
    model: str
    baseline: Entry
    results: tuple[Result, ...]

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


def variants(model: str) -> tuple[Variant, ...]:
    """Return the model as it is named, and then what its paper changes about it; no two are the same network.

    What contradicts an option that the user gave is left out. ModelError where the model has no such options.
    """
    spec = zoo_spec(model)
    start = {**defaults(spec.name), **dict(spec.options)}
    distinct = {_key(start): Variant(str(spec), _BASELINE)}
    changes = _inceptionnext if registry.ENTRIES[spec.name].family is registry.INCEPTIONNEXT else _convnext
    for change, options in changes(start):
        changed = change_options(spec, options)
        if not registry.ENTRIES[spec.name].family.clash(dict(changed.options)):
            distinct.setdefault(_key({**start, **options}), Variant(str(changed), change))
    return tuple(distinct.values())


def change_options(spec: ModelSpec, options: Mapping[str, Value]) -> ModelSpec:
    """Return the spec with some options changed; one that the name alone has anyway is not spelled out."""
    usual, chosen = defaults(spec.name), {**dict(spec.options), **options}
    order = [option.name for option in registry.ENTRIES[spec.name].family.options]
    kept = ((name, chosen[name]) for name in order if name in chosen and chosen[name] != usual[name])
    return replace(spec, options=tuple(kept))


def zoo_spec(model: str) -> ModelSpec:
    """Return the spec of a model with options; ModelError for what has none."""
    spec = parse(model)
    if spec.source is not Source.ZOO or not registry.ENTRIES[spec.name].family.options:
        raise ModelError(
            f"{spec} has no options to vary", "name a ConvNeXt or an InceptionNeXt of `memprof models`: inceptionnext_t"
        )
    return spec


def defaults(name: str) -> dict[str, Value]:
    """Return the options of a model of the zoo as its name alone has them."""
    size = name.partition("_")[2]
    if registry.ENTRIES[name].family is registry.INCEPTIONNEXT:
        is_small = size == "atto"
        ratio = Fraction(1, 4 if is_small else 8)
        return {
            "band_kernel": 9 if is_small else 11,
            "square_kernel": 3,
            "branch_ratio": ratio,
            "norm": "batch",
            "branches": BRANCHES,
            "arrangement": "parallel",
        }
    options: dict[str, Value] = {"kernel": 7, "conv_ratio": Fraction(1)}
    for word in name.removeprefix(_TABLE_NAME).split("_par") if name.startswith(_TABLE_NAME) else ():
        if word.startswith("k"):
            options["kernel"] = int(word[1:])
        else:
            options["conv_ratio"] = Fraction(word.replace("_", "/"))
    return {**options, "mlp": "conv" if size in _SMALL_CONVNEXTS else "linear", "norm": "fused"}


def published_rate(item: Entry, phase: str) -> float | None:
    """Return the images/s that were published for an entry's model, in a workload and on a device like its own."""
    from memprof.validation.published import published_measurements, published_throughput

    step = item.step(phase)
    layouts = {considered.layout for considered in step.considered} if step else set()
    own = item.device_name, item.batch_size, item.resolution, item.precision, phase
    for row in published_measurements():
        theirs = row.device, row.batch_size, row.resolution, row.precision, row.phase
        if theirs == own and set(row.layouts) == layouts:
            return published_throughput(item.model, phase, row.device)
    return None


def ablate(cells: Sequence[tuple[Variant, Sequence[Report]]], published: Published = published_rate) -> Ablation:
    """Hold variants against the first, the baseline; each has the reports of every phase, in one layout or in both."""
    entries = [entry(reports) for _, reports in cells]
    results = tuple(
        Result(
            model=variant.model,
            change=variant.change,
            parameters=item.parameters,
            macs_per_image=item.macs_per_image,
            exact=is_exact(variant.model),
            outcomes=tuple(_outcome(item, entries[0], step.phase, published) for step in item.steps),
        )
        for (variant, _), item in zip(cells, entries, strict=True)
    )
    return Ablation(SCHEMA, entries[0].model, entries[0], results)


def _outcome(item: Entry, base: Entry, phase: str, published: Published) -> Outcome:
    step, base_step = item.step(phase), base.step(phase)
    assert step is not None
    rate, base_rate = published(item, phase), published(base, phase)
    same = is_exact(item.model) == is_exact(base.model)  # else what was published for both may be one network
    predicted = step.images_per_second
    base_predicted = base_step.images_per_second if base_step else 0.0
    return Outcome(
        phase=phase,
        layout=step.layout,
        images_per_second=predicted,
        ratio=predicted / base_predicted if base_predicted else 0.0,
        published_images_per_second=rate,
        published_ratio=rate / base_rate if rate and base_rate and same else None,
    )


def _convnext(start: Mapping[str, Value]) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield what table 1 of the InceptionNeXt paper changes, then norm and MLP."""
    for kernel in _KERNELS:
        yield f"kernel {kernel}x{kernel}", {"kernel": kernel}
    for text in _CONV_RATIOS:
        share = f"3x3 on {text} of channels" if text != "1" else "3x3 on all channels"
        yield share, {"kernel": 3, "conv_ratio": Fraction(text)}
    is_fused, is_linear = start["norm"] == "fused", start["mlp"] == "linear"
    yield (
        ("layer norm in plain steps", {"norm": "arithmetic"}) if is_fused else ("fused layer norm", {"norm": "fused"})
    )
    yield ("MLP of 1x1 convolutions", {"mlp": "conv"}) if is_linear else ("MLP of linear layers", {"mlp": "linear"})


def _inceptionnext(start: Mapping[str, Value]) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield what table 8 of the InceptionNeXt paper changes.

    It removes each of the three convolutions, whose channels join the identity, but never the identity: its channels
    would have to go to the convolutions in shares that nobody defined. `branches=square+horizontal+vertical` can be
    asked for by name; there the three share all channels equally.
    """
    branches = start["branches"]
    assert isinstance(branches, tuple)
    for gone in ("horizontal", "vertical", "square"):
        if gone in branches and len(branches) > 1:
            yield f"no {gone} branch", {"branches": tuple(branch for branch in branches if branch != gone)}
    is_parallel = start["arrangement"] == "parallel"
    yield (
        ("bands in sequence", {"arrangement": "sequential"})
        if is_parallel
        else ("bands in parallel", {"arrangement": "parallel"})
    )
    for kernel in _BAND_KERNELS:
        yield f"band kernel {kernel}", {"band_kernel": kernel}
    for part in _BRANCH_RATIOS:
        yield f"branch ratio 1/{part}", {"branch_ratio": Fraction(1, part)}
    yield ("layer norm", {"norm": "layer"}) if start["norm"] == "batch" else ("batch norm", {"norm": "batch"})


def _key(options: Mapping[str, Value]) -> frozenset[tuple[str, Value]]:
    """Return what tells networks of one name apart."""
    return frozenset(options.items())


def is_exact(model: str) -> bool:
    """Return whether the published code of the model computes its norms as the model does.

    ConvNeXt's official code has the layer norm of stem and downsampling in plain arithmetic steps.
    """
    spec = parse(model)
    is_convnext = spec.source is Source.ZOO and registry.ENTRIES[spec.name].family is registry.CONVNEXT
    return not is_convnext or dict(spec.options).get("norm") == "arithmetic"
