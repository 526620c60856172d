"""Isolation: catches what the code of a plugin raises or prints."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from types import TracebackType

from ftspec.registry.registry import Plugin


class Isolation:
    """Runs the ``with`` block in isolation: an exception ends only the block, and its output is
    captured.

    ``KeyboardInterrupt`` comes from the user and propagates, with a note about the plugin.

    Attributes:
        error: the exception.
        output: the captured output.
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
    """An exception on one line, with the line of the plugin that raised it, if known.

    Even reading the text of an exception may raise.
    """
    try:
        # later paragraphs are advice to the author, as in errors of pydantic
        text = " ".join(str(error).partition("\n\n")[0].split())
    except Exception:
        text = "(its text cannot be shown)"
    name = type(error).__name__
    place = _place_in(plugin, error)
    return f"{name}: {text}".rstrip(": ") + (f" ({place})" if place else "")


def plugin_at_fault(error: BaseException, plugins: Iterable[Plugin]) -> Plugin | None:
    """The plugin whose code raised; ``None`` for ftspec and code that neither of them called."""
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
    """The modules and lines in the traceback of an exception, and then of its cause."""
    while error is not None:
        traceback = error.__traceback__
        while traceback is not None:
            yield str(traceback.tb_frame.f_globals.get("__name__", "")), traceback.tb_lineno
            traceback = traceback.tb_next
        error = error.__cause__
