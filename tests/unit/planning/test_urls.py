"""URLs, and what to write instead of them."""

from __future__ import annotations

import pytest

from ftspec.planning.urls import is_url, url_helps
from ftspec.spec.base import LocalPath

READ, WRITTEN = LocalPath(must_exist=True), LocalPath()
MODEL = LocalPath(must_exist=True, or_hub_name=True)


@pytest.mark.parametrize(
    "text", ["s3://b/runs", "gs://b", "file:///tmp/x", "s3:/b", "hf://datasets/a/b", "HTTP://x.org"]
)
def test_urls(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text", ["runs", "C:/runs", "C:\\runs", "package:a/b", "a:b", "./s3/b", "owner/name", "x:/", ""]
)
def test_no_urls(text: str) -> None:
    assert not is_url(text)


@pytest.mark.parametrize(
    ("url", "mark", "said"),
    [
        ("file:///tmp/x", WRITTEN, 'write the path: "/tmp/x"'),
        ("https://huggingface.co/a/b/tree/main", MODEL, 'name of the repository: "a/b"'),
        ("hf://a/b", MODEL, 'name of the repository: "a/b"'),
        ("https://huggingface.co/datasets/a/b/x.json", READ, "{type: hub, path: a/b}"),
        ("https://example.org/x.json", READ, "download it first"),
        ("s3://b/model", MODEL, "download it first"),
        ("s3://b/runs", WRITTEN, "mount the storage"),
    ],
)
def test_helps(url: str, mark: LocalPath, said: str) -> None:
    [found] = url_helps(url, mark)
    assert said in found
