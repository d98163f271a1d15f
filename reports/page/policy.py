"""The page's Content-Security-Policy: nothing runs and nothing is loaded but what the page itself holds."""

from __future__ import annotations

import base64
import hashlib


def policy(style: str, script: str = "") -> str:
    """Return the policy of a page with one style sheet and at most one script, which it knows by their hashes.

    Pictures may lie in the page as data. Everything else is refused: requests, frames, forms, and the style attributes
    and handlers that a hostile name would need.
    """
    rules = [
        "default-src 'none'",
        f"style-src {_hash(style)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if script:
        rules.insert(1, f"script-src {_hash(script)}")
    return "; ".join(rules)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
