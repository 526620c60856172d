"""URLs where a spec must name a local path."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ftspec.spec.base import LocalPath

# a scheme of one letter is a drive; a Path has lost the second slash
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?P<rest>[^/].*|/.+)", re.DOTALL)
_ON_HUB = re.compile(
    r"(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co)/|hf://)"
    r"(?P<kind>datasets/|models/|spaces/)?(?P<name>[\w.-]+/[\w.-]+)"
)


def is_url(text: str) -> bool:
    """Whether a text is a URL, such as ``s3://bucket/runs``. ``package:…`` is none."""
    return _URL.match(text) is not None


def url_helps(url: str, mark: LocalPath) -> Iterator[str]:
    """What to write instead of a URL."""
    on_hub = _ON_HUB.match(url)
    found = _URL.match(url)
    if found is not None and found["scheme"].lower() == "file":
        yield f'write the path: "{found["rest"]}"'
    elif on_hub is not None and mark.or_hub_name:
        yield f'write the name of the repository: "{on_hub["name"]}"'
    elif on_hub is not None and mark.must_exist:
        yield f"rows of the Hub have a source of their own: {{type: hub, path: {on_hub['name']}}}"
    elif mark.must_exist:
        yield "download it first, and write the path of the file"
    else:
        yield "write a local folder, or mount the storage; copy the run directory when the run ends"
