"""Did you mean: the most similar name, or none."""

from __future__ import annotations

import pytest

from ftspec.diagnostics.suggest import did_you_mean, nearest, one_of

NAMES = ("learning_rate", "early-stopping", "warmup_steps", "text")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lerning_rate", "learning_rate"),
        ("learning-rate", "learning_rate"),
        ("LEARNING_RATE", "learning_rate"),
        ("early_stopping", "early-stopping"),
        ("warmup_step", "warmup_steps"),
        ("learn_rate", "learning_rate"),
        ("warmup", "warmup_steps"),
        ("txet", "text"),
    ],
)
def test_near_name_is_found_whatever_its_case_and_hyphens(word: str, meant: str) -> None:
    assert nearest(word, NAMES) == meant


@pytest.mark.parametrize(
    "word", ["", "zzz", "日本", "rate", "te", "learner", "val_set_size", "warmups_rate"]
)
def test_far_word_has_no_suggestion(word: str) -> None:
    assert nearest(word, NAMES) is None
    assert did_you_mean(word, NAMES) == ()


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("batch_size", ("per_device_train_batch_size", "per_device_eval_batch_size"), None),
        ("train_batch_size", ("per_device_train_batch_size", "auto_find_batch_size"), 0),
        ("dataset_name", ("name", "data"), 1),
        ("a_name", ("name", "seed"), None),
        ("meta.stars.deep", ("meta.stars", "meta.text"), 0),
        ("rouge", ("accuracy", "rouge1", "rouge2"), 1),
        ("steps", ("max_steps", "eval_steps"), None),
        ("rslora", ("use_dora", "use_rslora"), 1),
    ],
)
def test_word_that_is_part_of_a_name_means_it_if_it_is_part_of_no_other(
    word: str, candidates: tuple[str, ...], meant: int | None
) -> None:
    assert nearest(word, candidates) == (candidates[meant] if meant is not None else None)


def test_suggestion_is_one_help_line_with_the_name_in_quotes() -> None:
    assert did_you_mean("txt", NAMES) == ('did you mean "text"?',)


def test_no_candidates_give_no_suggestion() -> None:
    assert nearest("text", ()) is None


def test_names_are_listed_in_quotes() -> None:
    assert one_of(["a", "b"]) == 'expected one of "a", "b"'
