"""From the values of data to messages: the shapes that conversations have in public data sets.

A message has its role at ``role`` or ``from`` and its text at ``content``, ``value``, ``text`` or
``parts``. A conversation is a list of messages, one message, or a text of JSON with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ftspec.api import RunError, did_you_mean
from ftspec_preference.messages import ASSISTANT, LEARNED, Conversation, Message
from ftspec_preference.shapes import Shape
from ftspec_preference.tool_calls import NotToolsError, calls_of, parsed, tools_of

ROLES = {
    **{name: name for name in ("system", "user", "assistant", "tool", "developer")},
    **dict.fromkeys(("human", "prompter"), "user"),
    **dict.fromkeys(("gpt", "model", "bot", "chatgpt", "bing", "bard", "ai", "chatbot"), ASSISTANT),
    **dict.fromkeys(("function_call", "tool_call"), ASSISTANT),
    **dict.fromkeys(("observation", "function", "function_response", "tool_response"), "tool"),
}
"""What the names of roles in public data sets mean."""

_CALLING = ("function_call", "tool_call")  # roles whose text is a call
_ROLE_KEYS = ("role", "from")
_TEXT_KEYS = ("content", "value", "text", "parts")
_CALL_KEYS = ("tool_calls", "function_call")
_FLAGS = ("train", "weight")
_KNOWN = {
    *("role", "content", "tool_calls", LEARNED),
    *("name", "tool_call_id", "reasoning_content", "reasoning", "thinking"),
}
_TEXT_PARTS = ("text", "input_text", "output_text")
_A_MESSAGE = 'a message is a mapping: {role: user, content: "…"} or {from: human, value: "…"}'


class MessageReader:
    """Reads conversations, and keeps what it found.

    Attributes:
        shapes: what the values of each field look like.
    """

    def __init__(self, roles: Mapping[str, str] | None = None) -> None:
        self._roles = {**ROLES, **(roles or {})}
        self.shapes: dict[str, Shape] = {}

    def read(self, value: Any, field: str, role: str | None = None) -> Conversation:
        """The messages in a value of a field. A text that is no JSON is one message with this
        ``role``.

        Raises:
            RunError: the value is something else.
        """
        shape = self.shapes.setdefault(field, Shape())
        if isinstance(value, str):
            inner = _json_messages(value)
            if inner is None and role is not None:
                shape.has_texts = True
                return [{"role": role, "content": value}]
            if inner is None:
                _fail(field, "must be a list of messages, found a text that is no JSON", value)
            shape.has_json = True
            value = inner
        if isinstance(value, Mapping) and _key_of(value, _ROLE_KEYS) is not None:
            value = [value]
        expected = "a list of messages" if role is None else "a text or a list of messages"
        if not isinstance(value, list) or not value:
            _fail(field, f"must be {expected}, found {_named(value)}")
        wrong = next((one for one in value if not isinstance(one, Mapping)), None)
        if wrong is not None:
            _fail(field, f"must be {expected}, found a list with", str(wrong))
        has_gaps = any(_has_gaps(one) for one in value)
        return [
            self._message(one, _Place(field, number, shape), has_gaps)
            for number, one in enumerate(value, start=1)
        ]

    def _message(self, value: Mapping[str, Any], place: _Place, has_gaps: bool) -> Message:
        role_key, text_key = _key_of(value, _ROLE_KEYS), _key_of(value, _TEXT_KEYS)
        if role_key is None:
            place.fail('has no "role"')
        written = value[role_key]
        role = self._role_of(written, place)
        content = _text_of(value[text_key], place) if text_key is not None else None
        calls = _calls_of(value, written, content, place, has_gaps)
        if calls and written in _CALLING:
            content = None
        if content is None and not calls:
            place.fail(f'has no text in "{text_key or "content"}" and calls no tool')
        message: Message = {"role": role, "content": content}
        if calls:
            message["tool_calls"] = calls
        read = {role_key, text_key, *_CALL_KEYS, *_FLAGS}
        message |= {
            key: part for key, part in value.items() if key not in read and part is not None
        }
        if not _is_learned(value, role, place):
            message[LEARNED] = False
            place.shape.has_unlearned = True
        place.shape.add(value, role_key, text_key, (str(written), role))
        place.shape.keys.update(message.keys() - _KNOWN)
        return message

    def _role_of(self, written: Any, place: _Place) -> str:
        if not isinstance(written, str):
            place.fail(f'has the role "{str(written)[:80]}", which is not a text')
        role = self._roles.get(written) or self._roles.get(written.strip().lower())
        if role is None:
            raise RunError(
                f'message {place.number} of the field "{place.field}" has the role '
                f'"{written[:80]}", which is not known',
                slug="preference/unknown-role",
                at=("preprocess", "template", place.field),
                helps=(
                    *did_you_mean(written, self._roles),
                    f'write what it is in the task section: "roles: {{{written[:40]}: user}}"',
                ),
            )
        return role


def read_tools(value: Any) -> list[dict[str, Any]] | None:
    """The tools in a value of the field ``tools``.

    Raises:
        RunError: the value is something else.
    """
    try:
        return tools_of(value)
    except NotToolsError as error:
        raise RunError(
            f'the field "tools" cannot be read: {error}',
            slug="preference/tools",
            at=("preprocess", "template", "tools"),
            helps=("a tool is {type: function, function: {name: …, parameters: {…}}}",),
        ) from None


def read_system(value: Any) -> str | None:
    """The text in a value of the field ``system``, if it has any.

    Raises:
        RunError: the value is something else.
    """
    if value is None or isinstance(value, str):
        return value if value and value.strip() else None
    raise RunError(
        f'the field "system" must be a text, found {_named(value)}',
        slug="preference/messages",
        at=("preprocess", "template", "system"),
    )


class _Place:
    """A message of a field."""

    def __init__(self, field: str, number: int, shape: Shape) -> None:
        self.field = field
        self.number = number
        self.shape = shape

    def fail(self, what: str) -> NoReturn:
        """Raise the error for the message."""
        raise RunError(
            f'message {self.number} of the field "{self.field}" {what}',
            slug="preference/messages",
            at=("preprocess", "template", self.field),
            helps=(_A_MESSAGE,),
        )


def _fail(field: str, what: str, shown: str = "") -> NoReturn:
    raise RunError(
        f'the field "{field}" {what}' + (f' "{shown[:80]}"' if shown else ""),
        slug="preference/messages",
        at=("preprocess", "template", field),
        helps=(_A_MESSAGE,),
    )


def _json_messages(text: str) -> Any:
    """The messages in a text of JSON; ``None`` if it has none."""
    if not text.lstrip().startswith(("[", "{")):
        return None
    try:
        value = parsed(text)
    except ValueError:
        return None
    messages = [value] if isinstance(value, Mapping) else value
    if not isinstance(messages, list):
        return None
    are = [isinstance(one, Mapping) and _key_of(one, _ROLE_KEYS) is not None for one in messages]
    return messages if any(are) else None


def _named(value: Any) -> str:
    if isinstance(value, list):
        return "an empty list"
    if isinstance(value, Mapping):
        return "a mapping with " + ", ".join(f'"{key}"' for key in list(value)[:5])
    return "nothing" if value is None else f'"{str(value)[:80]}"'


def _key_of(value: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """The key that a message has, of several with the same meaning."""
    filled = next((key for key in keys if value.get(key) is not None), None)
    return filled or next((key for key in keys if key in value), None)


def _has_gaps(value: Mapping[str, Any]) -> bool:
    """Whether a message comes from a column of structs, in which every message has every key."""
    return any(part is None for key, part in value.items() if key not in _TEXT_KEYS)


def _text_of(value: Any, place: _Place) -> str | None:
    """The text of a message, also of one that is in parts."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        place.fail(f'has the content "{str(value)[:80]}", which is not a text')
    place.shape.has_parts = True
    return "".join(_text_of_part(part, place) for part in value)


def _text_of_part(part: Any, place: _Place) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        kind = part.get("type", "text")
        if kind is None or kind in _TEXT_PARTS:
            return str(part["text"])
    kind = part.get("type") if isinstance(part, Mapping) else None
    named = f'of the type "{kind}"' if kind is not None else f'"{str(part)[:80]}"'
    return place.fail(f"has a part {named}; only parts of text can be read")


def _calls_of(
    value: Mapping[str, Any], written: str, content: str | None, place: _Place, has_gaps: bool
) -> list[dict[str, Any]]:
    found = next((value[key] for key in _CALL_KEYS if value.get(key)), None)
    if found is None and written in _CALLING:
        found = content
    if not found:
        return []
    try:
        return calls_of(found, has_gaps=has_gaps)
    except NotToolsError as error:
        place.fail(f"cannot be read: {error}")


def _is_learned(value: Mapping[str, Any], role: str, place: _Place) -> bool:
    """Whether an answer is learned, by the keys "train" and "weight"."""
    marks = [(key, value[key]) for key in _FLAGS if value.get(key) is not None]
    for key, mark in marks:
        if not isinstance(mark, (bool, int, float)) or mark not in (0, 1):
            allowed = "true and false" if key == "train" else "0 and 1"
            place.fail(f'has "{key}: {str(mark)[:40]}"; only {allowed} have a meaning here')
    if role != ASSISTANT:
        place.shape.has_marked_others |= any(mark for _, mark in marks)
        return True
    return all(mark for _, mark in marks)
