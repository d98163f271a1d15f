"""The best of a sweep: the largest batch that fits, the cheapest device, the fastest network that is good enough."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from memprof import devices
from memprof.errors import MemprofError, SweepError
from memprof.sweeps.answers import Answer, ask

CONTEXT_BYTES = 600e6
"""What the CUDA context occupies beside a step, as in `memprof.analysis.assembly`."""
_HOUR, _MILLION = 3600, 1e6

_SQL = """
WITH fitting AS (
    SELECT results.*{more} FROM results {joins}
    WHERE failed_because IS NULL AND phase = '{phase}' {conditions}
), best AS (
    SELECT model, device, {measured}
        max(batch_size) AS largest_batch,
        max(images_per_second) AS images_per_second,
        max_by({{'precision': precision, 'batch_size': batch_size, 'resolution': resolution, 'layout': layout,
            'stack': stack, 'seconds': seconds, 'peak_bytes': peak_bytes, 'bound': bound,
            'relative_error': relative_error}}, row(images_per_second, batch_size)) AS chosen
    FROM fitting GROUP BY model, device
), priced AS (
    SELECT model, device, {shown} largest_batch, images_per_second, unnest(chosen) FROM best
)
SELECT * FROM priced
{only}
ORDER BY {order}, model, device
LIMIT {most}
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a step: at most so many seconds and bytes, in which phase; networks of which top-1 or more.

    `dollars` are those of an hour by device, `accuracy` top-1 by model and resolution; None where it is not asked for.
    """

    phase: str
    seconds: float | None = None
    memory_bytes: float | None = None
    dollars: Mapping[str, float] | None = None
    accuracy: Mapping[tuple[str, int], float] | None = None
    above: float | None = None
    most: int = 20


def best(path: Path, wanted: Wanted) -> Answer:
    """Return the fastest setting of each model on each device that is as `wanted`, the best first.

    With prices, of each model its cheapest device only; with an accuracy to be above, of each device its fastest model
    only; with both, all by price. SweepError as in `ask`, and where prices or accuracies name nothing in the set.
    """
    only, order = "", "images_per_second DESC"
    joins, more, measured, shown = "", "", "", ""
    tables: dict[str, dict[str, list[Any]]] = {}
    if wanted.accuracy is not None:
        models, sizes = ([key[place] for key in wanted.accuracy] for place in (0, 1))
        tables["accuracy"] = {"model": models, "resolution": sizes, "top1": list(wanted.accuracy.values())}
        joins, more = "JOIN accuracy USING (model, resolution)", ", top1"
        measured, shown = "max_by(top1, images_per_second) AS top1, ", "top1, "
        if wanted.dollars is None:
            only = "QUALIFY row_number() OVER (PARTITION BY device ORDER BY images_per_second DESC, model) = 1"
    if wanted.dollars is not None:
        tables["prices"] = {"device": list(wanted.dollars), "dollars_per_hour": list(wanted.dollars.values())}
        joins, more = f"{joins} JOIN prices USING (device)", f"{more}, dollars_per_hour"
        measured += f"min(dollars_per_hour / {_HOUR} / images_per_second * {_MILLION}) AS dollars_per_million, "
        shown, order = f"{shown}dollars_per_million, ", "dollars_per_million"
        if wanted.accuracy is None:
            only = "QUALIFY row_number() OVER (PARTITION BY model ORDER BY dollars_per_million, device) = 1"
    sql = _SQL.format(
        joins=joins,
        more=more,
        measured=measured,
        shown=shown,
        only=only,
        order=order,
        phase=wanted.phase,
        most=wanted.most,
        conditions=_conditions(wanted),
    )
    answer = ask(path, sql, tables)
    return replace(answer, title=_title(wanted, len(answer.rows)), notes=(*_notes(), *answer.notes))


def _conditions(wanted: Wanted) -> str:
    conditions = []
    if wanted.seconds is not None:
        conditions.append(f"AND seconds <= {wanted.seconds!r}")
    if wanted.memory_bytes is not None:
        conditions.append(f"AND peak_bytes + {CONTEXT_BYTES!r} <= {wanted.memory_bytes!r}")
    if wanted.above is not None:
        conditions.append(f"AND top1 > {wanted.above!r}")
    return " ".join(conditions)


def _title(wanted: Wanted, count: int) -> str:
    if not count:
        return "Nothing in these results is like that."
    if wanted.dollars is not None:
        return "The cheapest first: dollars for a million images" + (
            ", of each model on its cheapest device" if wanted.accuracy is None else ""
        )
    if wanted.accuracy is not None:
        return "The fastest network on each device"
    return "The fastest first, and the largest batch of those asked for that fits"


def _notes() -> tuple[str, ...]:
    return (
        "Times are predicted; relative_error is how far such a prediction is typically off.",
        "largest_batch is that of any setting; the columns after images_per_second are those of the fastest.",
    )


def read_prices(path: Path) -> dict[str, float]:
    """Read what an hour of devices costs, `a100 = 1.29` in TOML; SweepError names all that is wrong."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SweepError(f"cannot read prices from {path}: {error}", "write lines such as a100 = 1.29") from error
    prices, problems = {}, []
    for name, price in content.items():
        if isinstance(price, bool) or not isinstance(price, (int, float)) or not 0 < price < float("inf"):
            problems.append(f"{name} costs {price!r}, which is no price of an hour")
            continue
        try:
            prices[devices.get(name).name] = float(price)
        except MemprofError as error:
            problems.append(str(error))
    if problems or not prices:
        raise SweepError(f"{path}: {'; '.join(problems) or 'there are no prices'}")
    return prices
