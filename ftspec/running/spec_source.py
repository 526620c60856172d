"""A spec as a Python program gives it: a path, or a mapping. Both become text, whose places the
findings name."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ftspec.confinement import confinement_of
from ftspec.diagnostics.model import Collector
from ftspec.document.dump import dump
from ftspec.document.load import LARGEST, decode_source, read_source
from ftspec.document.paths import SpecPath, format_path
from ftspec.errors import UsageError
from ftspec.span import SourceText

NAME_OF_MAPPING = "<spec>"
"""What findings call the text of a mapping."""

_ONLY_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")

Spec = str | os.PathLike[str] | Mapping[str, Any]


def read_spec_file(path: Path, found: Collector) -> SourceText | None:
    """The text of a spec in a file, or a finding."""
    confinement = confinement_of(path.absolute().parent)
    problem = confinement.problem(path.absolute())
    if problem is not None:
        found.error("outside-root", f'"{path}" {problem}', None, *confinement.helps)
        return None
    return read_source(path, found)


def source_of(spec: Spec, found: Collector) -> SourceText | None:
    """The text of a spec, or a finding. Paths in a mapping start from the current folder, as those
    of a spec from the standard input.

    Raises:
        UsageError: it is neither a path nor a mapping, or a value in it has no place in YAML.
    """
    if isinstance(spec, Mapping):
        try:
            text = dump(_with_exponents(_plain(spec, ())))
        except RecursionError:
            raise UsageError("the spec contains itself, or is nested too deeply") from None
        return decode_source(NAME_OF_MAPPING, text.encode("utf-8", "replace")[: LARGEST + 1], found)
    if not isinstance(spec, (str, os.PathLike)):
        raise UsageError(f"a spec is a path or a mapping, not {_kind(spec)}")
    written = os.fspath(spec)
    if not isinstance(written, str) or "\n" in written:
        raise UsageError("a spec is a path or a mapping; read a text with yaml.safe_load first")
    return read_spec_file(Path(written), found)


def written_overrides(overrides: Mapping[str, Any] | None) -> tuple[str, ...]:
    """``{"training.max_steps": 10}`` as the ``path=value`` of ``--set``.

    Raises:
        UsageError: it is no mapping of paths to values.
    """
    if overrides is None:
        return ()
    if not isinstance(overrides, Mapping):
        raise UsageError(
            'overrides are a mapping, such as {"training.max_steps": 10}, not ' + _kind(overrides)
        )
    return tuple(_override(path, value) for path, value in overrides.items())


def _override(path: Any, value: Any) -> str:
    if not isinstance(path, str) or not path or "=" in path or "\n" in path:
        raise UsageError(
            f'"{path}" is no path of a value; write, for example, "training.max_steps"'
        )
    plain = _plain(value, (path,))
    shown = plain if _is_word(plain) else json.dumps(plain, ensure_ascii=False)
    for name, word in (("NaN", ".nan"), ("-Infinity", "-.inf"), ("Infinity", ".inf")):
        shown = word if shown == name else shown
    return f"{path}={shown}"


def _is_word(value: Any) -> bool:
    """Whether a text needs no quotes in YAML."""
    return isinstance(value, str) and dump(value).removesuffix("\n...\n") == value


def _plain(value: Any, at: SpecPath) -> Any:
    """A value of mappings, lists and scalars.

    Raises:
        UsageError: it is none.
    """
    if value is None or isinstance(value, bool):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)  # of a subclass, such as a number of numpy
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise UsageError(f"{_place(at)} has the key {key!r}, which is {_kind(key)}")
        return {key: _plain(inner, (*at, key)) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(inner, (*at, index)) for index, inner in enumerate(value)]
    raise UsageError(
        f"{_place(at)} is {_kind(value)}; a spec has mappings, lists, texts, numbers, booleans "
        "and null"
    )


def _with_exponents(value: Any) -> Any:
    """The value, with the numbers that ``yaml.safe_load`` reads as texts: it follows YAML 1.1, in
    which 2e-5 is one. In a spec it is a number."""
    if isinstance(value, dict):
        return {key: _with_exponents(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_exponents(inner) for inner in value]
    if isinstance(value, str) and _ONLY_EXPONENT.fullmatch(value):
        return float(value) if isinstance(yaml.safe_load(value), str) else value
    return value


def _place(at: SpecPath) -> str:
    return f'"{format_path(at)}"' if at else "the spec"


def _kind(value: Any) -> str:
    kind = type(value)
    name = kind.__qualname__
    return f"of type {name if kind.__module__ == 'builtins' else f'{kind.__module__}.{name}'}"
