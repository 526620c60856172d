"""The findings of lint in tasks over conversations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ftspec.api import (
    Diagnostic,
    Document,
    Plan,
    Severity,
    SpecPath,
    did_you_mean,
    labelled,
    one_of,
)
from ftspec_preference.config import (
    LARGEST_TEMPLATE,
    SMOOTHED_LOSS_TYPES,
    ChatConfig,
    ConversationConfig,
    PreferenceConfig,
)
from ftspec_preference.known_templates import KNOWN_TEMPLATES
from ftspec_preference.row_checks import check_rows

_TEMPLATE: SpecPath = ("preprocess", "template")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Every finding about the plan."""
    config = plan.task.config
    if not isinstance(config, ConversationConfig):
        return
    yield from _template(plan, spans, config)
    yield from _room(plan, spans, config)
    if isinstance(config, ChatConfig):
        yield from _chat_fields(plan, spans)
    if isinstance(config, PreferenceConfig):
        yield from _smoothing(plan, spans, config)
        yield from _equal_answers(plan, spans)
    yield from check_rows(plan, spans, config)


def _template(plan: Plan, spans: Document, config: ConversationConfig) -> Iterator[Diagnostic]:
    """Report two templates, a file that is too large, or no template."""
    at = (*plan.task.at, "chat_template_file")
    if config.chat_template_file is not None:
        if config.chat_template is not None:
            yield Diagnostic(
                slug="preference/two-templates",
                headline='both "chat_template" and "chat_template_file" are set',
                labels=labelled(spans.key_span(at)),
                helps=("remove one of the two",),
            )
        path = Path(config.chat_template_file)
        if path.is_file() and path.stat().st_size > LARGEST_TEMPLATE:
            yield Diagnostic(
                slug="preference/template-size",
                headline=f"a chat template has at most {LARGEST_TEMPLATE:,} bytes, and this file "
                f"has {path.stat().st_size:,}",
                labels=labelled(spans.span(at)),
            )
    elif config.chat_template is not None and "{" not in config.chat_template:
        if config.chat_template not in KNOWN_TEMPLATES:
            yield Diagnostic(
                slug="preference/unknown-template",
                headline=f'there is no chat template called "{config.chat_template[:80]}"',
                labels=labelled(spans.span((*plan.task.at, "chat_template"))),
                helps=(
                    *did_you_mean(config.chat_template, KNOWN_TEMPLATES),
                    one_of(KNOWN_TEMPLATES),
                    "or write the Jinja template itself",
                ),
            )
    elif config.chat_template is None and plan.tokenizer.type == "train":
        yield Diagnostic(
            slug="preference/no-template",
            headline="a tokenizer trained on the training text has no chat template",
            labels=labelled(spans.span(plan.task.at)),
            helps=(
                'write "chat_template", such as "chat_template: chatml", or "chat_template_file" '
                "in the task section",
            ),
        )


def _room(plan: Plan, spans: Document, config: ConversationConfig) -> Iterator[Diagnostic]:
    """Report answers as long as a whole row, which leaves no room for the prompt."""
    longest, count = plan.tokenizer.config.max_length, config.max_new_tokens
    at = (*plan.task.at, "max_new_tokens")
    if longest is not None and count >= longest and spans.node(at) is not None:
        yield Diagnostic(
            slug="preference/no-room",
            severity=Severity.WARNING,
            headline=f'"max_new_tokens: {count}" is not less than "max_length: {longest}", the '
            "length of prompt and answer in training",
            labels=labelled(spans.span(at)),
            helps=("the model is not trained on such long answers",),
        )


def _chat_fields(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Check that conversations are messages, or a prompt and its completion."""
    filled = set(plan.template)
    if "messages" in filled and filled & {"prompt", "completion"}:
        extra = next(name for name in ("prompt", "completion") if name in filled)
        yield Diagnostic(
            slug="preference/two-conversations",
            headline=f'the template fills "messages" and "{extra}", which are alternatives',
            labels=labelled(spans.key_span((*_TEMPLATE, extra))),
            helps=('fill "messages", or "prompt" and "completion"',),
        )
    elif "messages" not in filled and not {"prompt", "completion"} <= filled:
        missing = "completion" if "prompt" in filled else "prompt"
        yield Diagnostic(
            slug="preference/missing-field",
            headline=f'the task "chat" needs "messages", or "prompt" and "completion"; "{missing}" '
            "is missing",
            labels=labelled(spans.span(_TEMPLATE)),
            helps=(f'add "{missing}", or fill "messages" with a list of {{role, content}}',),
        )


def _smoothing(plan: Plan, spans: Document, config: PreferenceConfig) -> Iterator[Diagnostic]:
    """Check label smoothing: some losses need it, some do not use it."""
    at = (*plan.task.at, "label_smoothing")
    if config.loss_type == "exo-pair" and config.label_smoothing == 0:
        yield Diagnostic(
            slug="preference/smoothing",
            headline='the loss "exo-pair" needs a "label_smoothing" above 0',
            labels=labelled(spans.span((*plan.task.at, "loss_type"))),
            helps=('write "label_smoothing: 1e-3"',),
        )
    if config.label_smoothing > 0 and config.loss_type not in SMOOTHED_LOSS_TYPES:
        yield Diagnostic(
            slug="preference/idle-key",
            severity=Severity.WARNING,
            headline=f'the loss "{config.loss_type}" does not read "label_smoothing"',
            labels=labelled(spans.key_span(at)),
            helps=("it is a key of " + ", ".join(f'"{name}"' for name in SMOOTHED_LOSS_TYPES),),
        )


def _equal_answers(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report that both answers come from the same column."""
    chosen, rejected = plan.template.get("chosen"), plan.template.get("rejected")
    if chosen is not None and chosen == rejected:
        yield Diagnostic(
            slug="preference/equal-answers",
            headline='"chosen" and "rejected" are the same text, so there is no preference',
            labels=labelled(spans.span((*_TEMPLATE, "rejected"))),
        )
