"""What the values of a field look like, to say what was understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Shape:
    """The shape of the conversations in a field.

    Attributes:
        has_texts: whether a value is a text, which is one message.
        has_json: whether a value is a text of JSON.
        has_parts: whether the text of a message is in parts.
        has_marked_others: whether "train" or "weight" is set on a message that is no answer.
        has_unlearned: whether "train" or "weight" says not to learn an answer.
        names: the keys of role and text in messages.
        roles: roles as they are written, and what they mean.
        keys: keys of messages that only a template may know.
    """

    has_texts: bool = False
    has_json: bool = False
    has_parts: bool = False
    has_marked_others: bool = False
    has_unlearned: bool = False
    names: dict[tuple[str, str], None] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def add(
        self,
        message: Mapping[str, Any],
        role_key: str,
        text_key: str | None,
        role: tuple[str, str],
    ) -> None:
        """Take in one message."""
        if text_key is not None:
            self.names[role_key, text_key] = None
        written, meant = role
        self.roles[written] = meant

    def describe(self) -> str:
        """The shape in words."""
        kinds = ["texts"] if self.has_texts else []
        kinds += [f'messages with "{role}" and "{text}"' for role, text in self.names]
        words = " or ".join(kinds)
        words += ", in texts of JSON" if self.has_json else ""
        words += ", with parts of text" if self.has_parts else ""
        renamed = [f'"{name}" is {role}' for name, role in self.roles.items() if name != role]
        words += f" ({', '.join(renamed)})" if renamed else ""
        if self.has_unlearned:
            words += ', and answers that are not to be learned, by "train" or "weight"'
        return words

    def remarks(self, template: str) -> Iterator[str]:
        """What is not used of the messages, with a chat template that may read more keys."""
        unread = sorted(key for key in self.keys if key not in template)
        if unread:
            listed = ", ".join(f'"{key}"' for key in unread)
            yield f"warning: no chat template reads {listed} of messages, so it has no effect"
        if self.has_marked_others:
            yield 'warning: "train" or "weight" of a message that is no answer has no effect'
