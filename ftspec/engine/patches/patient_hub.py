"""Makes the client of the Hub patient, and bounds its patience.

Why: huggingface_hub repeats some requests and not others, waits without an end for an answer that
does not come, and after each failure tries again for a minute, for each file. A run needs one bound
over all of it, a word about what it waits for, and an end at Ctrl-C.

How: ``set_client_factory`` is how huggingface_hub lets its client be configured. Of the client,
only ``send`` is replaced, through which everything goes: the user's own proxies, certificates and
hooks stay.

How long: during a run, or a batch of predictions.

When it can go: as soon as the client has a bound on all attempts together.
"""

from __future__ import annotations

import json
import random
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from types import FrameType
from typing import Any

from huggingface_hub import set_client_factory
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.utils import _http, httpx, parse_ratelimit_headers

from ftspec.engine.progress.patience import Patience, Wait, WaitingStoppedError, seconds_of_patience
from ftspec.engine.progress.run_log import Note
from ftspec.errors import causes_of
from ftspec.hub_faults import HubFaultError
from ftspec.stopping import STOP_SIGNALS

_BUSY = (408, 429, 500, 502, 503, 504)
_SMALL = 10 << 20
"""The client resumes a larger body by itself, but only after each ten megabytes."""

_QUICK = 5.0
_READ_SECONDS = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 16.0
_WITH_BODY = (200, 206)


class HubUnreachableError(HubFaultError, OfflineModeIsEnabled):
    """A host was given up. The libraries take it as offline mode, and look into the cache."""

    helps = (
        "try again later, or fill the cache first: with HF_HUB_OFFLINE=1 a run uses nothing else",
        "FTSPEC_HUB_PATIENCE says for how many seconds a run waits",
    )


@contextmanager
def patient_hub(note: Note) -> Iterator[Patience]:
    """Inside, requests to the Hub are repeated for as long as the patience lasts. ``note`` gets
    what is waited for.

    Raises:
        RunError: the environment says no valid bound.
    """
    patience = Patience(note, seconds_of_patience())
    make_client: Callable[[], Any] = _http._GLOBAL_CLIENT_FACTORY

    def make_patient() -> Any:
        client = make_client()
        client.send = _PatientSend(client.send, patience)
        return client

    set_client_factory(make_patient)
    try:
        with _stopped_by_signals(patience):
            yield patience
    finally:
        patience.stop()
        set_client_factory(make_client)


@contextmanager
def _stopped_by_signals(patience: Patience) -> Iterator[None]:
    """A signal that ends the run ends the waiting in all threads: the main thread would wait for
    those that download."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous: dict[int, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        try:
            previous[number](number, frame)
        except BaseException:
            patience.stop()
            raise

    for number in STOP_SIGNALS | {signal.SIGINT}:
        before = signal.getsignal(number)
        if callable(before):
            previous[number] = before
            signal.signal(number, handle)
    try:
        yield
    finally:
        for changed, before in previous.items():
            signal.signal(changed, before)


class _PatientSend:
    """``Client.send``, with repetitions."""

    def __init__(self, send: Callable[..., Any], patience: Patience) -> None:
        self._send = send
        self._patience = patience

    def __call__(self, request: Any, *, stream: bool = False, **options: Any) -> Any:
        if _is_optional(request):
            return self._try(request, stream=stream, **options)
        host = str(request.url.copy_with(path="/", query=None, fragment=None)).rstrip("/")
        if (reason := self._patience.given_up(host)) is not None:
            raise HubUnreachableError(f"{host} {reason}")
        wait = self._patience.wait_for(host, f"{request.method} {host}{request.url.path}")
        while True:
            response, reason, pause = self._attempt(request, wait, stream, options)
            if response is not None:
                return response
            wait.fail(reason)
            if pause is None:
                pause = self._pause(wait.failures)
            elif pause > wait.left:
                asks = f"{reason} and asks to wait for {pause:.0f} seconds, which is too long"
                raise HubUnreachableError(f"{host} {wait.give_up(asks)}")
            if wait.left <= 0:
                raise HubUnreachableError(f"{host} {wait.give_up()}")
            wait.sleep(min(pause, wait.left))

    def _pause(self, failures: int) -> float:
        """The seconds before the next attempt, at random, so that many runs come one by one."""
        first = min(_FIRST_PAUSE, self._patience.bound / 20)
        longest: float = min(first * 2 ** (failures - 1), _LONGEST_PAUSE)
        return random.uniform(0.5, 1.0) * longest

    def _try(self, request: Any, **options: Any) -> Any:
        """Send what a library can do without: once, and not for long."""
        timed = _timed(request, _QUICK, _QUICK)
        wait = Wait(self._patience, request.url.host, "", _QUICK)
        try:
            return wait.work(lambda: self._send(timed, **options), lambda late: late.close())
        except TimeoutError:
            raise httpx.ConnectTimeout("no answer", request=request) from None

    def _attempt(
        self, request: Any, wait: Wait, stream: bool, options: dict[str, Any]
    ) -> tuple[Any, str, float | None]:
        """A response, or why there is none and how long the host asks to wait."""
        quiet = min(_READ_SECONDS, max(self._patience.bound / 4, 0.1))
        if request.method == "POST":
            quiet = max(wait.left, quiet)  # the Hub may need long for a large commit
        timed = _timed(request, min(10.0, self._patience.bound / 4), quiet)
        is_repeatable = isinstance(request.stream, httpx.ByteStream)
        if not is_repeatable:
            timed.stream = _WatchedUpload(request.stream, wait)

        def exchange() -> Any:
            response = self._send(timed, stream=True, **options)
            response.stream = body = _WatchedBody(response, wait, self._patience)
            if not stream or response.status_code in _BUSY or _is_small(response):
                response.read()
            body.is_handed_on = True
            return response

        try:
            response = wait.work(exchange, lambda late: late.close())
        except TimeoutError:
            raise HubUnreachableError(f"{wait.host} {wait.give_up()}") from None
        except httpx.ConnectError as error:
            if _is_about_certificates(error):
                raise HubUnreachableError(f"{wait.host} {_reason(error)}") from error
            return None, _reason(error), None
        except (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError) as error:
            if not is_repeatable:
                wait.fail(_reason(error))
                if wait.left <= 0:
                    raise HubUnreachableError(f"{wait.host} {wait.give_up()}") from error
                raise  # the client rewinds its file, and repeats
            return None, _reason(error), None
        if response.status_code in _BUSY:
            if not is_repeatable:
                wait.fail(f"answers with {response.status_code}")
                if wait.left <= 0:
                    raise HubUnreachableError(f"{wait.host} {wait.give_up()}")
                return response, "", None
            return None, f"answers with {response.status_code}", _asked_pause(response.headers)
        if (flaw := _flaw(request, response)) is not None:
            return None, flaw, None
        if response.is_closed or response.status_code not in _WITH_BODY:
            wait.succeed()
        return response, "", None


class _WatchedBody(httpx.SyncByteStream):
    """The body of a response, whose bytes are progress, and which ends when the run does.

    Attributes:
        is_handed_on: whether it is the client that reads it, and resumes.
    """

    def __init__(self, response: Any, wait: Wait, patience: Patience) -> None:
        self._inner = response.stream
        self._wait = wait
        self._patience = patience
        self._first = _first_byte(response)
        self.is_handed_on = False
        self._is_wanted = response.status_code in _WITH_BODY
        connection = response.extensions.get("network_stream")
        found = None if connection is None else connection.get_extra_info("socket")
        patience.at_stop(id(self), None if found is None else lambda: _shut(found))

    def __iter__(self) -> Iterator[bytes]:
        reached = self._first
        try:
            for chunk in self._inner:
                if self._patience.stopped.is_set():
                    raise WaitingStoppedError("the run ends")
                reached += len(chunk)
                if self._is_wanted:
                    self._wait.advance(reached)
                yield chunk
        except httpx.NetworkError as error:
            if self._patience.stopped.is_set():
                raise WaitingStoppedError("the run ends") from None
            self._give_up_or_fail(error)
            # the client resumes after this one, and not after a reset
            raise httpx.RemoteProtocolError(str(error)) from error
        except (httpx.TimeoutException, httpx.RemoteProtocolError) as error:
            self._give_up_or_fail(error)
            raise
        if self._is_wanted:
            self._wait.succeed()

    def _give_up_or_fail(self, error: Exception) -> None:
        if not self.is_handed_on:
            return  # the attempt is not over, and will fail
        self._wait.fail(_reason(error))
        if self._wait.left <= 0:
            raise HubUnreachableError(f"{self._wait.host} {self._wait.give_up()}") from error

    def close(self) -> None:
        self._patience.at_stop(id(self), None)
        self._inner.close()


class _WatchedUpload(httpx.SyncByteStream):
    """The body of a request, whose bytes are progress."""

    def __init__(self, inner: Any, wait: Wait) -> None:
        self._inner = inner
        self._wait = wait

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        for chunk in self._inner:
            yield chunk
            sent += len(chunk)
            self._wait.advance(sent)


def _is_optional(request: Any) -> bool:
    """Whether a library asks for something that it can do without."""
    return bool(
        request.url.host.startswith("datasets-server.")
        or request.url.host == "s3.amazonaws.com"
        or request.url.path == "/api/agent-harnesses"
    )


def _timed(request: Any, connect: float, quiet: float) -> Any:
    """The request with bounded time-outs; what the caller wants shorter stays."""
    given = request.extensions.get("timeout") or {}
    longest = {"connect": connect, "pool": connect, "read": quiet, "write": quiet}
    timeout = {name: min(given.get(name) or most, most) for name, most in longest.items()}
    request.extensions = {**request.extensions, "timeout": timeout}
    return request


def _is_small(response: Any) -> bool:
    length = response.headers.get("Content-Length", "")
    return length.isdigit() and int(length) <= _SMALL


def _first_byte(response: Any) -> int:
    """Where in the file a body begins: "bytes 5-9/10" at 5."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else 0


def _flaw(request: Any, response: Any) -> str | None:
    """What is wrong with an answer of the API that says it is well.

    Raises:
        HubUnreachableError: it is a page for people.
    """
    is_api = request.url.path.startswith("/api/") and request.method == "GET"
    if not is_api or response.status_code != 200 or not response.is_closed:
        return None
    try:
        json.loads(response.content)
    except ValueError:
        if "html" in response.headers.get("Content-Type", ""):
            raise HubUnreachableError(
                f"{request.url.scheme}://{request.url.netloc.decode()} answers with a web page "
                "instead of data: a proxy or a log-in page is in between"
            ) from None
        return "answers with damaged data"
    return None


def _asked_pause(headers: Any) -> float | None:
    """The seconds that the Hub asks to wait, as a number, a date, or the end of its window."""
    window = parse_ratelimit_headers(headers)
    if window is not None and window.remaining == 0:
        return window.reset_in_seconds + 1.0
    written = headers.get("Retry-After", "").strip()
    if written.isdigit():
        return max(_FIRST_PAUSE, float(written))
    with suppress(ValueError):
        return max(_FIRST_PAUSE, parsedate_to_datetime(written).timestamp() - time.time())
    return None


def _is_about_certificates(error: BaseException) -> bool:
    return any(isinstance(one, ssl.SSLError) for one in causes_of(error))


def _reason(error: BaseException) -> str:
    """What is wrong, after the name of the host."""
    if _is_about_certificates(error):
        cause = next(one for one in causes_of(error) if isinstance(one, ssl.SSLError))
        return f"makes no secure connection ({cause.reason or cause})"
    if any(isinstance(one, socket.gaierror) for one in causes_of(error)):
        return "is not known by name"
    if isinstance(error, httpx.ConnectTimeout):
        return "cannot be reached"
    if isinstance(error, httpx.TimeoutException):
        return "does not answer"
    if isinstance(error, httpx.ConnectError):
        return "refuses the connection"
    return "breaks off the connection"


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
