"""The records of the tasks and their metric, and their checks. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable

from ftspec.api import (
    Diagnostic,
    Document,
    MetricComponent,
    Plan,
    TaskComponent,
    TaskField,
    hookimpl,
)
from ftspec_preference import checks
from ftspec_preference.config import ChatConfig, NoOptions, PreferenceConfig

_INSTALL = "pip install 'ftspec-preference[train]'"

_MORE_FIELDS = (
    TaskField(
        name="tools",
        summary="the tools that the assistant may call: a list, or a text of JSON",
        required=False,
        type="any",
        is_needed_to_predict=False,
    ),
    TaskField(
        name="system",
        summary="the first message, of the role system",
        required=False,
        type="any",
        is_needed_to_predict=False,
    ),
)


@hookimpl
def ftspec_register_tasks() -> Iterable[TaskComponent]:
    """What the model learns."""
    yield TaskComponent(
        name="chat",
        summary="supervised fine-tuning on the answers in conversations",
        config=ChatConfig,
        factory="ftspec_preference.chat:Chat",
        fields=(
            TaskField(
                name="messages",
                summary="the conversation: a list of {role: …, content: …}",
                required=False,
                type="any",
            ),
            TaskField(
                name="prompt",
                summary="the message of the user: text or messages",
                required=False,
                type="any",
            ),
            TaskField(
                name="completion",
                summary="the answer: text or messages",
                required=False,
                type="any",
                is_answer=True,
            ),
            *_MORE_FIELDS,
        ),
        auto_model="AutoModelForCausalLM",
        default_metrics={"loss": ("perplexity",)},
        install=_INSTALL,
    )
    yield TaskComponent(
        name="preference",
        summary="preference tuning with pairs of answers (DPO)",
        config=PreferenceConfig,
        factory="ftspec_preference.preference:Preference",
        fields=(
            TaskField(
                name="prompt",
                summary="the message of the user: text or messages; by default what both answers "
                "begin with",
                required=False,
                type="any",
                is_needed_to_predict=False,
            ),
            TaskField(
                name="chosen",
                summary="the better answer",
                type="any",
                is_needed_to_predict=False,  # it may have the prompt
            ),
            TaskField(name="rejected", summary="the worse answer", type="any", is_answer=True),
            *_MORE_FIELDS,
        ),
        auto_model="AutoModelForCausalLM",
        default_metrics={"reward-pair": ("rewards",)},
        requires=("trl",),
        install=_INSTALL,
    )


@hookimpl
def ftspec_register_metrics() -> Iterable[MetricComponent]:
    """What is measured."""
    yield MetricComponent(
        name="rewards",
        summary="rewards of the preferred answers, compared with the others",
        config=NoOptions,
        factory="ftspec_preference.rewards:rewards",
        scores=frozenset({"reward-pair"}),
        results=("rewards/accuracies", "rewards/margins", "rewards/chosen", "rewards/rejected"),
        install=_INSTALL,
    )


@hookimpl
def ftspec_check_plan(plan: Plan, spans: Document) -> Iterable[Diagnostic]:
    """Check for fields and keys that contradict each other."""
    return checks.check(plan, spans)
