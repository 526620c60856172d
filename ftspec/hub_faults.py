"""What went wrong at the Hub, said in one line, with what to do. Imports no library.

The libraries wrap an error of the Hub in others, some of which guess wrongly. It is still in the
chain of causes, and says what happened.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ftspec.errors import causes_of


@dataclass(frozen=True)
class HubFault:
    """What went wrong.

    Attributes:
        headline: in one line, without a token.
        helps: what to do.
        is_about_revision: whether another revision is needed, and not another name.
    """

    headline: str
    helps: tuple[str, ...] = ()
    is_about_revision: bool = False


class HubFaultError(OSError):
    """An error that knows what to do. Subclasses say what happened."""

    helps: tuple[str, ...] = ()


def explain_hub(
    error: BaseException, name: str, revision: str | None = None, kind: str = "model"
) -> HubFault | None:
    """What went wrong when a ``model``, ``dataset`` or ``space`` was read from the Hub.

    Args:
        error: the error of a library.
        name: the name of the repository.
        revision: the revision that was asked for.
        kind: what the repository has.

    Returns:
        the last error of the Hub among the causes, or ``None`` if there is none.
    """
    faults = (_explain(one, name, revision, kind) for one in causes_of(error))
    return next((fault for fault in faults if fault is not None), None)


def _explain(error: BaseException, name: str, revision: str | None, kind: str) -> HubFault | None:
    names = {one.__name__ for one in type(error).__mro__}
    if isinstance(error, HubFaultError):
        return HubFault(f'cannot load "{name}": {error}', error.helps)
    if "GatedRepoError" in names:
        return _gated(error, name, kind)
    if "DisabledRepoError" in names:
        return HubFault(f'the {kind} "{name}" is disabled on the Hub', ("use another one",))
    if "RevisionNotFoundError" in names:
        helps = (f"its branches and tags are listed at {_page(name, kind)}/tree/main",)
        return HubFault(f'"{name}" has no revision "{revision or "main"}"', helps, True)
    if "RepositoryNotFoundError" in names:
        return _missing(error, name, kind)
    if "RemoteEntryNotFoundError" in names:
        return HubFault(
            f'"{name}" has no file "{_file(error)}"',
            (f"its files are listed at {_page(name, kind)}/tree/{revision or 'main'}",),
        )
    if "HfHubHTTPError" in names:
        return _refused(error, name, kind)
    if "FileMetadataError" in names:
        return HubFault(
            f'cannot load "{name}": what answers at {_endpoint()} is not a Hub',
            ("check HF_ENDPOINT, and whether a proxy or a log-in page is in between",),
        )
    if "TooManyRedirects" in names:
        return HubFault(
            f'cannot load "{name}": {_endpoint()} redirects in a circle',
            ("check HF_ENDPOINT, and whether a proxy or a log-in page is in between",),
        )
    return None


def _gated(error: BaseException, name: str, kind: str) -> HubFault:
    page = _page(name, kind)
    if _has_token(error):
        return HubFault(
            f'the {kind} "{name}" is gated, and your token has no access to it',
            (f"ask for access at {page}, with the account of your token",),
        )
    return HubFault(
        f'the {kind} "{name}" is gated: it needs a token',
        (f'accept its terms at {page}, then log in with "hf auth login" or set HF_TOKEN',),
    )


def _missing(error: BaseException, name: str, kind: str) -> HubFault:
    if _is_wrong_token(error):
        return _wrong_token(name)
    with_token = "your token has no access to it" if _has_token(error) else "it is private or gated"
    helps = (
        f"check its name at {_page(name, kind)}; for a private {kind}, "
        + ("use a token that may read it" if _has_token(error) else 'log in with "hf auth login"'),
    )
    return HubFault(f'there is no {kind} "{name}" on the Hub, or {with_token}', helps)


def _refused(error: BaseException, name: str, kind: str) -> HubFault | None:
    status = _status(error)
    if status == 401:
        return _wrong_token(name)
    if status == 403:
        return HubFault(
            f'the Hub refuses to give the {kind} "{name}" (403)',
            ("use a token that may read it, and check what a fine-grained token allows",),
        )
    if status is None:
        return None
    return HubFault(
        f'cannot load "{name}": the Hub answers with {status}',
        ("try again later, or use a local folder",),
    )


def _wrong_token(name: str) -> HubFault:
    where = "HF_TOKEN" if os.environ.get("HF_TOKEN") else "the token on this machine"
    return HubFault(
        f'cannot load "{name}": the Hub refuses {where}',
        ('write a valid token there, or log in again with "hf auth login"',),
    )


def _status(error: BaseException) -> int | None:
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    return status


def _is_wrong_token(error: BaseException) -> bool:
    headers = getattr(getattr(error, "response", None), "headers", {})
    return "invalid credentials" in str(headers.get("X-Error-Message", "")).lower()


def _has_token(error: BaseException) -> bool:
    request = getattr(getattr(error, "response", None), "request", None)
    return bool(getattr(request, "headers", {}).get("authorization"))


def _file(error: BaseException) -> str:
    request = getattr(getattr(error, "response", None), "request", None)
    path = urlsplit(str(getattr(request, "url", ""))).path
    after = path.partition("/resolve/")[2].partition("/")[2]
    return unquote(after) or path


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def _page(name: str, kind: str) -> str:
    return f"{_endpoint()}/{name}" if kind == "model" else f"{_endpoint()}/{kind}s/{name}"
