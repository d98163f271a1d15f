"""What holds for the whole suite.

Hypothesis has no deadline, since the first call of a torch operator is slow, and is repeatable in CI. Ctrl-C reaches
what tests start, also where the suite itself was started to ignore it, as a shell's `&` does: children inherit that.
"""

from __future__ import annotations

import os
import signal

from hypothesis import settings

settings.register_profile("memprof", deadline=None)
settings.register_profile("memprof-ci", deadline=None, derandomize=True)
settings.load_profile("memprof-ci" if os.environ.get("CI") else "memprof")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
