"""Imports factories, and reports whether each exists and has the right methods."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Sequence
from typing import Any

Answers = dict[str, dict[str, Any]]
"""By factory: the methods ``lacking``, the module ``missing``, or another ``error``."""


def probe(asked: Sequence[str]) -> Answers:
    """Import each factory. An item is a factory string and, after spaces, its required methods."""
    return {one.partition(" ")[0]: _answer(*one.split()) for one in asked}


def _answer(factory: str, *methods: str) -> dict[str, Any]:
    module, _, attribute = factory.partition(":")
    try:
        made = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        return {"missing": error.name or str(error)}
    except (Exception, SystemExit) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    lacking = [] if callable(made) else ["__call__"]
    if inspect.isclass(made):
        lacking += [name for name in methods if not callable(getattr(made, name, None))]
        lacking += sorted(getattr(made, "__abstractmethods__", ()))
    return {"lacking": lacking}


def main() -> None:
    """Print an answer for each argument, one line of JSON each.

    To stderr, because imported modules may print to stdout.
    """
    for item in probe(sys.argv[1:]).items():
        print(json.dumps(item), file=sys.stderr)
