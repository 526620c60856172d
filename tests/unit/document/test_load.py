"""Files to documents: reading, ``extends``, profiles, ``--set``, and the place of every value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.document.load import LARGEST, Document, load_document, read_source
from ftspec.document.paths import SpecPath

Write = Callable[..., Path]
Load = Callable[..., tuple[Document | None, list[Diagnostic]]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file below the current folder, which is an empty one."""
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def load(write: Write) -> Load:
    """The document of a text written to ``specs/x.yaml``, and the findings."""

    def load_text(text: str | bytes, **options: Any) -> tuple[Document | None, list[Diagnostic]]:
        found = Collector()
        source = read_source(write("specs/x.yaml", text), found)
        if source is None:
            return None, list(found)
        return load_document(source, found, **{"environment": {}, **options}), list(found)

    return load_text


def places(findings: list[Diagnostic]) -> list[str]:
    return [f"{one.span} {one.slug}" for one in findings]


def values(result: tuple[Document | None, list[Diagnostic]]) -> Any:
    document, findings = result
    assert places(findings) == []
    assert document is not None
    return document.plain()


# Reading


def test_byte_order_mark_is_skipped_and_not_counted(load: Load) -> None:
    document, findings = load(b"\xef\xbb\xbfa: 1\na: 2\n")
    assert places(findings) == ["specs/x.yaml:2:1 duplicate-key"]
    assert document is not None
    assert str(document.key_span(("a",))) == "specs/x.yaml:1:1"


def test_carriage_returns_change_neither_values_nor_places(load: Load) -> None:
    document, findings = load(b"a: x\r\nb:\r\n  c: y\r\n")
    assert findings == []
    assert document is not None
    assert document.plain() == {"a": "x", "b": {"c": "y"}}
    assert str(document.span(("b", "c"))) == "specs/x.yaml:3:6"


def test_file_that_is_not_utf_8_names_the_line(load: Load) -> None:
    document, (finding,) = load(b"a: 1\nb: caf\xe9\n")
    assert document is None
    assert (finding.slug, finding.headline) == (
        "not-utf8",
        '"specs/x.yaml" is not UTF-8 text (line 2)',
    )


def test_nul_in_a_file_points_at_itself(load: Load) -> None:
    _, findings = load(b"a: 1\nb: x\x00\n")
    assert places(findings) == ["specs/x.yaml:2:5 yaml-syntax"]


def test_large_file_is_not_parsed(load: Load) -> None:
    document, (finding,) = load(b"a: 1\n" + b"#" * LARGEST)
    assert (document, finding.slug) == (None, "too-large")
    assert load(b"a: 1\n" + b"#" * (LARGEST - 5))[1] == []


def test_missing_file_suggests_a_neighbour(write: Write, tmp_path: Path) -> None:
    write("specs/yelp_bert.yaml", "a: 1")
    found = Collector()
    assert read_source(tmp_path / "specs" / "yelp_brt.yaml", found) is None
    (finding,) = found
    assert (finding.slug, finding.span) == ("missing-file", None)
    assert finding.headline == 'there is no file "specs/yelp_brt.yaml"'
    assert finding.helps == ('did you mean "yelp_bert.yaml"?',)


def test_folder_in_place_of_a_file_is_reported(tmp_path: Path) -> None:
    found = Collector()
    assert read_source(tmp_path, found) is None
    assert [one.slug for one in found] == ["unreadable-file"]


def test_file_outside_the_current_folder_shows_its_full_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_text("a: 1")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    source = read_source(tmp_path / "x.yaml", Collector())
    assert source is not None
    assert source.name == str(tmp_path / "x.yaml")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("- a\n- b\n", "a list"),
        ("hello", 'the string "hello"'),
        ("---\n", "null"),
        ("42", "the number 42"),
    ],
)
def test_file_that_is_no_mapping_says_what_it_is(text: str, what: str, load: Load) -> None:
    document, (finding,) = load(text)
    assert document is None
    assert places([finding]) == ["specs/x.yaml:1:1 not-a-spec"]
    assert finding.headline.endswith(f"this file is {what}")


def test_broken_file_has_its_own_finding_and_no_second(load: Load) -> None:
    _, findings = load("a: [1\n")
    assert places(findings) == ["specs/x.yaml:2:1 yaml-syntax"]


# Extends


def test_base_gives_what_the_spec_does_not_say(load: Load, write: Write) -> None:
    write("specs/base.yaml", "a: 1\nt: {x: 1, y: 2}\nl: [1, 2]\n")
    assert values(load("extends: base.yaml\nt: {y: 3}\nl: [9]\nb: 4\n")) == {
        "a": 1,
        "t": {"x": 1, "y": 3},
        "l": [9],
        "b": 4,
    }


def test_later_base_of_a_list_wins_and_the_spec_over_both(load: Load, write: Write) -> None:
    write("specs/one.yaml", "a: 1\nb: 1\nc: 1\n")
    write("specs/two.yaml", "b: 2\nc: 2\n")
    assert values(load("extends: [one.yaml, two.yaml]\nc: 3\n")) == {"a": 1, "b": 2, "c": 3}


def test_base_is_found_from_the_file_that_names_it(load: Load, write: Write) -> None:
    write("bases/deep/low.yaml", "a: low\n")
    write("bases/high.yaml", "extends: deep/low.yaml\nb: high\n")
    assert values(load("extends: ../bases/high.yaml\n")) == {"a": "low", "b": "high"}


def test_file_extended_twice_is_no_cycle(load: Load, write: Write) -> None:
    write("specs/low.yaml", "a: 1\n")
    write("specs/one.yaml", "extends: low.yaml\n")
    write("specs/two.yaml", "extends: low.yaml\n")
    assert values(load("extends: [one.yaml, two.yaml]\n")) == {"a": 1}


def test_missing_base_points_at_its_name(load: Load, write: Write) -> None:
    write("specs/bert.yaml", "a: 1\n")
    document, (finding,) = load("a: 1\nextends: [bert.yaml, brt.yaml]\nb: 2\n")
    assert places([finding]) == ["specs/x.yaml:2:22 missing-file"]
    assert finding.helps == ('did you mean "bert.yaml"?',)
    assert document is not None
    assert document.plain() == {"a": 1, "b": 2}


def test_base_missing_from_a_base_points_into_that_base(load: Load, write: Write) -> None:
    write("specs/mid.yaml", "extends: gone.yaml\n")
    _, findings = load("extends: mid.yaml\n")
    assert places(findings) == ["specs/mid.yaml:1:10 missing-file"]


def test_findings_inside_a_base_point_into_it(load: Load, write: Write) -> None:
    write("specs/base.yaml", "a: 1\na: 2\n")
    _, findings = load("extends: base.yaml\nb: 1\nb: 2\n")
    assert sorted(places(findings)) == [
        "specs/base.yaml:2:1 duplicate-key",
        "specs/x.yaml:3:1 duplicate-key",
    ]


def test_cycle_points_at_the_name_that_closes_it(load: Load, write: Write) -> None:
    write("specs/one.yaml", "extends: two.yaml\n")
    write("specs/two.yaml", "a: 1\nextends: ../specs/one.yaml\n")
    _, (finding,) = load("extends: one.yaml\n")
    assert places([finding]) == ["specs/two.yaml:2:10 extends-cycle"]
    assert '"specs/one.yaml" ← "specs/two.yaml" ← "specs/one.yaml"' in finding.headline


def test_file_that_extends_itself_is_a_cycle(load: Load) -> None:
    _, findings = load("extends: x.yaml\n")
    assert places(findings) == ["specs/x.yaml:1:10 extends-cycle"]


def test_cycle_through_symbolic_links_ends(load: Load, write: Write, tmp_path: Path) -> None:
    write("specs/a/x.yaml", "extends: loop/x.yaml\n")
    (tmp_path / "specs/a/loop").symlink_to(tmp_path / "specs/a", target_is_directory=True)
    _, findings = load("extends: a/x.yaml\n")
    assert [one.slug for one in findings] == ["extends-cycle"]


@pytest.mark.parametrize(
    ("written", "place"),
    [("3", "1:10"), ("{a: b}", "1:10"), ("~", "1:10"), ("[a.yaml, 3]", "1:19")],
)
def test_extends_that_is_no_name_is_reported(
    written: str, place: str, load: Load, write: Write
) -> None:
    write("specs/a.yaml", "a: 1\n")
    _, findings = load(f"extends: {written}\n")
    assert places(findings) == [f"specs/x.yaml:{place} wrong-type"]


@pytest.mark.parametrize(
    "name", ['"a\\0b.yaml"', "~nobody-of-that-name/b.yaml", "x" * 300, ".", '""']
)
def test_base_that_no_file_can_be_points_at_its_name(name: str, load: Load) -> None:
    _, (finding,) = load(f"extends: {name}\n")
    assert str(finding.span) == "specs/x.yaml:1:10"
    assert finding.slug in ("missing-file", "unreadable-file")


def test_base_in_the_home_folder(
    load: Load, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write("home/base.yaml", "a: 1\n")
    assert values(load("extends: ~/base.yaml\n")) == {"a": 1}


# Profiles


PROFILES = """\
a: 1
t: {x: 1, y: 2}
profiles:
  smoke: {t: {x: 9}}
  full:
    a: 5
"""


def test_profiles_are_offered_and_no_part_of_the_values(load: Load) -> None:
    document, _ = load(PROFILES)
    assert document is not None
    assert document.profiles == ("smoke", "full")
    assert document.plain() == {"a": 1, "t": {"x": 1, "y": 2}}


def test_profile_is_laid_over_the_spec(load: Load) -> None:
    assert values(load(PROFILES, profile="smoke")) == {"a": 1, "t": {"x": 9, "y": 2}}
    assert values(load(PROFILES, profile="full"))["a"] == 5


def test_profile_of_a_base_is_offered_and_merges(load: Load, write: Write) -> None:
    write("specs/base.yaml", "a: 1\nprofiles: {smoke: {a: 2, b: 2}}\n")
    text = "extends: base.yaml\nprofiles: {smoke: {b: 3}}\n"
    assert values(load(text, profile="smoke")) == {"a": 2, "b": 3}


def test_unknown_profile_is_reported_with_a_suggestion(load: Load) -> None:
    _, (finding,) = load(PROFILES, profile="smok")
    assert places([finding]) == ["specs/x.yaml:3:1 unknown-profile"]
    assert finding.helps == ('did you mean "smoke"?',)
    _, (without,) = load("a: 1\n", profile="smoke")
    assert places([without]) == ["specs/x.yaml:1:1 unknown-profile"]
    assert without.helps == ()


def test_whole_spec_is_pointed_at_by_its_first_key(load: Load, write: Write) -> None:
    write("base.yaml", "z: 0\n")
    document, _ = load("# why\nb: 1\nextends: base.yaml\na: 2\n")
    assert document is not None
    assert str(document.span(())) == "specs/x.yaml:2:1"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("profiles: [smoke]\n", "1:11 wrong-type"),
        ("profiles:\n  smoke: 3\n", "2:10 wrong-type"),
        ("profiles:\n  smoke: {extends: a.yaml}\n", "2:11 misplaced-key"),
        ("profiles:\n  smoke:\n    profiles: {}\n", "3:5 misplaced-key"),
        ("profiles:\n  smoke:\n    a: 1\n    ftspec: 1\n", "4:5 misplaced-key"),
    ],
)
def test_profile_that_is_no_overlay_is_reported(text: str, place: str, load: Load) -> None:
    assert places(load(text)[1]) == [f"specs/x.yaml:{place}"]


# Order and places


@pytest.fixture
def layered(load: Load, write: Write) -> Document:
    """A document with a value from each layer, where every layer also sets those above it."""
    write("bases/base.yaml", "t:\n  base: 1\n  spec: 1\n  profile: 1\n  set: 1\n")
    document, findings = load(
        "extends: ../bases/base.yaml\n"
        "t: {spec: 2, profile: 2, set: 2}\n"
        "profiles:\n"
        "  smoke: {t: {profile: 3, set: 3}}\n",
        profile="smoke",
        overrides=["t.set=4"],
    )
    assert findings == []
    assert document is not None
    return document


def test_order_is_base_then_spec_then_profile_then_set(layered: Document) -> None:
    assert layered.plain() == {"t": {"base": 1, "spec": 2, "profile": 3, "set": 4}}


@pytest.mark.parametrize(
    ("key", "value_at", "key_at"),
    [
        ("base", "bases/base.yaml:2:9", "bases/base.yaml:2:3"),
        ("spec", "specs/x.yaml:2:11", "specs/x.yaml:2:5"),
        ("profile", "specs/x.yaml:4:24", "specs/x.yaml:4:15"),
        ("set", "--set t.set=4:1:7", "--set t.set=4:1:1"),
    ],
)
def test_value_keeps_the_file_line_and_column_it_was_written_at(
    key: str, value_at: str, key_at: str, layered: Document
) -> None:
    assert str(layered.span(("t", key))) == value_at
    assert str(layered.key_span(("t", key))) == key_at


NESTED = """\
data:
  source: {type: json}
  list:
    - a
    - {b: 1}
    -
      c: 2
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("data",), "1:1"),  # a section of several lines is shown at its key
        (("data", "source"), "2:11"),  # one of a single line at its value
        (("data", "source", "type"), "2:18"),
        (("data", "source", "files"), "2:11"),  # what is missing, at the section it is missing in
        (("data", "list", 0), "4:7"),
        (("data", "list", 1, "b"), "5:11"),
        (("data", "list", 7), "3:3"),
        (("data", "nothing", "below"), "1:1"),
        ((), "1:1"),
        (("nothing",), "1:1"),
    ],
)
def test_span_of_a_path(path: SpecPath, place: str, load: Load) -> None:
    document, _ = load(NESTED)
    assert document is not None
    assert str(document.span(path)) == f"specs/x.yaml:{place}"


# Environment


def test_environment_is_that_of_the_process_by_default(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTSPEC_TEST_VALUE", "from outside")
    document, findings = load("a: ${env:FTSPEC_TEST_VALUE}\n", environment=None)
    assert findings == []
    assert document is not None
    assert document.plain() == {"a": "from outside"}
    assert document.plain(masked=True) == {"a": "${env:FTSPEC_TEST_VALUE}"}
    assert document.secrets == {"from outside": "${env:FTSPEC_TEST_VALUE}"}


def test_variable_is_needed_only_where_its_value_survives(load: Load, write: Write) -> None:
    write("specs/base.yaml", "a: ${env:NOT_SET}\n")
    assert values(load("extends: base.yaml\na: 1\n")) == {"a": 1}
    assert values(load("a: 1\nprofiles: {p: {a: '${env:NOT_SET}'}}\n")) == {"a": 1}


def test_unset_variable_of_a_base_and_of_an_argument_point_there(load: Load, write: Write) -> None:
    write("specs/base.yaml", "a: ${env:X}\n")
    _, findings = load("extends: base.yaml\n", overrides=["b=${env:Y}"])
    assert places(findings) == [
        "specs/base.yaml:1:4 unset-variable",
        "--set b=${env:Y}:1:3 unset-variable",
    ]
