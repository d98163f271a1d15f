"""What the terminal text of every prediction keeps to."""

from __future__ import annotations


def assert_fits(text: str, width: int) -> None:
    """Hold a plain text against its width; it must say that it predicts."""
    assert all(len(line) <= width for line in text.splitlines())
    assert "\x1b" not in text
    assert "predicted, not measured" in " ".join(text.split())
