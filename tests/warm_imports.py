"""Imported by the process that forks, and by no other: tests/warm.py says what for."""

from tests.warm import import_everything

import_everything()
