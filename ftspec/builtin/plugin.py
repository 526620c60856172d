"""The records of the built-in components. Imports nothing heavy: strings name the factories."""

from __future__ import annotations

from collections.abc import Iterable

from ftspec.api import (
    CallbackComponent,
    LauncherComponent,
    MetricComponent,
    SourceComponent,
    TaskComponent,
    TaskField,
    TokenizerComponent,
    TransformComponent,
    hookimpl,
)
from ftspec.builtin.callbacks import config as callbacks
from ftspec.builtin.launchers import config as launchers
from ftspec.builtin.metrics import config as metrics
from ftspec.builtin.sources import config as sources
from ftspec.builtin.tasks import config as tasks
from ftspec.builtin.tokenizers import config as tokenizers
from ftspec.builtin.transforms import config as transforms

_BUILTIN = "ftspec.builtin"


@hookimpl
def ftspec_register_sources() -> Iterable[SourceComponent]:
    """Where rows come from."""
    yield SourceComponent(
        name="hub",
        summary="a dataset on the Hugging Face Hub",
        config=sources.HubConfig,
        factory=f"{_BUILTIN}.sources.hub:HubSource",
        uses_hub=True,
    )
    for name, config, summary in (
        ("json", sources.JsonConfig, "JSON lines, or a JSON array"),
        ("csv", sources.CsvConfig, "comma-separated values"),
        ("parquet", sources.ParquetConfig, "Parquet files"),
        ("text", sources.TextConfig, "plain text, with one row per line, paragraph or file"),
    ):
        yield SourceComponent(
            name=name,
            summary=summary,
            config=config,
            factory=f"{_BUILTIN}.sources.files:file_source",
            aliases=("jsonl",) if name == "json" else (),
        )
    yield SourceComponent(
        name="disk",
        summary="a folder written by save_to_disk",
        config=sources.DiskConfig,
        factory=f"{_BUILTIN}.sources.disk:DiskSource",
    )
    yield SourceComponent(
        name="package",
        summary="files inside an installed Python package",
        config=sources.PackageConfig,
        factory=f"{_BUILTIN}.sources.package:package_source",
    )
    yield SourceComponent(
        name="mixture",
        summary="several sources, interleaved by weight",
        config=sources.MixtureConfig,
        factory=f"{_BUILTIN}.sources.mixture:MixtureSource",
    )


@hookimpl
def ftspec_register_transforms() -> Iterable[TransformComponent]:
    """Changes to rows before the template."""
    yield TransformComponent(
        name="filter",
        summary="keep rows by the length or presence of a column",
        config=transforms.FilterConfig,
        factory=f"{_BUILTIN}.transforms.filter:Filter",
    )
    yield TransformComponent(
        name="deduplicate",
        summary="remove duplicate rows",
        config=transforms.DeduplicateConfig,
        factory=f"{_BUILTIN}.transforms.deduplicate:Deduplicate",
    )


@hookimpl
def ftspec_register_tokenizers() -> Iterable[TokenizerComponent]:
    """How text becomes token ids."""
    yield TokenizerComponent(
        name="auto",
        summary="the tokenizer of a checkpoint",
        config=tokenizers.AutoTokenizerConfig,
        factory=f"{_BUILTIN}.tokenizers.auto:load_tokenizer",
    )
    yield TokenizerComponent(
        name="train",
        summary="a tokenizer trained on the training text",
        config=tokenizers.TrainTokenizerConfig,
        factory=f"{_BUILTIN}.tokenizers.train:train_tokenizer",
    )


@hookimpl
def ftspec_register_tasks() -> Iterable[TaskComponent]:
    """What the model learns."""
    yield TaskComponent(
        name="text-classification",
        summary="a label, labels or a number for a text or a pair of texts",
        config=tasks.TextClassificationConfig,
        factory=f"{_BUILTIN}.tasks.text_classification:TextClassification",
        fields=(
            TaskField(name="text", summary="the text"),
            TaskField(name="text_pair", summary="a second text", required=False),
            TaskField(
                name="label",
                summary="the label, labels or number",
                type="label",
                is_answer=True,
            ),
        ),
        auto_model="AutoModelForSequenceClassification",
        default_metrics={
            "class": ("accuracy", "f1"),
            "class-set": ("f1",),
            "value": ("mse", "pearson"),
        },
    )
    for name, summary, metric in (
        ("summarization", "a shorter text for a document", "rouge"),
        ("translation", "a text in another language", "sacrebleu"),
    ):
        yield TaskComponent(
            name=name,
            summary=summary,
            config=tasks.Seq2SeqConfig,
            factory=f"{_BUILTIN}.tasks.seq2seq:Seq2Seq",
            fields=(
                TaskField(name="source", summary="the input text, including a T5 prefix"),
                TaskField(name="target", summary="the output text", is_answer=True),
            ),
            auto_model="AutoModelForSeq2SeqLM",
            default_metrics={"text": (metric,)},
        )
    yield TaskComponent(
        name="text-generation",
        summary="causal language modeling: the next token of a text",
        config=tasks.TextGenerationConfig,
        factory=f"{_BUILTIN}.tasks.text_generation:TextGeneration",
        fields=(TaskField(name="text", summary="the text"),),
        auto_model="AutoModelForCausalLM",
        default_metrics={"loss": ("perplexity",)},
    )


@hookimpl
def ftspec_register_metrics() -> Iterable[MetricComponent]:
    """What is measured."""
    yield from _classification_metrics()
    yield from _regression_metrics()
    yield from _text_metrics()
    yield MetricComponent(
        name="perplexity",
        summary="exponential of the mean loss over tokens",
        config=metrics.NoOptions,
        factory=f"{_BUILTIN}.metrics.perplexity:perplexity",
        scores=frozenset({"loss"}),
        results=("perplexity",),
        greater_is_better=False,
    )
    yield MetricComponent(
        name="hub",
        summary="a metric on the Hub; its code runs",
        config=metrics.HubMetricConfig,
        factory=f"{_BUILTIN}.metrics.hub:load_metric",
        scores=frozenset({"class", "class-set", "value", "text"}),
        results=(),
        uses_hub=True,
    )


def _classification_metrics() -> Iterable[MetricComponent]:
    yield MetricComponent(
        name="accuracy",
        summary="share of correct predictions; for label sets, all labels must be correct",
        config=metrics.NoOptions,
        factory=f"{_BUILTIN}.metrics.classification:accuracy",
        scores=frozenset({"class", "class-set"}),
        results=("accuracy",),
    )
    for name, summary in (
        ("f1", "harmonic mean of precision and recall"),
        ("precision", "share of predicted labels that are correct"),
        ("recall", "share of correct labels that are predicted"),
    ):
        yield MetricComponent(
            name=name,
            summary=summary,
            config=metrics.AveragedConfig,
            factory=f"{_BUILTIN}.metrics.classification:{name}",
            scores=frozenset({"class", "class-set"}),
            results=(name,),
        )
    yield MetricComponent(
        name="matthews-correlation",
        summary="correlation of predictions and labels, for classes of unequal size",
        config=metrics.NoOptions,
        factory=f"{_BUILTIN}.metrics.classification:matthews_correlation",
        aliases=("matthews_correlation",),
        scores=frozenset({"class"}),
        results=("matthews_correlation",),
    )


def _regression_metrics() -> Iterable[MetricComponent]:
    for name, summary, is_up in (
        ("mse", "mean squared error", False),
        ("mae", "mean absolute error", False),
        ("r2", "coefficient of determination", True),
        ("pearson", "linear correlation", True),
        ("spearman", "rank correlation", True),
    ):
        yield MetricComponent(
            name=name,
            summary=summary,
            config=metrics.NoOptions,
            factory=f"{_BUILTIN}.metrics.regression:{name}",
            scores=frozenset({"value"}),
            results=(name,),
            greater_is_better=is_up,
        )


def _text_metrics() -> Iterable[MetricComponent]:
    yield MetricComponent(
        name="rouge",
        summary="overlap of words and word sequences, in percent, for any script",
        config=metrics.RougeConfig,
        factory=f"{_BUILTIN}.metrics.text:rouge",
        scores=frozenset({"text"}),
        results=("rouge1", "rouge2", "rougeL", "rougeLsum"),
    )
    yield MetricComponent(
        name="sacrebleu",
        summary="BLEU, in percent",
        config=metrics.SacrebleuConfig,
        factory=f"{_BUILTIN}.metrics.text:sacrebleu",
        aliases=("bleu",),
        scores=frozenset({"text"}),
        results=("bleu",),
    )
    yield MetricComponent(
        name="chrf",
        summary="overlap of character n-grams, in percent",
        config=metrics.ChrfConfig,
        factory=f"{_BUILTIN}.metrics.text:chrf",
        scores=frozenset({"text"}),
        results=("chrf",),
    )


@hookimpl
def ftspec_register_callbacks() -> Iterable[CallbackComponent]:
    """Actions during training."""
    yield CallbackComponent(
        name="early-stopping",
        summary="stop when evaluations no longer improve",
        config=callbacks.EarlyStoppingConfig,
        factory=f"{_BUILTIN}.callbacks.early_stopping:early_stopping",
    )
    yield CallbackComponent(
        name="best-model",
        summary="keep the best checkpoint and load it at the end",
        config=callbacks.BestModelConfig,
        factory=f"{_BUILTIN}.callbacks.best_model:best_model",
    )
    yield CallbackComponent(
        name="divergence",
        summary="end a run whose losses are no numbers; on unless a spec has its own",
        config=callbacks.DivergenceConfig,
        factory=f"{_BUILTIN}.callbacks.divergence:Divergence",
    )
    yield CallbackComponent(
        name="generated-samples",
        summary="show predictions of the model at every evaluation",
        config=callbacks.GeneratedSamplesConfig,
        factory=f"{_BUILTIN}.callbacks.generated_samples:GeneratedSamples",
    )


@hookimpl
def ftspec_register_launchers() -> Iterable[LauncherComponent]:
    """How the processes of a run are started."""
    yield LauncherComponent(
        name="torchrun",
        summary="several processes on this machine, or on several that run the same command",
        config=launchers.TorchrunConfig,
        factory=f"{_BUILTIN}.launchers.torchrun:Torchrun",
        several_machines=True,
    )
    yield LauncherComponent(
        name="slurm",
        summary="a batch script for Slurm, on any number of machines",
        config=launchers.SlurmConfig,
        factory=f"{_BUILTIN}.launchers.slurm:Slurm",
        starts=False,
        several_machines=True,
    )
