"""Isolation: code of a plugin runs, and whatever it raises or prints stays with it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from types import TracebackType

from ftspec.registry.registry import Plugin


class Isolation:
    """Within the ``with`` block, an exception ends the block alone, and standard output is kept
    for what ftspec itself has to say.

    Only ``KeyboardInterrupt`` goes on, since it is the user's; it carries a note of the plugin.

    Attributes:
        error: what was raised.
        output: what was printed.
    """

    def __init__(self, plugin: Plugin, doing: str) -> None:
        self.error: BaseException | None = None
        self.output = ""
        self._plugin = plugin
        self._doing = doing
        self._stream = io.StringIO()
        self._redirected = redirect_stdout(self._stream)

    def __enter__(self) -> Isolation:
        self._redirected.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._redirected.__exit__(kind, error, traceback)
        self.output = "" if self._stream.closed else self._stream.getvalue()
        if isinstance(error, KeyboardInterrupt):
            error.add_note(f"while the plugin {self._plugin} {self._doing}")
            return False
        self.error = error
        return True


def describe_error(error: BaseException, plugin: Plugin) -> str:
    """An exception on one line, with the line of the plugin that it came from, where there is one.

    Not even its text can be relied on.
    """
    try:
        # what comes after the first paragraph is advice to its author, as pydantic has much of
        text = " ".join(str(error).partition("\n\n")[0].split())
    except Exception:
        text = "(its text cannot be shown)"
    name = type(error).__name__
    place = _place_in(plugin, error)
    return f"{name}: {text}".rstrip(": ") + (f" ({place})" if place else "")


def plugin_at_fault(error: BaseException, plugins: Iterable[Plugin]) -> Plugin | None:
    """The plugin whose code raised; ``None`` where it was ftspec, or code that neither called."""
    plugins = [plugin for plugin in plugins if plugin.module and not plugin.is_builtin]
    culprit = None
    for module, _ in _frames(error):
        owner = next((plugin for plugin in plugins if plugin.owns(module)), None)
        if owner is not None or module.partition(".")[0] == "ftspec":
            culprit = owner
    return culprit


def _place_in(plugin: Plugin, error: BaseException) -> str:
    lines = [f"{module}:{line}" for module, line in _frames(error) if plugin.owns(module)]
    return lines[-1] if lines and plugin.module else ""


def _frames(error: BaseException | None) -> Iterator[tuple[str, int]]:
    """The modules and lines that the exception came through and, below them, its cause."""
    while error is not None:
        traceback = error.__traceback__
        while traceback is not None:
            yield str(traceback.tb_frame.f_globals.get("__name__", "")), traceback.tb_lineno
            traceback = traceback.tb_next
        error = error.__cause__
