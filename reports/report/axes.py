"""A report on matplotlib's axes: one's own, or new ones as pyplot makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof import units
from memprof.report.digest import Digest
from memprof.reports.parts import cells, theme
from memprof.reports.parts.eliding import elide_end
from memprof.reports.parts.theme import FAINT, INK
from memprof.reports.roofline import captions, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 12
_LETTERS = 52
_SIZE = (9.0, 5.6)
_MEMORY_COLORS = (
    theme.color("matmul"),
    theme.color("convolution"),
    theme.color("elementwise"),
    theme.color("normalization"),
)


def roofline(digest: Digest, axes: Axes | None) -> Axes:
    """Draw the roofline."""
    axes = axes or _new()
    if not digest.report.operators:
        axes.set_axis_off()
        axes.text(0.5, 0.5, captions.NO_PLOT, transform=axes.transAxes, ha="center", color=FAINT)
        return axes
    figure.draw_on(axes, [digest])
    axes.set_title(_title(digest), loc="left", pad=22, color=INK, fontsize=10, parse_math=False)
    return axes


def time(digest: Digest, axes: Axes | None) -> Axes:
    """Draw the time of each kind of operator as bars, divided by what binds it."""
    axes = axes or _new()
    kinds = digest.kinds[:_MOST]
    seen: dict[str, None] = {}
    for place, kind in enumerate(kinds):
        left = 0.0
        shares: dict[str, float] = {}
        for row in kind.rows:
            seconds = row.seconds if row.measured_seconds is None else row.measured_seconds
            shares[row.bound] = shares.get(row.bound, 0.0) + 1e3 * seconds
        for bound, value in sorted(shares.items(), key=lambda item: -item[1]):
            label = None if bound in seen else cells.bound_name(bound, digest.device.kind)
            seen[bound] = None
            axes.barh(place, value, left=left, color=theme.bound_color(bound), label=label)
            left += value
        axes.text(left, place, f" {units.share(kind.time_share)}", va="center", fontsize=8, color=FAINT)
    axes.set_yticks(range(len(kinds)), [kind.name for kind in kinds])
    axes.invert_yaxis()
    axes.set_xlabel(f"{digest.time.name}, ms")
    axes.margins(x=0.1)
    _finish(axes, digest, "bound by")
    return axes


def memory(digest: Digest, axes: Axes | None) -> Axes:
    """Draw what holds the device's memory when the step needs most, against what there is."""
    axes = axes or _new()
    held = digest.report.memory
    if held is None:
        axes.set_axis_off()
        axes.text(
            0.5, 0.5, "the memory of this report is not known", transform=axes.transAxes, ha="center", color=FAINT
        )
        return axes
    parts = {
        "parameters": held.parameters_bytes,
        "gradients": held.gradients_bytes,
        "optimizer": held.optimizer_bytes,
        "activations": held.activations_bytes,
    }
    left, peak = 0.0, held.peak_bytes
    for place, value in enumerate(parts.values()):
        axes.barh(place, value / 1e9, 0.6, left=left / 1e9, color=_MEMORY_COLORS[place])
        axes.text((left + value) / 1e9, place, f" {units.gigabytes(value)} GB", va="center", fontsize=8, color=FAINT)
        left += value
    capacity = digest.device.memory_capacity_bytes
    if capacity and capacity < 4 * peak:
        axes.axvline(capacity / 1e9, color=INK, linewidth=1.2)
        axes.text(capacity / 1e9, -0.6, "all there is ", ha="right", color=FAINT, fontsize=8)
    of_all = f" of {units.gigabytes(capacity)}" if capacity else ""
    axes.set_yticks(range(len(parts)), list(parts))
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.set_xlabel(f"memory when the step needs most: {units.gigabytes(peak)}{of_all} GB")
    _finish(axes, digest)
    return axes


def _finish(axes: Axes, digest: Digest, legend: str = "") -> None:
    for spine in ("top", "right"):
        axes.spines[spine].set_visible(False)
    if legend:
        axes.legend(title=legend, frameon=False, fontsize=8, loc="lower right")
    axes.set_title(_title(digest), loc="left", color=INK, fontsize=10, parse_math=False)


def _title(digest: Digest) -> str:
    workload = digest.report.workload
    what = f"{workload.model}, {workload.phase}, batch {workload.batch_size}"
    return f"{elide_end(' '.join(what.split()), _LETTERS)}\n{digest.device.title}"


def _new() -> Axes:
    """Make axes as others that plot do: on a new figure of pyplot, which a notebook shows by itself."""
    from matplotlib import pyplot

    return pyplot.subplots(figsize=_SIZE, layout="constrained")[1]
