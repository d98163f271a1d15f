"""Hypothesis for the whole suite: no deadline, since the first call of a torch operator is slow; repeatable in CI."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("memprof", deadline=None)
settings.register_profile("memprof-ci", deadline=None, derandomize=True)
settings.load_profile("memprof-ci" if os.environ.get("CI") else "memprof")
