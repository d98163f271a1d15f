"""The measuring processes as seen from outside: started, ordered about, and ended, whatever happens."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from memprof.errors import GateError
from memprof.gate.measured.plan import Plan
from memprof.gate.measured.protocol import Answer, Order, Side, to_answer, to_line

_MODULE = "memprof.gate.measured.worker"
_LONGEST_LINE = 300


class MeasuringError(GateError):
    """A measuring process that died, did not answer, or whose model failed."""


class Process:
    """One measuring process; `name` is how errors call its side, `log` where its standard error goes.

    It is started by entering, answers `ready` once, then one answer to each order, and is killed by leaving. It never
    sees a Ctrl-C: whoever waits for it does. When that one is gone, it ends.
    """

    def __init__(self, name: str, side: Side, plan: Plan, log: Path) -> None:
        self._name = name
        self._side = side
        self._plan = plan
        self._log = log
        self._pending = b""

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE, to_line(self._side).decode().strip()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                bufsize=0,
                env={**os.environ, **self._plan.environment()},
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def send(self, order: Order) -> None:
        """Send an order; `receive` has the answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(to_line(order))
        except BrokenPipeError as error:
            raise self._death() from error

    def receive(self) -> Answer:
        """Wait for an answer; MeasuringError where it is an error, or none comes."""
        line = self._line()
        try:
            answer = to_answer(line)
        except ValueError as error:
            raise MeasuringError(f"{self._name}: the measuring process answers nonsense: {line[:80]!r}") from error
        if answer.error:
            raise MeasuringError(f"{self._name}: {answer.error}")
        if not all(math.isfinite(seconds) and seconds > 0 for seconds in answer.seconds):
            raise MeasuringError(f"{self._name}: a step took {min(answer.seconds)} seconds, which cannot be")
        return answer

    def ask(self, order: Order) -> Answer:
        """Send an order and wait for the answer."""
        self.send(order)
        return self.receive()

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        deadline = time.monotonic() + self._plan.answer_seconds
        while b"\n" not in self._pending:
            ready, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise MeasuringError(
                    f"{self._name}: the measuring process has not answered for {self._plan.answer_seconds:g} seconds",
                    "measure a smaller model or batch",
                )
            read = os.read(output, 1 << 16)
            if not read:
                raise self._death()
            self._pending += read
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _death(self) -> MeasuringError:
        code = self._process.wait()
        if code < 0:
            how = f"killed by {signal.Signals(-code).name}" + (" (out of memory?)" if -code == signal.SIGKILL else "")
        else:
            how = f"exit code {code}"
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((" ".join(line.split()) for line in reversed(lines) if line.strip()), "")
        return MeasuringError(
            f"{self._name}: the measuring process died, {how}{f': {last[:_LONGEST_LINE]}' if last else ''}"
        )
