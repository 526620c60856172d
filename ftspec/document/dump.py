"""Plain data to YAML 1.2 text, which the parser reads back unchanged."""

from __future__ import annotations

from typing import Any

import yaml

from ftspec.document.scalars import resolve_plain
from ftspec.span import LINE_BREAK


def dump(value: Any) -> str:
    """The YAML text of mappings, lists and scalars."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 reads as a number: PyYAML writes ``7e12345`` without quotes, which is a
    string only in YAML 1.1."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_plain = isinstance(resolve_plain(text), str) and not LINE_BREAK.search(text)
    style = None if is_plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_string)
