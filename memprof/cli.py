"""The command line: one group, its commands loaded when they are used, errors turned into exit codes.

Exit codes: 0 fine, 1 the gate says no, 2 it cannot be decided or the input is wrong.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

import click

from memprof._version import __version__
from memprof.errors import MemprofError, ModelError, nearest

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

COMMANDS = {
    "roofline": "Analyse models: FLOPs, memory traffic and the roofline of every operator.",
    "compare": "Hold models and devices side by side: size, work, traffic, predicted throughput.",
    "explain": "Say where a model's time goes, or why one model is slower than another.",
    "ablate": "Vary a model one choice at a time, as its paper does, and predict each variant.",
    "operator": "Study one operator over its parameters: time, bound, decompositions.",
    "pareto": "Hold published accuracy against predicted throughput: which network does none beat?",
    "reproduce": "Compute a paper's tables again, beside what it published.",
    "sweep": "Analyse models x devices x settings in parallel, into a Parquet set.",
    "query": "Ask the results of a sweep in SQL.",
    "best": "Choose from the results of a sweep: by latency, memory, price, accuracy.",
    "trace": "Read profiler traces of any GPU: measured time beside bound and prediction.",
    "measure": "Run models for real: measured time of every operator beside its roof.",
    "validate": "Hold predictions against measurements: errors, bias, rank correlation.",
    "gallery": "Write a site: models x devices, a page each, an index that compares them.",
    "gate": "Fail where a change makes a model slower than the accepted baseline.",
    "render": "Write a document again from its JSON, in other formats.",
    "open": "Open a page in the browser, or say where it is.",
    "calibrate": "Measure the ceilings of this machine, to use as the device `host`.",
    "devices": "List the devices memprof knows, or show one with the source of every figure.",
    "models": "List the models memprof knows and their options.",
}
"""The commands, each the attribute `command` of its module in memprof.commands, and their one-line help."""

HELP = "help"
_COMPLETION = "_MEMPROF_COMPLETE"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


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
        _let_debug(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; UsageError with the nearest ones where there is none."""
        if args and args[0] == HELP:
            return HELP, _help_of(self), args[1:]
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"no such command {args[0]!r}{_hint(args[0], list(COMMANDS))}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _help_of(group: LazyGroup) -> click.Command:
    """Return the command that shows the help of the group, or of the command that is named after it."""

    def show(words: tuple[str, ...]) -> None:
        above = click.get_current_context().parent
        assert above is not None
        command: click.Command = group
        for word in words:
            known = command.list_commands(above) if isinstance(command, click.Group) else []
            found = command.get_command(above, word) if isinstance(command, click.Group) and word in known else None
            if found is None:
                raise click.UsageError(f"no such command {' '.join(words)!r}{_hint(word, known)}", above)
            command, above = found, click.Context(found, parent=above, info_name=word)
        click.echo(command.get_help(above))

    return click.Command(HELP, callback=show, params=[click.Argument(["words"], nargs=-1, metavar="[COMMAND]")])


def _hint(word: str, known: Sequence[str]) -> str:
    close = nearest(word, known)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _debug_option() -> click.Option:
    """Return --debug, which `main` looks for itself: a mistake in the other options must not hide it."""
    return click.Option(["--debug"], is_flag=True, expose_value=False, help="Show the traceback of an error.")


def _let_debug(command: click.Command) -> None:
    if all(parameter.name != "debug" for parameter in command.params):
        command.params.append(_debug_option())
    if isinstance(command, click.Group):
        for nested in command.commands.values():
            _let_debug(nested)


@click.group(
    cls=LazyGroup,
    params=[_debug_option()],
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="memprof")
@click.pass_context
def group(context: click.Context) -> None:
    """Tell why a PyTorch vision network is slow on a GPU, without the GPU.

    Start with: memprof roofline --model inceptionnext_t
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


_POSTPONED_SECONDS = 0.05
"""Until a Ctrl-C is looked at again."""


class Interruption:
    """Remembers a Ctrl-C: libraries that are being imported turn its KeyboardInterrupt into any other error.

    While torch is being imported it waits: C++ that calls Python there ends the process where that raises.
    """

    def __init__(self) -> None:
        self.happened = False
        self._watching = False

    def watch(self) -> None:
        """Watch for Ctrl-C, unless this process was started to ignore it."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._watching = True
            signal.signal(signal.SIGINT, self._remember)
            signal.signal(signal.SIGALRM, self._remember)
            sys.unraisablehook = self._unraisable

    def ignore(self) -> None:
        """Ignore Ctrl-C from here on: the work is done, and what libraries do at exit is not to be broken off."""
        if self._watching:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGALRM, signal.SIG_IGN)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.happened = True
        if _is_importing_torch(frame):
            signal.setitimer(signal.ITIMER_REAL, _POSTPONED_SECONDS)
        else:
            signal.default_int_handler(signal.SIGINT, frame)

    def _unraisable(self, ignored: UnraisableHookArgs) -> None:
        if not issubclass(ignored.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(ignored)


def _is_importing_torch(frame: FrameType | None) -> bool:
    """Return whether a module of torch is being run for the first time, in this frame or in one that waits for it."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__", "").partition(".")[0] == "torch":
            return True
        frame = frame.f_back
    return False


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; without `arguments`, those of this process."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    interruption = Interruption()
    if arguments is None:
        interruption.watch()
    try:
        code = _run(words)
        interruption.ignore()
    except Exception as error:  # noqa: BLE001  the one place that turns errors into exit codes
        interruption.ignore()
        code = _report_interruption(error, words) if interruption.happened else _report_error(error, words)
    except KeyboardInterrupt as error:
        interruption.ignore()
        code = _report_interruption(error, words)
    sys.exit(code)


def _run(arguments: Sequence[str]) -> int:
    # Not click's own main: it prints an empty line when interrupted, and takes exit code 1 for a pipe that closed.
    instruction = os.environ.get(_COMPLETION)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(group, {}, "memprof", _COMPLETION, instruction)
    try:
        with group.make_context("memprof", list(arguments)) as context:
            group.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except SystemExit:  # rich's answer to a reader that left; a model's own becomes a ModelError
        return 0
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()
    return 0


def _report_error(error: Exception, arguments: Sequence[str]) -> int:
    if isinstance(error, OSError) and error.filename is None and error.errno in (errno.EPIPE, *_FULL):
        return _report_output_error(error, arguments)
    _print_traceback(error, arguments)
    return _fail(_message(error, arguments))


def _report_output_error(error: OSError, arguments: Sequence[str]) -> int:
    # What is left has nowhere to go; Python would try again at exit.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:  # the reader has seen enough
        return 0
    _print_traceback(error, arguments)
    return _fail(f"cannot write to standard output: {error.strerror}; send it somewhere else")


def _message(error: Exception, arguments: Sequence[str]) -> str:
    if isinstance(error, click.UsageError):
        named = next((name for name in COMMANDS if name in arguments), "")
        command = error.ctx.command_path if error.ctx else f"memprof {named}".rstrip()
        message = error.format_message()
        return f"{message[:1].lower()}{message[1:].rstrip('.')}; see `{command} --help`"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, ModelError) and error.__cause__ is not None and "--debug" not in arguments:
        return f"{error}; --debug shows the traceback"
    if isinstance(error, MemprofError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"cannot use {os.fsdecode(error.filename)!r}: {error.strerror}; check that name"
    fault = "this is a fault of memprof, please report it with what --debug says"
    return f"unexpected {type(error).__name__}: {error}; {fault}"


def _report_interruption(error: BaseException, arguments: Sequence[str]) -> int:
    _print_traceback(error, arguments)
    return _fail("interrupted; no file was left half-written")


def _print_traceback(error: BaseException, arguments: Sequence[str]) -> None:
    if "--debug" in arguments:
        import traceback

        traceback.print_exception(error)


def _fail(message: str) -> int:
    text = "".join(mark if mark.isprintable() else ascii(mark).strip("'\"") for mark in " ".join(message.split()))
    first = "error: " if os.environ.get("NO_COLOR") else click.style("error: ", fg="red", bold=True)
    click.echo(first + text, err=True)
    return 2
