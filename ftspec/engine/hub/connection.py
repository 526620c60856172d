"""Whether the Hub can be reached, tested once, before any library that uses it is imported.

A Hub that refuses connections costs 23 seconds for each dataset and 46 for each tokenizer, even
if everything is in the cache. Offline mode costs nothing. huggingface_hub reads the setting when it
is imported.
"""

from __future__ import annotations

import os
import socket
import threading
from urllib.parse import urlsplit

from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.spec.base import is_local

_SECONDS = 5.0
_DEFAULT_ENDPOINT = "https://huggingface.co"
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")


def prepare_connection(plan: Plan) -> str | None:
    """Set offline mode if the plan needs no Hub, or the Hub cannot be reached.

    Returns a note for the user, or ``None``.
    """
    # it is a request to another host for each dataset, of up to 20 seconds if names do not resolve
    os.environ.setdefault("HF_UPDATE_DOWNLOAD_COUNTS", "0")
    if os.environ.get("HF_HUB_OFFLINE"):
        return None
    if not needs_hub(plan):
        os.environ["HF_HUB_OFFLINE"] = "1"
        return None
    endpoint = os.environ.get("HF_ENDPOINT", _DEFAULT_ENDPOINT)
    if any(os.environ.get(name) for name in _PROXIES) or _answers(endpoint):
        return None
    os.environ["HF_HUB_OFFLINE"] = "1"
    return f"the Hub at {endpoint} cannot be reached: working from the cache"


def needs_hub(plan: Plan) -> bool:
    """Whether a plan reads anything from the Hub, or pushes to it."""
    checkpoints = (plan.model.checkpoint, getattr(plan.tokenizer.config, "checkpoint", None))
    return (
        any(_is_on_hub(checkpoint) for checkpoint in checkpoints)
        or any(_uses_hub(planned) for planned in plan.components)
        or bool(plan.training.get("push_to_hub"))
    )


def _is_on_hub(checkpoint: str | None) -> bool:
    return (
        checkpoint is not None
        and not is_local(checkpoint)
        and not checkpoint.startswith("package:")
    )


def _uses_hub(planned: PlannedComponent) -> bool:
    return planned.component.uses_hub or any(_uses_hub(c) for c in planned.children.values())


def _answers(endpoint: str) -> bool:
    """Whether a server answers there. It runs in a thread, since name lookups ignore time-outs."""
    parts = urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    answered = threading.Event()

    def connect() -> None:
        try:
            with socket.create_connection((parts.hostname or "", port), timeout=_SECONDS):
                answered.set()
        except OSError:
            pass

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_SECONDS)
    return answered.is_set()
