"""What a plan asks for that splits a model over processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ftspec.planning.plan import Plan
from ftspec.spec.training_shapes import is_json_text

_MOST_BYTES = 1_000_000

Sharder = Literal["fsdp", "deepspeed"]


def sharders_of(plan: Plan) -> tuple[Sharder, ...]:
    """What splits the model, in the order of the arguments: usually nothing or one."""
    names: tuple[Sharder, ...] = ("fsdp", "deepspeed")
    return tuple(name for name in names if plan.training.get(name))


def settings_of(plan: Plan, name: str) -> Mapping[str, Any]:
    """The mapping of ``fsdp_config`` or ``deepspeed``, also from a file; empty where there is none
    or it cannot be read, which another check reports."""
    written = plan.training.get(name)
    try:
        if isinstance(written, str):
            text = written
            if not is_json_text(written):
                path = Path(written)
                if not path.is_file() or path.stat().st_size > _MOST_BYTES:
                    return {}
                text = path.read_text(encoding="utf-8")
            written = json.loads(text)
    except (OSError, ValueError, RecursionError):
        return {}
    return written if isinstance(written, Mapping) else {}
