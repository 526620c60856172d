"""The words of other tools for the types of components: tasks, metrics, sources and others."""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[tuple[str, str], str | None] = {
    **{
        ("task", word): name
        for name, words in {
            "text-classification": "classification classifier sentiment sentiment_analysis "
            "sequence_classification single_label_classification sequence_cls seq_cls "
            "text_binary_classification text_multi_class_classification binary_classification "
            "multi_class_classification regression text_regression text_single_column_regression "
            "multi_label multilabel multi_label_classification sst2 glue cola mrpc qnli qqp rte "
            "stsb mnli nli",
            "token-classification": "ner pos chunk chunking tagging token_cls "
            "named_entity_recognition sequence_labeling text_entity_extraction",
            "text-generation": "clm causal_lm causal_language_modeling language_modeling lm llm "
            "completion generation generic llm_generic pretrain pretraining pt raw_text",
            "chat": "sft llm_sft instruct instruction instruction_tuning conversation "
            "conversational supervised_fine_tuning chat_tuning",
            "preference": "dpo llm_dpo direct_preference_optimization ipo preference_tuning",
            "question-answering": "qa extractive_qa extractive_question_answering squad",
            "sentence-embedding": "embedding embeddings sentence_transformers sentence_similarity "
            "sentence_transformer feature_extraction st",
            "multiple-choice": "swag mcq",
            "summarization": "summarize summary summarisation",
            "translation": "translate mt machine_translation nmt",
        }.items()
        for word in words.split()
    },
    **{
        ("metric", word): name
        for name, words in {
            "accuracy": "acc accuracy_score",
            "f1": "f1_score f_score f1_macro macro_f1 f1_micro micro_f1 f1_weighted weighted_f1",
            "precision": "precision_score",
            "recall": "recall_score sensitivity",
            "matthews-correlation": "mcc matthews matthews_corrcoef",
            "mse": "mean_squared_error",
            "mae": "mean_absolute_error",
            "r2": "r2_score r_squared",
            "pearson": "pearsonr pearson_correlation",
            "spearman": "spearmanr spearman_correlation",
            "rouge": "rouge1 rouge2 rougel rougelsum rouge_l rouge_1 rouge_2",
            "sacrebleu": "bleu4 bleu_4 bleu_score",
            "chrf": "chrf++ chrfpp",
            "perplexity": "ppl",
            "squad": "squad_v2 squad_v1",
            "seqeval": "ner entity_f1 span_f1",
            "retrieval": "mrr ndcg",
            "rewards": "reward reward_accuracy",
        }.items()
        for word in words.split()
    },
    **dict.fromkeys(
        (("source", word) for word in ("huggingface", "hf", "huggingface_hub", "datasets")), "hub"
    ),
    **dict.fromkeys((("source", word) for word in ("tsv", "psv")), "csv"),
    **dict.fromkeys((("source", word) for word in ("txt", "line_by_line")), "text"),
    **dict.fromkeys((("source", word) for word in ("arrow", "load_from_disk")), "disk"),
    **dict.fromkeys((("source", word) for word in ("interleave", "concat", "mix")), "mixture"),
    **dict.fromkeys((("adapter", word) for word in ("qlora", "dora", "rslora", "peft")), "lora"),
    ("callback", "earlystopping"): "early-stopping",
    ("callback", "earlystoppingcallback"): "early-stopping",
    ("callback", "modelcheckpoint"): "best-model",
    ("callback", "save_best"): "best-model",
    ("tokenizer", "autotokenizer"): "auto",
    ("tokenizer", "bpe"): "train",
    ("tokenizer", "wordpiece"): "train",
    ("transform", "dedup"): "deduplicate",
    ("transform", "drop_duplicates"): "deduplicate",
    # names that resemble another thing
    **dict.fromkeys(("metric", word) for word in ("rmse", "bleurt", "wer", "cer", "ter", "auc")),
}
"""The component that another tool's word stands for; ``None`` if no component does."""

WITH_KEYS: Mapping[tuple[str, str], str] = {
    ("task", "regression"): "task: {type: text-classification, problem: regression}",
    ("task", "text_regression"): "task: {type: text-classification, problem: regression}",
    ("task", "text_single_column_regression"): "task: "
    "{type: text-classification, problem: regression}",
    ("task", "multi_label"): "task: {type: text-classification, problem: multi-label}",
    ("task", "multilabel"): "task: {type: text-classification, problem: multi-label}",
    ("task", "multi_label_classification"): "task: "
    "{type: text-classification, problem: multi-label}",
    ("adapter", "qlora"): "adapter: {type: lora, quantization: nf4}",
    ("adapter", "dora"): "adapter: {type: lora, use_dora: true}",
    ("adapter", "rslora"): "adapter: {type: lora, use_rslora: true}",
    ("metric", "f1_macro"): "metrics: [{type: f1, average: macro}]",
    ("metric", "macro_f1"): "metrics: [{type: f1, average: macro}]",
    ("metric", "f1_micro"): "metrics: [{type: f1, average: micro}]",
    ("metric", "micro_f1"): "metrics: [{type: f1, average: micro}]",
    ("metric", "f1_weighted"): "metrics: [{type: f1, average: weighted}]",
    ("metric", "weighted_f1"): "metrics: [{type: f1, average: weighted}]",
}
"""Words that stand for a component with certain keys, and what to write."""

SEVERAL: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("task", word): ("summarization", "translation")
    for word in ("seq2seq", "sequence_to_sequence", "text2text", "text2text_generation", "t5")
}
"""Words that stand for several components."""


def word_of_peers(kind: str, name: str) -> tuple[str, str]:
    """The form in which the tables have a name."""
    word = name.lower().replace("-", "_").replace(":", "_").replace(" ", "_")
    return kind, word
