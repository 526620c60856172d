"""Errors of a model as diagnostics: in the terms of the spec, at the place in the text."""

from __future__ import annotations

import pytest
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.document.load import load_document
from ftspec.document.paths import SpecPath
from ftspec.span import SourceText
from ftspec.spec.base import SpecModel
from ftspec.spec.root import Spec
from ftspec.spec.validate import validate
from tests.unit.conftest import Diagnose, Examine, placed


class Inner(SpecModel):
    count: int = Field(default=1, ge=1, le=5, description="how many")
    from_: str | None = Field(default=None, alias="from")


class Section(SpecModel):
    name: str = Field(description="what it is called")
    inner: Inner = Inner()
    items: list[Inner] = Field(default=[])
    by_name: dict[str, Inner] = Field(default={})
    either: str | list[str] | dict[str, str | list[str]] = ""
    maybe: int | None = None
    word: str = Field(default="abc", min_length=2)
    pair: list[str] = Field(default=["a", "b"], min_length=2)
    even: int = 0

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError(f"'{value}' is odd.")
        return value

    @field_validator("word")
    @classmethod
    def _is_no_password(cls, value: str) -> str:
        if value.startswith("hunter2"):
            raise PydanticCustomError("weak-word", "{word} is weak", {"word": value[:9]})
        return value

    @model_validator(mode="after")
    def _agrees(self) -> Section:
        if self.word == self.name:
            raise PydanticCustomError("same-word", "{word} twice", {"word": self.word})
        return self


def check(
    text: str, at: SpecPath = (), **environment: str
) -> tuple[Section | None, list[Diagnostic]]:
    """The section of a text, and the findings."""
    found = Collector()
    document = load_document(SourceText("spec.yaml", text), found, environment=environment)
    assert document is not None
    values = document.plain()
    for step in at:
        values = values[step]
    return validate(Section, values, at, document, found), list(found)


def test_sound_section_gives_the_model() -> None:
    section, findings = check("name: x\ninner: {count: 2, from: y}\nmaybe: ~\neither: [a]\n")
    assert findings == []
    assert section is not None
    assert (section.inner.count, section.inner.from_, section.either) == (2, "y", ["a"])


@pytest.mark.parametrize(
    ("text", "place", "headline"),
    [
        ("{}", "1:1 missing-key", 'the key "name" is missing in the spec'),
        ("name: x\nnmae: y\n", "2:1 unknown-key", 'unknown key "nmae"'),
        ("name: 3", "1:7 wrong-type", "name must be a string, found the number 3"),
        ("name: x\ninner: 3\n", "2:8 wrong-type", "inner must be a mapping, found the number 3"),
        (
            "name: x\ninner: {count: 9}\n",
            "2:16 bad-value",
            "inner.count should be less than or equal to 5, found the number 9",
        ),
        (
            "name: x\ninner:\n  form: y\n",
            "3:3 unknown-key",
            'unknown key "form" in inner',
        ),
        (
            "name: x\nitems:\n  - {}\n  - {count: x}\n",
            "4:13 wrong-type",
            'items[1].count must be a whole number, found the string "x"',
        ),
        (
            "name: x\nby_name:\n  a: {coutn: 1}\n",
            "3:7 unknown-key",
            'unknown key "coutn" in by_name.a',
        ),
        (
            "name: x\nmaybe: y\n",
            "2:8 wrong-type",
            'maybe must be a whole number, found the string "y"',
        ),
        (
            "name: x\nword: a\n",
            "2:7 bad-value",
            'word should have at least 2 characters, found the string "a"',
        ),
        (
            "name: x\npair: [a]\n",
            "2:7 bad-value",
            "pair should have at least 2 items after validation, not 1",
        ),
        ("name: x\neven: 3\n", "2:7 bad-value", '"3" is odd, found the number 3'),
        ("name: x\nword: x y\nname2: x y", "3:1 unknown-key", 'unknown key "name2"'),
        ("name: abc\n", "1:1 same-word", "abc twice"),
    ],
)
def test_fault_is_told_in_the_words_of_the_language(text: str, place: str, headline: str) -> None:
    section, (finding,) = check(text)
    assert section is None
    assert placed(finding) == place
    assert finding.headline == headline


@pytest.mark.parametrize(
    ("either", "place", "headline"),
    [
        ("3", "2:9", "either must be a string or a list or a mapping, found the number 3"),
        ("[a, 3]", "2:13", "either[1] must be a string, found the number 3"),
        ("{a: 3}", "2:13", "either.a must be a string or a list, found the number 3"),
        ("{a: [b, ~]}", "2:17", "either.a[1] must be a string, found null"),
    ],
)
def test_fault_in_a_union_is_told_once_for_the_branch_that_fits_best(
    either: str, place: str, headline: str
) -> None:
    _, (finding,) = check(f"name: x\neither: {either}\n")
    assert placed(finding) == f"{place} wrong-type"
    assert finding.headline == headline


def test_error_of_a_model_may_say_what_to_write(examine: Examine, minimal_spec: str) -> None:
    text = minimal_spec.replace("acme/reviews", '"ag_news"')
    (finding,) = examine(text).diagnostics
    assert placed(finding) == "3:29 legacy-dataset"
    assert finding.headline == 'the dataset "ag_news" is now called "fancyzhx/ag_news"'
    assert finding.helps == ('write "fancyzhx/ag_news"',)
    assert finding.fix is not None
    assert finding.fix.span.excerpt == '"ag_news"'
    assert finding.fix.replacement == "fancyzhx/ag_news"


def test_error_of_a_model_without_a_replacement_has_no_fix(
    examine: Examine, minimal_spec: str
) -> None:
    (finding,) = examine(minimal_spec.replace("acme/reviews", "my_rows")).diagnostics
    assert finding.helps == ('write it as "owner/name"',)
    assert finding.fix is None


def test_advice_on_a_secret_is_withheld(examine: Examine, minimal_spec: str) -> None:
    text = minimal_spec.replace("acme/reviews", "'${env:DATA}'")
    (finding,) = examine(text, environment={"DATA": "ag_news"}).diagnostics
    assert (finding.slug, finding.helps, finding.fix) == ("legacy-dataset", (), None)
    assert "ag_news" not in finding.headline


def test_missing_key_says_what_it_is_for() -> None:
    _, (finding,) = check("maybe: 1\n")
    assert finding.helps == ('"name": what it is called',)


def test_unknown_key_suggests_the_name_as_it_is_written_in_yaml() -> None:
    _, (finding,) = check("name: x\ninner: {form: y}\n")
    assert finding.helps == ('did you mean "from"?',)
    assert finding.fix is not None
    assert finding.fix.replacement == "from"


def test_unknown_key_far_from_all_lists_the_few_there_are() -> None:
    _, (finding,) = check("name: x\ninner: {zzzz: y}\n")
    assert finding.helps == ('expected one of "count", "from"',)
    assert finding.fix is None


def test_every_fault_is_reported() -> None:
    _, findings = check("nmae: x\ninner: {count: 0, x: 1}\nitems: [3, {count: y}]\nmaybe: z\n")
    assert sorted(placed(one) for one in findings) == [
        "1:1 missing-key",
        "1:1 unknown-key",
        "2:16 bad-value",
        "2:19 unknown-key",
        "3:20 wrong-type",
        "3:9 wrong-type",
        "4:8 wrong-type",
    ]


def test_section_inside_a_document_is_found_from_its_place() -> None:
    text = "callbacks:\n  - x\n  - name: x\n    inner: {coutn: 1}\n"
    _, (finding,) = check(text, ("callbacks", 1))
    assert placed(finding) == "4:13 unknown-key"
    assert finding.headline == 'unknown key "coutn" in callbacks[1].inner'


def test_model_after_a_fault_does_not_exist_even_when_the_rest_is_sound() -> None:
    assert check("name: x\nextra: 1\n")[0] is None


# Secrets


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        # what pydantic says never repeats a value
        (
            "name: x\nmaybe: ${env:S}\n",
            'maybe must be a whole number, found the string "${env:S}"',
        ),
        (
            "name: x\nword: ${env:S1}\n",
            'word should have at least 2 characters, found the string "${env:S1}"',
        ),
        # what a model says may repeat a part of it
        ("name: x\nword: ${env:S}\n", '"${env:S}" is not a valid value for word'),
        ("name: ${env:T}\nword: ${env:T}\n", "${env:T} twice"),
    ],
)
def test_secret_is_in_no_message(text: str, headline: str) -> None:
    _, (finding,) = check(text, S="hunter2secret", S1="s", T="tiger-secret")
    assert finding.headline == headline
    assert not any("secret" in help_ for help_ in finding.helps)


def test_secret_that_looks_like_a_number_is_not_offered_as_a_fix() -> None:
    _, (finding,) = check("name: x\nmaybe: ${env:S}\n", S="123456")
    assert (finding.helps, finding.fix) == ((), None)


# Whole specs


def test_faults_of_skeleton_and_components_are_reported_together(
    diagnose: Diagnose, minimal_spec: str
) -> None:
    text = minimal_spec.replace("path: acme/reviews", "paht: acme/reviews")
    text += (
        "sede: 1\n"
        "tokenizer: {max_lenght: 8}\n"
        "metrics: [f1, {type: accurcy}]\n"
        "callbacks:\n"
        "  - {type: early-stopping, patience: 0}\n"
        "training: {lerning_rate: 1e-5}\n"
    )
    assert diagnose(text) == [
        "3:11 missing-key",
        "3:23 unknown-key",
        "11:1 unknown-key",
        "12:13 unknown-key",
        "13:22 unknown-type",
        "15:38 bad-value",
        "16:12 unknown-key",
    ]


def test_section_of_a_shape_that_is_none_does_not_hide_the_others(
    diagnose: Diagnose, minimal_spec: str
) -> None:
    text = minimal_spec + "tokenizer: 3\nmetrics: {a: 1}\ncallbacks: [3, {a: 1}, {type: early}]\n"
    assert diagnose(text) == [
        "11:12 wrong-type",
        "12:10 wrong-type",
        "13:13 wrong-type",
        "13:16 missing-key",
        "13:31 unknown-type",
    ]


def test_long_string_is_cut_in_a_message(examine: Examine, minimal_spec: str) -> None:
    (finding,) = examine(f"{minimal_spec}seed: {'x' * 500}\n").diagnostics
    assert len(finding.headline) < 150
    assert "…" in finding.headline


def test_key_of_another_section_is_sent_there() -> None:
    found = Collector()
    text = "ftspec: 1\nlearning_rate: 2e-5\nmodel: {max_steps: 3}\n"
    document = load_document(SourceText("spec.yaml", text), found)
    assert document is not None
    validate(Spec, document.plain(), (), document, found)

    helps = {str(one.span): one.helps for one in found if one.slug == "unknown-key"}
    assert helps == {
        "spec.yaml:2:1": ('did you mean "training.learning_rate"?',),
        "spec.yaml:3:9": ('did you mean "training.max_steps"?',),
    }
