"""Whether the Hub can be reached, asked once, while the libraries are imported.

A Hub that refuses connections costs 23 seconds for each dataset and 46 for each tokenizer, even
if everything is in the cache. Offline mode costs nothing. The libraries read the settings when they
are imported. Modules that are already imported get the new values.
"""

from __future__ import annotations

import http.client
import os
import ssl
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.spec.base import is_local

_SECONDS = 5.0
_REST = 1.0
_DEFAULT_ENDPOINT = "https://huggingface.co"
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
_OFFLINE, _COUNTS = "HF_HUB_OFFLINE", "HF_UPDATE_DOWNLOAD_COUNTS"
_TRUE = {"1", "ON", "YES", "TRUE"}
_COPIES = (
    (_OFFLINE, "huggingface_hub.constants", "HF_HUB_OFFLINE"),
    (_OFFLINE, "datasets.config", "HF_HUB_OFFLINE"),
    (_OFFLINE, "datasets.config", "HF_DATASETS_OFFLINE"),
    (_COUNTS, "datasets.config", "HF_UPDATE_DOWNLOAD_COUNTS"),
)
"""Where modules keep what they read of a variable when they were imported."""


@dataclass(frozen=True)
class _Answer:
    """What came of the question: nothing is wrong, or ``reason`` is. The Hub ``is_there`` if it
    took the connection."""

    reason: str = ""
    is_there: bool = True


class Connection:
    """The connection of one run. What an earlier run in this process changed is undone first."""

    _current: Connection | None = None

    def __init__(self, plan: Plan) -> None:
        Connection.close_current()
        Connection._current = self
        self._plan = plan
        self._before: dict[str, str | None] = {}
        self._answer: _Answer | None = None
        self._started = time.monotonic()
        self._asking: threading.Thread | None = None
        # it is a request to another host for each dataset, of up to 20 seconds if names do not
        # resolve
        if _COUNTS not in os.environ:
            self._set(_COUNTS, "0")
        if os.environ.get(_OFFLINE) or os.environ.get("TRANSFORMERS_OFFLINE"):
            return  # the user has decided
        if not needs_hub(plan):
            self._set(_OFFLINE, "1")
        elif not any(os.environ.get(name) for name in _PROXIES):
            self._asking = threading.Thread(target=self._ask, name="hub-test", daemon=True)
            self._asking.start()

    @classmethod
    def close_current(cls) -> None:
        """Undo what was changed for the last run of this process."""
        if cls._current is not None:
            cls._current.close()

    def settle(self) -> str | None:
        """Choose offline mode if the Hub is not there, or does not answer and all that is needed is
        in the cache. Call it when the libraries are imported, and before they are used.

        Returns:
            a note for the user, or ``None``.
        """
        if self._asking is None:
            return None
        self._asking.join(max(0.0, self._started + _SECONDS - time.monotonic()))
        answer = self._answer or _Answer("does not answer", is_there=False)
        self._asking = None
        if not answer.reason or (answer.is_there and not _is_cached(self._plan)):
            return None
        self._set(_OFFLINE, "1")
        return f"the Hub at {_endpoint()} {answer.reason}: working from the cache"

    def close(self) -> None:
        """Undo what was changed for this run."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
            _tell_libraries(name)
        self._before = {}
        self._asking = None
        if Connection._current is self:
            Connection._current = None

    def _set(self, name: str, value: str) -> None:
        self._before.setdefault(name, os.environ.get(name))
        os.environ[name] = value
        _tell_libraries(name)

    def _ask(self) -> None:
        """Ask for what the run asks for first; one answer that is an error may be bad luck."""
        path = next(_paths(self._plan), "/")
        while True:
            answer = _ask_once(path, self._started + _SECONDS - time.monotonic())
            is_late = self._started + _SECONDS - time.monotonic() < _REST
            if not answer.reason or not answer.is_there or is_late:
                self._answer = answer
                return
            self._answer = answer
            time.sleep(_REST)


def needs_hub(plan: Plan) -> bool:
    """Whether a plan reads anything from the Hub, or pushes to it."""
    return (
        any(True for _ in _checkpoints(plan))
        or any(True for _ in _users(plan.components))
        or bool(plan.training.get("push_to_hub"))
    )


def _checkpoints(plan: Plan) -> Iterator[tuple[str, str | None]]:
    """The names and revisions of the models on the Hub."""
    config = plan.tokenizer.config
    named = (
        (plan.model.checkpoint, plan.model.revision),
        (getattr(config, "checkpoint", None), getattr(config, "revision", None)),
    )
    for name, revision in named:
        if name is not None and not is_local(name) and not name.startswith("package:"):
            yield name, revision


def _paths(plan: Plan) -> Iterator[str]:
    """The paths of files that a run asks for."""
    for name, revision in _checkpoints(plan):
        yield f"/{quote(name)}/resolve/{quote(revision or 'main', safe='')}/config.json"


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", _DEFAULT_ENDPOINT).rstrip("/")


def _ask_once(path: str, seconds: float) -> _Answer:
    """Ask by HTTP: what takes connections need not be a Hub."""
    parts = urlsplit(_endpoint())
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=max(0.1, seconds))
    try:
        connection.connect()
    except ssl.SSLError as error:
        return _Answer(f"makes no secure connection ({error.reason})", is_there=False)
    except OSError:
        return _Answer("cannot be reached", is_there=False)
    try:
        connection.request("HEAD", parts.path + path)
        status = connection.getresponse().status
    except http.client.BadStatusLine as error:
        is_closed = isinstance(error, http.client.RemoteDisconnected)
        return _Answer("breaks off the connection" if is_closed else "does not speak HTTP")
    except (OSError, http.client.HTTPException):
        return _Answer("does not answer")
    finally:
        connection.close()
    return _Answer(f"answers with {status}" if status >= 500 or status in (408, 429) else "")


def _is_cached(plan: Plan) -> bool:
    """Whether the cache has what the plan needs, as far as can be known without a look at every
    file. A push needs the Hub in any case."""
    if plan.training.get("push_to_hub"):
        return False
    from ftspec.engine.hub.cached import has_dataset, has_model

    if not all(has_model(name, revision) for name, revision in _checkpoints(plan)):
        return False
    users = _users(plan.components)
    return all(has_dataset(getattr(one.config, "path", None)) for one in users)


def _users(components: Iterable[PlannedComponent]) -> Iterator[PlannedComponent]:
    """The components that read from the Hub, and their children that do."""
    for planned in components:
        if planned.component.uses_hub:
            yield planned
        yield from _users(planned.children.values())


def _tell_libraries(name: str) -> None:
    """Give the value of a variable to modules that have read an earlier one."""
    is_true = os.environ.get(name, "").upper() in _TRUE
    if name == _COUNTS and name not in os.environ:
        is_true = True  # the default of datasets
    for variable, module, attribute in _COPIES:
        loaded = sys.modules.get(module)
        if variable == name and loaded is not None and hasattr(loaded, attribute):
            setattr(loaded, attribute, is_true)
