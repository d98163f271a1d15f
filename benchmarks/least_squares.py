"""Least squares with a Huber loss and a weak prior, for positive parameters: Gauss-Newton on logarithms, damped."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

HUBER = 0.1
PRIOR = 0.35
"""How far, in logarithms, a constant may move from its start before that costs as much as `HUBER` in ten rows."""

Floats = NDArray[np.float64]
Parameter = tuple[str, str]
"""A constant and whose it is: "all" or a device's name."""


def fit(
    residuals: Callable[[Mapping[Parameter, float]], Floats], start: Mapping[Parameter, float], steps: int = 15
) -> dict[Parameter, float]:
    """Return the parameters, all positive, that make `residuals` least: Gauss-Newton on logarithms, damped."""
    names = list(start)
    origin = np.log([start[name] for name in names])

    def residuals_at(point: Floats) -> Floats:
        return residuals(dict(zip(names, np.exp(point), strict=True)))

    def cost(errors: Floats, point: Floats) -> float:
        size = np.abs(errors)
        loss = np.where(size < HUBER, size**2, HUBER * (2 * size - HUBER)).sum()
        return float(loss + (((point - origin) / PRIOR) ** 2).sum() * 10 * HUBER**2)

    point, damping = origin.copy(), 1e-2
    errors = residuals_at(point)
    best = cost(errors, point)
    for _ in range(steps):
        shifts = np.eye(len(names)) * 0.02
        jacobian = np.stack([(residuals_at(point + shift) - errors) / 0.02 for shift in shifts], axis=1)
        weights = np.minimum(1, HUBER / np.maximum(np.abs(errors), 1e-9))
        prior = 10 * HUBER**2 / PRIOR**2
        normal = (jacobian * weights[:, None]).T @ jacobian + prior * np.eye(len(names))
        slope = (jacobian * weights[:, None]).T @ errors + prior * (point - origin)
        before = best
        for _ in range(8):
            moved = point - np.clip(np.linalg.solve(normal + damping * np.diag(np.diag(normal)), slope), -0.5, 0.5)
            trial = residuals_at(moved)
            if cost(trial, moved) < best:
                point, errors, best, damping = moved, trial, cost(trial, moved), max(damping / 5, 1e-7)
                break
            damping *= 6
        print(f"  loss {best:.4f}", flush=True)
        if before - best < 1e-4 * before:
            break
    return dict(zip(names, np.exp(point), strict=True))
