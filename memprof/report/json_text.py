"""Records as JSON that people may read, too."""

from __future__ import annotations

import msgspec


def indented_json(record: object) -> bytes:
    """Return a record as JSON in UTF-8, indented by two spaces and ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
