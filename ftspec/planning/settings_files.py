"""The JSON files that training arguments name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.training import JSON_FILES
from ftspec.spec.training_shapes import is_json_text

_MOST_BYTES = 1_000_000


class UnreadableSettingsError(Exception):
    """What is wrong with a file, as the end of a sentence."""


def settings_files(plan: Plan) -> Iterator[tuple[SpecPath, str]]:
    """Each path with its place in the spec."""
    for name in JSON_FILES:
        value = plan.training.get(name)
        if isinstance(value, str) and not is_json_text(value):
            yield ("training", name), value


def read_settings(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        FileNotFoundError: there is no file.
        UnreadableSettingsError: it has no JSON object.
    """
    try:
        if not path.exists():
            raise FileNotFoundError(path)
        if not path.is_file():
            raise UnreadableSettingsError("is not a file")
        if path.stat().st_size > _MOST_BYTES:
            raise UnreadableSettingsError("is larger than 1 MB")
        read = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        said = f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}"
        raise UnreadableSettingsError(said) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableSettingsError("is not JSON in UTF-8") from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableSettingsError("cannot be read") from error
    if not isinstance(read, dict):
        raise UnreadableSettingsError("has no JSON object")
    return read
