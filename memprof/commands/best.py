"""memprof best: the best of a sweep for a latency, a memory, a price, an accuracy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from memprof.commands.answering import answer_options
from memprof.vocabulary import INFER, PHASES

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_BYTES = {"mb": 1e6, "gb": 1e9, "mib": 2.0**20, "gib": 2.0**30}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)


class Amount(click.ParamType):  # type: ignore[type-arg]
    """A number with a unit, such as 10ms; its value in the base unit."""

    def __init__(self, name: str, units: Mapping[str, float], example: str) -> None:
        self.name, self._units, self._example = name, units, example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the amount in its base unit."""
        if isinstance(value, float):
            return value
        match = _AMOUNT.fullmatch(value.strip())
        unit = match[2].lower() if match else ""
        if match is None or unit not in self._units or not float(match[1]):
            known = ", ".join(self._units)
            self.fail(f"{value!r} is no {self.name}; write a number and one of {known}: {self._example}", param, ctx)
        return float(match[1]) * self._units[unit]


@click.command()
@click.option("--latency", type=Amount("time", _SECONDS, "10ms"), help="A step takes at most this: 10ms.")
@click.option("--memory", type=Amount("memory", _BYTES, "16GB"), help="A step and CUDA's context fit in this: 16GB.")
@click.option(
    "--dollars",
    type=click.Path(path_type=Path),
    metavar="PRICES.toml",
    help="What an hour of devices costs, `a100 = 1.29`: the cheapest device of each model per million images.",
)
@click.option(
    "--accuracy",
    type=click.Path(path_type=Path),
    metavar="TABLE.csv",
    help="Top-1 of models in percent, columns model and top1, perhaps resolution: the fastest network of each device. "
    "Default with --above: the accuracies that ship with memprof, of networks trained on ImageNet-1K alone.",
)
@click.option("--above", type=float, metavar="PERCENT", help="Only networks of a higher top-1.")
@click.option("--phase", type=click.Choice(PHASES), default=INFER, show_default=True, help="Of the steps.")
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="Rows to show.")
@answer_options
def command(
    latency: float | None,
    memory: float | None,
    dollars: Path | None,
    accuracy: Path | None,
    above: float | None,
    phase: str,
    top: int,
    results: Path,
    form: str,
) -> None:
    """Choose from the results of a sweep: the fastest setting of each model on each device, within what is asked.

    All conditions go together: --latency 10ms --memory 16GB.
    """
    from memprof.commands.answering import show
    from memprof.sweeps.best import Wanted, best, read_prices

    wanted = Wanted(
        phase=phase,
        seconds=latency,
        memory_bytes=memory,
        dollars=read_prices(dollars) if dollars is not None else None,
        accuracy=_accuracy(accuracy) if accuracy is not None or above is not None else None,
        above=above,
        most=top,
    )
    show(best(results, wanted), form)


def _accuracy(path: Path | None) -> dict[tuple[str, int], float]:
    """Return top-1 by model and resolution, from a user's table or those that ship."""
    from memprof.frontier import accuracy
    from memprof.frontier.records import IN1K, MORE

    rows = accuracy.shipped() if path is None else accuracy.from_file(path)
    chosen = accuracy.choose(rows, (), IN1K if path is None else MORE)
    return {(row.model, row.resolution): row.top1 for row in chosen}
