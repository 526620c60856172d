"""An HTTP answer of the loopback Hub before it goes on the wire, and the form of a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: a JSON document, or a file to send in whole or in part."""

    status: int = 200
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    file: Path | None = None


def refusal(status: int, code: str, message: str, commit: str = "") -> Answer:
    """An error as the clients read it: they tell errors apart by X-Error-Code alone."""
    headers = {"X-Error-Message": message}
    if code:
        headers["X-Error-Code"] = code
    if commit:
        # With the commit a client may remember that this file doesn't exist there.
        headers["X-Repo-Commit"] = commit
    return Answer(status, {"error": message}, headers)
