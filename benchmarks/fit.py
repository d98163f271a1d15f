"""Fit the constants of the time model that whole networks tell, and say how far off they are on what was held out.

    python benchmarks/fit.py ../shared/published [--cache calls.pickle] [--rows 170] [--held-out] [--write]

Throughputs of networks on an A100 (InceptionNeXt, NVIDIA), an RTX 3090 and an RTX 5090 (timm): a sample of each file,
phase by phase. What single kernels tell is fitted by benchmarks/fit_kernels.py and stays as it is here. Constants start
from the values in memprof/devices/achievable.json and are held near them by a weak prior, so the script is run again
until they settle. Residuals are logarithms of predicted over measured time, with a Huber loss, so that what memprof
does not model (one network in a hundred) does not bend the rest. A source counts by the root of its rows, at most as
many as `MOST`: 24 rows do not outweigh 2,211, nor the other way round.

With --held-out constants are fitted again without each of five parts of the networks' families, without each device,
and without each source; the errors on what was left out, beside those of the fit on everything, are written into
benchmarks/held_out.json, which docs/accuracy.md shows. Each of these fits starts from the file's values, which the weak
prior remembers, and those were fitted with everything: the errors are a little too kind.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from least_squares import Floats, Parameter, fit
from problems import Problem, family_of, load

from memprof.validation.records import Measurement

TARGET = Path(__file__).parents[1] / "memprof" / "devices" / "achievable.json"
HELD_OUT = Path(__file__).parent / "held_out.json"
MOST = 150
"""Rows of a source beyond which further ones count no more."""
FOLDS = 5
CONSTANTS = (
    "row_dram_fraction",
    "few_channels_tensor_fraction",
    "grouped_tensor_fraction",
    "grouped_weight_tensor_fraction",
    "grouped_weight_packed_tensor_fraction",
    "attention_tensor_fraction",
    "serial_load_seconds",
    "depthwise_weight_instructions",
    "depthwise_cudnn_weight_instructions_16bit",
)


def constants_of(point: Mapping[Parameter, float]) -> dict[str, float]:
    """Return the constants of `point`, which hold for all devices."""
    return {key: value for (key, _owner), value in point.items()}


def start(problems: Sequence[Problem]) -> dict[Parameter, float]:
    """Return the constants as the file has them."""
    point: dict[Parameter, float] = {}
    for problem in problems:
        stated = problem.ceilings.achievable
        point |= {(key, "all"): stated[key] for key in CONSTANTS}
    return point


def fitted(problems: Sequence[Problem], keep: Callable[[Measurement], bool]) -> dict[Parameter, float]:
    """Fit the constants to the rows that `keep` admits."""
    parts = [(problem, np.array([keep(row) for row in problem.rows])) for problem in problems]
    parts = [(problem, mask) for problem, mask in parts if mask.any()]

    def residuals(point: Mapping[Parameter, float]) -> Floats:
        errors = []
        for problem, mask in parts:
            weight = np.sqrt(min(1.0, MOST / mask.sum()))
            logs = np.log(problem.seconds(constants_of(point)) / problem.measured)
            errors.append(logs[mask] * weight)
        return np.concatenate(errors)

    return fit(residuals, start(problems))


def off(problem: Problem, point: Mapping[Parameter, float]) -> Floats:
    """Return predicted over measured throughput - 1, absolute, of each row."""
    return np.abs(problem.measured / problem.seconds(constants_of(point)) - 1)


def splits(problems: Sequence[Problem]) -> dict[str, list[Callable[[Measurement], bool]]]:
    """Return, for each way of holding out, what is left out in turn."""
    families = sorted({family_of(row.model) for problem in problems for row in problem.rows})
    fold = {family: index % FOLDS for index, family in enumerate(families)}
    names = sorted({problem.ceilings.name for problem in problems})
    sources = sorted({row.source for problem in problems for row in problem.rows})
    return {
        "network family": [lambda row, part=part: fold[family_of(row.model)] == part for part in range(FOLDS)],
        "device": [lambda row, name=name: row.device == name for name in names],
        "source": [lambda row, source=source: row.source == source for source in sources],
    }


def held_out(problems: Sequence[Problem], whole: Mapping[Parameter, float]) -> list[dict[str, object]]:
    """Return the errors on what was held out, beside those in-sample, for each device, precision and phase."""
    within = [off(problem, whole) for problem in problems]
    table: list[dict[str, object]] = []
    for way, parts in splits(problems).items():
        without = [np.full(len(problem.rows), np.nan) for problem in problems]
        for is_out in parts:
            point = fitted(problems, lambda row, is_out=is_out: not is_out(row))
            for problem, errors in zip(problems, without, strict=True):
                mask = np.array([is_out(row) for row in problem.rows])
                errors[mask] = off(problem, point)[mask]
        for problem, inside, outside in zip(problems, within, without, strict=True):
            first = problem.rows[0]
            table.append(
                {
                    "held_out": way,
                    "source": first.source,
                    "device": first.device,
                    "precision": first.precision,
                    "phase": first.phase,
                    "rows": len(problem.rows),
                    "in_sample": {"mean": float(inside.mean()), "median": float(np.median(inside))},
                    "error": {"mean": float(np.nanmean(outside)), "median": float(np.nanmedian(outside))},
                }
            )
    return table


def write(point: Mapping[Parameter, float]) -> None:
    """Put the constants into the device data."""
    data = json.loads(TARGET.read_text(encoding="utf-8"))
    for (key, _owner), value in point.items():
        for statement in data["constants"][key]["statements"]:
            statement.update(value=float(f"{value:.3g}"))
    TARGET.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("published", type=Path)
    parser.add_argument("--cache", type=Path, help="Where to keep the simulated calls between runs.")
    parser.add_argument("--rows", type=int, default=170, help="Of each file and phase, at random (default: 170).")
    parser.add_argument("--held-out", action="store_true", help=f"Write {HELD_OUT.name}: errors on what was left out.")
    parser.add_argument("--write", action="store_true", help="Write the constants into the device data.")
    options = parser.parse_args()
    problems = list(load(options.published, options.cache, options.rows))
    point = fitted(problems, lambda row: True)
    for problem in problems:
        errors, first = off(problem, point), problem.rows[0]
        print(f"{first.source}, {first.device}, {first.precision}, {first.phase}: {len(errors)} rows, ", end="")
        print(f"mean error {errors.mean():.1%}, median {np.median(errors):.1%}")
    for (key, owner), value in sorted(point.items()):
        print(f"{key} ({owner}) = {value:.4g}")
    if options.held_out:
        table = {"schema": "memprof.held-out/1", "rows": held_out(problems, point)}
        HELD_OUT.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    if options.write:
        write(point)


if __name__ == "__main__":
    main()
