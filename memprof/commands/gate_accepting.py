"""memprof gate init and update: accept today's figures as the baseline."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.analysis.asking import Resolution
from memprof.commands.asking import RESOLUTION, input_option
from memprof.commands.gating import baseline_option, config_option, current_baseline, say
from memprof.commands.options import complete_devices, complete_models
from memprof.tensors.precision import PRECISIONS
from memprof.vocabulary import LAYOUTS, PHASES
from memprof.workload import DEFAULT_BATCH_SIZE, DEFAULT_LAYOUT

_ELSEWHERE = "name another file with --config or --baseline"


@click.command("init")
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="NAME",
    shell_complete=complete_models,
    help="A model to gate, as `memprof roofline` takes it: `inceptionnext_t`, `my_pkg.nets:build`, "
    "`net.py:build`. Repeat for more.",
)
@click.option("--phase", "phases", multiple=True, type=click.Choice(PHASES), help="Default: both.")
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="NAME|FILE",
    shell_complete=complete_devices,
    help="Devices to predict for. Default: a100.",
)
@click.option(
    "--batch-size",
    "batch_sizes",
    multiple=True,
    type=int,
    help=f"Images in a step. Default: {DEFAULT_BATCH_SIZE}, or what the inputs hold.",
)
@click.option(
    "--resolution",
    "resolutions",
    multiple=True,
    type=RESOLUTION,
    metavar="PIXELS|HxW",
    help="Pixels a side, or height and width: 512x2048. Default: the model's own.",
)
@input_option
@click.option("--layout", "layouts", multiple=True, type=click.Choice(LAYOUTS), help=f"Default: {DEFAULT_LAYOUT}.")
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice(list(PRECISIONS)),
    help="Default: tf32 where the device has it, else fp32.",
)
@baseline_option
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the configuration goes. Default: a setup.cfg or pyproject.toml that is here, otherwise a new "
    "memprof.toml.",
)
@click.option("--force", is_flag=True, help="Replace a configuration and a baseline that are there already.")
def init(
    models: tuple[str, ...],
    phases: tuple[str, ...],
    devices: tuple[str, ...],
    batch_sizes: tuple[int, ...],
    resolutions: tuple[Resolution, ...],
    inputs: tuple[str, ...],
    layouts: tuple[str, ...],
    precisions: tuple[str, ...],
    baseline_file: Path | None,
    config_file: Path | None,
    force: bool,
) -> None:
    """Begin to gate models: write the baseline with today's figures, and the configuration.

    Every option but --baseline, --config and --force may be repeated: each model is gated in each phase, on each
    device, and so on. Commit both files.
    """
    from memprof.commands.output import echo_written
    from memprof.files import check_writable
    from memprof.gate.baseline import check_free, to_json
    from memprof.gate.beginning import begin, place_for_config, write_beginning

    settings: dict[str, tuple[str | int, ...]]
    settings = {
        "phases": phases,
        "devices": devices,
        "batch_sizes": batch_sizes,
        "resolutions": tuple(
            "x".join(map(str, item)) if isinstance(item, tuple) else str(item) for item in resolutions
        ),
        "inputs": inputs,
        "layouts": layouts,
        "precisions": precisions,
    }
    place = config_file or place_for_config(Path())
    begun = begin(place, models, settings, baseline_file, force=force)
    check_free(begun.config.baseline, force=force)
    for path in (begun.config.baseline, place):
        check_writable(path.parent, _ELSEWHERE)
    today = current_baseline(begun.config)
    paths = write_beginning(begun, to_json(today))
    count = len(today.entries)
    say(f"{count} workload{'' if count == 1 else 's'} gated; commit both files, and run `memprof gate check` in CI.\n")
    echo_written(paths)


@click.command("update")
@baseline_option
@config_option
def update(baseline_file: Path | None, config_file: Path | None) -> None:
    """Accept today's figures: write them into the baseline, and say what that changes.

    Commit the baseline together with the change that it accepts, so that both are reviewed together.
    """
    from memprof.commands.output import echo_written
    from memprof.files import check_writable
    from memprof.gate.accepting import describe_acceptance
    from memprof.gate.baseline import save_baseline, try_to_load
    from memprof.gate.config import load_config

    config = load_config(config_file)
    place = baseline_file or config.baseline
    before, trouble = try_to_load(place)
    check_writable(place.parent, "name another file with --baseline")
    today = current_baseline(config)
    if before == today:
        say(f"Nothing changed: {place} stays as it is.\n")
        return
    save_baseline(place, today)
    if trouble:
        say(f"Made anew, since {trouble}.\n")
    for line in describe_acceptance(before, today):
        say(f"{line}\n")
    echo_written([place])
