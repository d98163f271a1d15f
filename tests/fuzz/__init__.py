"""Hostile files, replayed: each gives a record or a MemprofError."""
