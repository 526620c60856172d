"""What a plan asks for that splits a model over processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ftspec.planning.plan import Plan
from ftspec.planning.settings_files import UnreadableSettingsError, read_settings
from ftspec.spec.training_shapes import is_json_text

Sharder = Literal["fsdp", "deepspeed"]


def sharders_of(plan: Plan) -> tuple[Sharder, ...]:
    """What splits the model, in the order of the arguments: usually nothing or one."""
    names: tuple[Sharder, ...] = ("fsdp", "deepspeed")
    return tuple(name for name in names if plan.training.get(name))


def settings_of(plan: Plan, name: str) -> Mapping[str, Any]:
    """The mapping of ``fsdp_config`` or ``deepspeed``, also from a file; empty where there is none
    or it cannot be read, which another check reports."""
    written = plan.training.get(name)
    if isinstance(written, str):
        try:
            is_text = is_json_text(written)
            written = json.loads(written) if is_text else read_settings(Path(written))
        except (OSError, ValueError, RecursionError, UnreadableSettingsError):
            return {}
    return written if isinstance(written, Mapping) else {}
