"""The command line: one group, its commands loaded when they are used, errors turned into exit codes.

Exit codes: 0 fine, 1 the gate says no, 2 it cannot be decided or the input is wrong.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import click

from memprof._version import __version__
from memprof.errors import MemprofError

COMMANDS = {
    "roofline": "Analyse models: FLOPs, memory traffic and the roofline of every operator.",
    "render": "Write the reports in a report.json again, in other formats.",
    "devices": "List the devices memprof knows, or show one with the source of every figure.",
    "models": "List the models memprof knows and their options.",
}
"""The commands, each the attribute `command` of its module in memprof.commands, and their one-line help."""


@dataclass
class Session:
    """What concerns a whole run of the command line."""

    debug: bool = False


class LazyGroup(click.Group):
    """A group whose commands are imported only when they run or show their help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, the main one first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"memprof.commands.{cmd_name}").command
        if all(parameter.name != "debug" for parameter in command.params):
            command.params.append(_debug_option())
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _debug_option() -> click.Option:
    def remember(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            ctx.ensure_object(Session).debug = True

    return click.Option(
        ["--debug"], is_flag=True, expose_value=False, callback=remember, help="Show the traceback of an error."
    )


@click.group(cls=LazyGroup, params=[_debug_option()], context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="memprof", prog_name="memprof")
def group() -> None:
    """Tell why a PyTorch vision network is slow on a GPU, without the GPU.

    Start with: memprof roofline --model inceptionnext_t
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    session = Session()
    try:
        code = group.main(arguments, prog_name="memprof", standalone_mode=False, obj=session)
    except Exception as error:  # noqa: BLE001  the one place that turns errors into exit codes
        sys.exit(_report(error, session))
    except KeyboardInterrupt:
        sys.exit(_fail("interrupted; nothing was written"))
    sys.exit(code if isinstance(code, int) else 0)


def _report(error: Exception, session: Session) -> int:
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        # The reader of a pipe left; what follows has nowhere to go, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if session.debug:
        traceback.print_exception(error)
    if isinstance(error, click.Abort):
        return _fail("interrupted; nothing was written")
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "memprof"
        return _fail(f"{error.format_message().rstrip('.')}; see `{command} --help`")
    if isinstance(error, click.ClickException):
        return _fail(error.format_message())
    if isinstance(error, MemprofError):
        return _fail(str(error))
    return _fail(
        f"unexpected {type(error).__name__}: {error}; this is a fault of memprof, please report it with what --debug says"
    )


def _fail(message: str) -> int:
    click.echo(click.style("error: ", fg="red", bold=True) + " ".join(message.split()), err=True)
    return 2
