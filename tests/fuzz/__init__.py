"""Hostile files, replayed and searched for: each gives a record or a MemprofError."""

from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.name for path in CORPUS.iterdir())
"""The targets, each with a folder of files that it begins with."""
