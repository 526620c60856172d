"""Whole specs, generated: every task over small local files, models of random weights, and any of
the keys that go with them, whether they fit together or not.

Left out is what no lint can know: values that only the data show (a label that one row has) and
packages that are not installed (optimizers of bitsandbytes), and what loading a tokenizer shows.
"""

from __future__ import annotations

from hypothesis import strategies as st

from tests.engine.generated.data import Files, sources, splits, texts, transforms
from tests.engine.generated.drawing import Spec, Specs, maybe
from tests.engine.generated.models import models, tokenizers
from tests.engine.generated.training import callbacks, metrics, performance, training


def specs(files: Files) -> Specs:
    """Specs of which most are sound."""
    return st.sampled_from((_classification, _text_to_text, _generation)).flatmap(
        lambda make: make(files)
    )


@st.composite
def _classification(draw: st.DrawFn, files: Files) -> Spec:
    source, columns = draw(sources(files))
    problem = draw(st.sampled_from((None, "single-label", "multi-label", "regression")))
    label = {"multi-label": "traits", "regression": "words"}.get(problem or "", "topic")
    template = {"text": draw(texts(columns)), "label": f"{{{label}}}"}
    if draw(st.booleans()):
        template["text_pair"] = draw(texts(columns))
    task: Spec = {"type": "text-classification"}
    if problem is not None:
        task["problem"] = problem
    maybe(draw, task, "threshold", st.sampled_from((0.2, 0.9)))
    suited = {
        "multi-label": ("accuracy", "f1", "precision", "recall"),
        "regression": ("mse", "mae", "r2", "pearson", "spearman"),
    }.get(problem or "", ("accuracy", "f1", "precision", "recall", "matthews-correlation"))
    return draw(_rest(files, source, columns, template, task, suited, "classification"))


@st.composite
def _text_to_text(draw: st.DrawFn, files: Files) -> Spec:
    source, columns = draw(sources(files))
    template = {"source": draw(texts(columns)), "target": draw(texts(columns))}
    task: Spec = {"type": draw(st.sampled_from(("summarization", "translation")))}
    maybe(draw, task, "predict_with_generate", st.booleans())
    maybe(draw, task, "num_beams", st.integers(1, 3))
    suited = ("rouge", "sacrebleu", "chrf", "perplexity")
    return draw(_rest(files, source, columns, template, task, suited, "text-to-text"))


@st.composite
def _generation(draw: st.DrawFn, files: Files) -> Spec:
    source, columns = draw(sources(files))
    task: Spec = {"type": "text-generation"}
    maybe(draw, task, "packing", st.booleans())
    maybe(draw, task, "cross_document_attention", st.booleans())
    maybe(draw, task, "max_new_tokens", st.integers(1, 8))
    maybe(draw, task, "do_sample", st.booleans())
    maybe(draw, task, "temperature", st.sampled_from((0.5, 1.5)))
    template = {"text": draw(texts(columns))}
    return draw(_rest(files, source, columns, template, task, ("perplexity",), "generation"))


@st.composite
def _rest(
    draw: st.DrawFn,
    files: Files,
    source: Spec,
    columns: tuple[str, ...],
    template: Spec,
    task: Spec,
    suited: tuple[str, ...],
    family: str,
) -> Spec:
    """The sections that every task has; ``suited`` are metrics that fit it."""
    parts = draw(splits(columns))
    has_validation = "validation" in parts
    spec: Spec = {
        "ftspec": 1,
        "data": {"source": source, "splits": parts},
        "preprocess": {"template": template},
        "model": draw(models(files, family)),
        "task": draw(st.sampled_from((task, task["type"]))) if len(task) == 1 else task,
        "training": draw(training(has_validation)),
    }
    if draw(st.booleans()):
        spec["preprocess"]["transforms"] = draw(st.lists(transforms(columns), max_size=2))
    spec["tokenizer"] = draw(tokenizers(files, spec["model"], family))
    maybe(draw, spec, "seed", st.integers(0, 2**32 - 1))
    maybe(draw, spec, "metrics", st.lists(metrics(suited), max_size=3))
    if has_validation or draw(st.integers(0, 7)) == 7:
        maybe(draw, spec, "callbacks", st.lists(callbacks(suited), max_size=2))
    maybe(draw, spec, "performance", performance())
    return spec
