"""memprof gate: hold today's figures of models against an accepted baseline, so that no change makes one slower."""

from __future__ import annotations

import os
from pathlib import Path

import click

from memprof.commands import gate_accepting, gate_history
from memprof.commands.gating import (
    PRINTED,
    baseline_option,
    config_option,
    current_baseline,
    measure_against,
    publish,
    say,
)
from memprof.commands.options import DEFAULT_OUTPUT, choose_formats
from memprof.reports.gate import WRITERS
from memprof.words import enumerate_words


class _InOrder(click.Group):
    """A group that lists its commands in the order in which they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, the first one first."""
        return list(self.commands)


@click.group(cls=_InOrder, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Fail where a change makes a network slower: hold today's figures against an accepted baseline.

    Begin with `memprof gate init --model NAME`, commit the two files that it writes, and run `memprof gate check`
    wherever changes are tested. Figures are predicted: no GPU is needed, and every machine finds the same.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _formats(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return choose_formats(value, WRITERS)


command.add_command(gate_accepting.init)


@command.command("check")
@baseline_option
@config_option
@click.option("--strict", is_flag=True, help="Let improvements beyond the budget fail, too, until they are accepted.")
@click.option("--measure", is_flag=True, help="Also measure on this machine: wall time against the code of --against.")
@click.option(
    "--against", metavar="REF", help="The commit whose code is measured beside today's, in turns; implies --measure."
)
@click.option("--lenient", is_flag=True, help="Let a measurement pass that cannot tell, because noise is too large.")
@click.option(
    "--format",
    "formats",
    callback=_formats,
    metavar="LIST",
    help=f"What to print and write, separated by commas: {enumerate_words(list(PRINTED))} are printed, "
    f"{enumerate_words([name for name in WRITERS.names if name not in PRINTED])} are files. Default: what suits; on "
    "GitHub text and github.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=f"Folder for the files. Default: {DEFAULT_OUTPUT}, where --format names a file; otherwise none is written.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else; write no files.")
@click.pass_context
def check_command(
    context: click.Context,
    baseline_file: Path | None,
    config_file: Path | None,
    strict: bool,
    measure: bool,
    against: str | None,
    lenient: bool,
    formats: tuple[str, ...] | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Hold today's figures against the baseline. Exit code 0: passed, 1: regressed, 2: it cannot be told.

    Every figure of every workload is compared, and may get worse by its budget, which the configuration may set.
    """
    from memprof.files import check_writable
    from memprof.gate import checking
    from memprof.gate.baseline import load_baseline
    from memprof.gate.config import load_config
    from memprof.gate.environment import shown_path, usual_formats

    if measure and against is None:
        raise click.UsageError("--measure needs --against REF, the commit to measure against")
    config = load_config(config_file)
    place = baseline_file or config.baseline
    accepted = load_baseline(place)
    if output is not None and not as_json:
        check_writable(output)
    baseline_name, config_name = (shown_path(os.environ, path) for path in (place, config.path))
    terms = checking.Terms(baseline_name, config_name, strict=strict, lenient=lenient)
    result = checking.refuse(config, terms, accepted)
    if result is None:
        today = current_baseline(config)
        measured = () if against is None else measure_against(config, against)
        result = checking.check(config, terms, accepted, today, measured)
    if as_json:
        say(WRITERS.render(result, "json").decode())
    else:
        publish(
            result,
            usual_formats(os.environ, into_folder=output is not None) if formats is None else formats,
            output or DEFAULT_OUTPUT,
            (place, config.path),
        )
    context.exit(checking.exit_code(result))


command.add_command(gate_accepting.update)
command.add_command(gate_history.command)
