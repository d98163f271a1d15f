"""What sentences about a report share: shares of its time, and why a group of operators takes the time it takes."""

from __future__ import annotations

from memprof import units, words
from memprof.report.digest import Digest
from memprof.report.groups import Group
from memprof.vocabulary import MEMORY_LEVELS

_NEARLY_ALL = 0.95
"""Fraction of a group's time that its bound must set to be told as all of it."""


def time_share(digest: Digest, share: float) -> str:
    """Say a share of the time: "41 % of the predicted time"."""
    return f"{units.share(share)} of the {digest.time.name}"


def bound(digest: Digest, group: Group) -> str:
    """Return what bounds a group, by the words for the report's device: "L1 bandwidth"."""
    return words.bound(group.bound, digest.device.family)


def binding_clause(digest: Digest, group: Group) -> str:
    """Say what bounds a group: "L1 bandwidth binds"."""
    return words.binding_clause(group.bound, digest.device.family)


def mostly_binding_clause(group: Group, family: str = "") -> str:
    """Say what bounds a group, and "mostly" where it does so for less than all of its time: "mostly the host ..."."""
    mostly = "mostly " if group.seconds_at_bound < _NEARLY_ALL * group.time_seconds else ""
    return f"{mostly}{words.binding_clause(group.bound, family)}"


def engine(digest: Digest, code: str) -> str:
    """Return what an engine of the report's device is called: "tensor cores"."""
    return words.engine(code, digest.device.family)


def ridge_point(digest: Digest, level: str, engine: str) -> float | None:
    """Return the FLOP per byte at which `engine` keeps up with memory `level`; None where a ceiling is unknown."""
    peak = digest.device.peak_flops_per_second.get(engine)
    bandwidth = digest.device.memory_bytes_per_second.get(level)
    return peak / bandwidth if peak and bandwidth else None


def reason(digest: Digest, group: Group) -> str:
    """Say which bound takes most of a group's time and how far its intensity lies below the ridge point."""
    clause = mostly_binding_clause(group, digest.device.family)
    if group.bound not in MEMORY_LEVELS:
        return clause
    intensity, ridge = group.intensity(group.bound), ridge_point(digest, group.bound, group.engine)
    if intensity is None or ridge is None or intensity >= ridge:
        return clause
    return (
        f"{units.intensity(intensity)} FLOP per {words.level(group.bound)} byte, where the "
        f"{engine(digest, group.engine)} need {units.intensity(ridge)} to be busy, so {clause}, not arithmetic"
    )


def sentence_case(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]
