"""The story of the depthwise convolution in five pictures, each with what to see in it."""

from __future__ import annotations

from dataclasses import replace

from memprof import units, words
from memprof.reports.charts.records import Axis, Bar, Bars, Mark, Part, Plot, Series
from memprof.reports.page import colors
from memprof.reports.page.document import Section
from memprof.reports.parts.signed import decimals_for, signed
from memprof.vocabulary import MEMORY_LEVELS, Kind
from memprof.whatif.story import Story

_DEPTHWISE = colors.kind_class(Kind.DEPTHWISE)
_SMALL = 0.005
"""Fraction of the step below which a kind is told with the others."""


def sections(story: Story) -> tuple[Section, ...]:
    """Return a section for each picture; only the first has its name in the contents."""
    pictures = (_shares(story), *_levels(story), *_kernels(story), _split(story), _devices(story))
    return tuple(
        Section(
            f"story-{place}",
            "The depthwise story" if place == 1 else "",
            f"{place}. {title}",
            charts=(replace(chart, caption=caption),),
        )
        for place, (title, chart, caption) in enumerate(pictures, start=1)
    )


_Picture = tuple[str, Bars | Plot, str]


def _shares(story: Story) -> _Picture:
    own = next((item for item in story.shares if item.kind == Kind.DEPTHWISE), None)
    bars = tuple(
        Bar(
            name,
            tuple(Part(100 * getattr(item, of), colors.kind_class(item.kind), item.kind) for item in story.shares),
            remarks=tuple(f"{item.kind}: {units.share(getattr(item, of))}" for item in story.shares),
        )
        for name, of in (("of the FLOPs", "flops_share"), ("of the time", "time_share"))
    )
    caption = (
        f"Depthwise convolutions do {units.share(own.flops_share)} of the FLOPs of a training step of {story.model} on "
        f"{story.device_title} and take {units.share(own.time_share)} of its predicted time."
        if own
        else f"{story.model} has no depthwise convolution."
    )
    alt = f"Shares of FLOPs and of time by kind of operator. {caption}"
    return "Hardly any FLOPs, much of the time", Bars(alt, "per cent of a training step", bars), caption


def _levels(story: Story) -> tuple[_Picture, ...]:
    found = story.levels
    if found is None:
        return ()
    names = {
        **{level: f"{words.level(level)} bandwidth alone" for level in MEMORY_LEVELS},
        **{engine: "arithmetic alone" for engine in found.ceilings if engine not in MEMORY_LEVELS},
    }
    bars = [
        Bar(names[code], (Part(1e3 * seconds, colors.bound_class(code)),), units.seconds(seconds))
        for code, seconds in found.ceilings.items()
    ]
    bars += [
        Bar(
            "at least, kernel by kernel",
            (Part(1e3 * found.roofline_seconds, colors.PALE),),
            units.seconds(found.roofline_seconds),
        ),
        Bar("predicted", (Part(1e3 * found.seconds, _DEPTHWISE),), units.seconds(found.seconds), begins=True),
    ]
    bound = words.bound(found.bound, story.device_family)
    largest = max((level for level in MEMORY_LEVELS if level in found.ceilings), key=found.ceilings.__getitem__)
    caption = (
        f"Every output loads its inputs and weights anew, so of the memories {words.level(largest)} allows least. The "
        f"{found.calls} forward calls on {units.shapes(found.shapes[:1])} need "
        f"{units.seconds(found.ceilings[largest])} there, whatever their FLOPs. {bound.capitalize()} sets most of "
        f"their predicted time. A roofline that knows only DRAM shows none of it."
    )
    alt = "What each ceiling alone would let them take: " + ", ".join(f"{bar.name} {bar.text}" for bar in bars)
    return (("What holds them up is neither FLOPs nor DRAM", Bars(alt, "ms a step", tuple(bars)), caption),)


def _kernels(story: Story) -> tuple[_Picture, ...]:
    if len(story.kernels) < 2:
        return ()
    first, last = story.kernels[0], story.kernels[-1]
    if not (first.flops and first.seconds and last.seconds):
        return ()
    lines = (
        ("step", colors.series_class(0), [item.seconds for item in story.kernels]),
        ("depthwise convolutions", _DEPTHWISE, [item.depthwise_seconds for item in story.kernels]),
    )
    series = tuple(
        Series(
            name,
            color,
            tuple(
                Mark(item.size, 1e3 * value, f"kernel {item.size} x {item.size}", (f"{name}: {units.seconds(value)}",))
                for item, value in zip(story.kernels, seconds, strict=True)
            ),
            line=True,
        )
        for name, color, seconds in lines
    )
    plot = Plot(
        f"Predicted milliseconds of a training step of {story.model} by the side of its kernels",
        Axis("side of the kernel", ticks=tuple((item.size, str(item.size)) for item in story.kernels)),
        Axis("predicted ms a step", low=0.0),
        series,
    )
    caption = (
        f"From {first.size} x {first.size} to {last.size} x {last.size} the FLOPs of a step grow by "
        f"{100 * (last.flops / first.flops - 1):.0f} %, its predicted time to "
        f"{units.ratio(last.seconds / first.seconds)}: {units.share(last.depthwise_seconds / last.seconds)} of it for "
        "depthwise convolutions."
    )
    return (("Larger kernels cost time, hardly FLOPs", plot, caption),)


def _split(story: Story) -> _Picture:
    difference = story.difference
    digits = decimals_for(max(difference.seconds, difference.against_seconds))
    least = _SMALL * max(difference.seconds, difference.against_seconds)
    dense = [part for part in difference.kinds if part.name in (Kind.CONVOLUTION, Kind.MATMUL)]
    others = [part for part in difference.kinds if part not in dense]
    steps = [
        (part.name, -part.difference_seconds, colors.kind_class(part.name))
        for part in others
        if abs(part.difference_seconds) >= least
    ]
    products = -sum(part.difference_seconds for part in dense)
    steps.append(("convolutions and matrix products", products, colors.kind_class(Kind.MATMUL)))
    rest = -sum(part.difference_seconds for part in others if abs(part.difference_seconds) < least)
    steps += [("everything else", rest, colors.PALE)] if rest else []
    bars = [_whole(story.model, difference.seconds)]
    level = 1e3 * difference.seconds
    for name, seconds, color in steps:
        bars.append(Bar(name, (Part(1e3 * seconds, color),), f"{signed(1e3 * seconds, digits)} ms", start=level))
        level += 1e3 * seconds
    bars.append(_whole(story.against, difference.against_seconds))
    saved = next((part for part in difference.kinds if part.name == Kind.DEPTHWISE), None)
    caption = f"{story.against} leaves most channels alone and runs 3x3, 1x11 and 11x1 convolutions on the others"
    if saved:
        caption += (
            f": depthwise convolutions take {units.seconds(saved.against_seconds)} in place of "
            f"{units.seconds(saved.seconds)} of a training step"
        )
    alt = f"From {story.model} to {story.against}: " + ", ".join(f"{bar.name} {bar.text}" for bar in bars)
    axis = "predicted ms a training step; each bar begins where the one above ends"
    return "InceptionNeXt splits them", Bars(alt, axis, tuple(bars)), f"{caption}."


def _whole(name: str, seconds: float) -> Bar:
    return Bar(name, (Part(1e3 * seconds, colors.PALE),), units.seconds(seconds), begins=True)


def _devices(story: Story) -> _Picture:
    bars: list[Bar] = []
    for item in story.devices:
        for place, (model, seconds, depthwise) in enumerate(
            (
                (story.model, item.seconds, item.depthwise_seconds),
                (story.against, item.against_seconds, item.against_depthwise_seconds),
            )
        ):
            parts = (
                Part(1e3 * depthwise, _DEPTHWISE, "depthwise convolutions"),
                Part(1e3 * (seconds - depthwise), colors.PALE, "everything else"),
            )
            share = depthwise / seconds if seconds else 0.0
            text = f"{units.seconds(seconds)}, {units.share(share)}"
            bars.append(Bar(f"{model}, {item.device_title}", parts, text, begins=not place and bool(bars)))
    ratios = [item.seconds / item.against_seconds for item in story.devices if item.against_seconds]
    ends = " to ".join(dict.fromkeys(f"{end(ratios):.2f}x" for end in (min, max))) if ratios else ""
    caption = f"{story.model} is predicted to take {ends} the time of {story.against} in training." if ratios else ""
    alt = "Predicted training step by device: " + "; ".join(f"{bar.name} {bar.text}" for bar in bars)
    return (
        "How much it costs depends on the device",
        Bars(alt, f"predicted ms a step of batch {story.batch_size}", tuple(bars)),
        caption,
    )
