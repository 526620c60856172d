"""The keys of the built-in sources."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, field_validator
from pydantic_core import PydanticCustomError

from ftspec.api import (
    ComponentConfig,
    Field,
    FromEnvironment,
    LocalPath,
    SourceSection,
    SpecModel,
)

if TYPE_CHECKING:
    from ftspec.api import FileFormat

Names = str | list[str] | dict[str, str | list[str]]
"""One name or pattern, a list of them, or names or lists by split."""


def _written_in(names: Names) -> list[str]:
    parts = names.values() if isinstance(names, dict) else [names]
    return [one for part in parts for one in ([part] if isinstance(part, str) else part)]


_HUB_URL = re.compile(
    r"(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co)/|hf://)datasets/(?P<name>[\w.-]+/[\w.-]+)"
)

# column names are cached together with the rows
_IN_ROWS = FromEnvironment(allowed=False)


class HubConfig(ComponentConfig):
    """A dataset on the Hugging Face Hub."""

    path: str = Field(
        description='full name of the dataset, such as "Yelp/yelp_review_full"',
        json_schema_extra={"pattern": "/", "patternErrorMessage": 'write it as "owner/name"'},
    )
    name: str | None = Field(default=None, description="configuration of the dataset")
    revision: str | None = Field(default=None, description="branch, tag or commit")
    data_dir: str | None = Field(default=None, description="folder inside the repository")
    data_files: Names | None = Field(default=None, description="files inside the repository")
    streaming: bool = Field(
        default=False,
        description="read rows one after the other, without downloading all files first",
    )
    shuffle_buffer: int = Field(
        default=10_000,
        ge=1,
        description="size of the buffer that shuffles a streamed training split",
    )

    @field_validator("path")
    @classmethod
    def _is_full_name(cls, path: str) -> str:
        if "://" in path:
            on_hub = _HUB_URL.match(path)
            name = on_hub["name"] if on_hub is not None else "owner/name"
            raise PydanticCustomError(
                "url-not-supported",
                '"{path}" is a URL; expected a name on the Hub',
                {"path": path, "help": f'write "{name}"'},
            )
        if "/" in path:
            return path
        from ftspec.builtin.sources.names import FULL_NAMES  # only mistakes need it

        full = FULL_NAMES.get(path)
        if full is not None:
            raise PydanticCustomError(
                "legacy-dataset",
                'the dataset "{path}" is now called "{replacement}"',
                {"path": path, "replacement": full, "help": f'write "{full}"'},
            )
        raise PydanticCustomError(
            "legacy-dataset",
            '"{path}" is not the full name of a dataset',
            {"path": path, "help": 'write it as "owner/name"'},
        )


def _is_encoding(name: str) -> str:
    try:
        "a".encode(name)  # refuses codecs that do not encode text
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        raise PydanticCustomError(
            "bad-value", 'Python has no text encoding "{name}"', {"name": name}
        ) from None
    return name


Encoding = Annotated[str, AfterValidator(_is_encoding)]


Character = Annotated[str, Field(min_length=1, max_length=1)]


class FilesConfig(ComponentConfig):
    """Files on this machine."""

    files: Annotated[Names, LocalPath(must_exist=True)] = Field(
        description="path or pattern, a list of them, or one for each split"
    )

    def file_format(self) -> FileFormat:
        """How the files are read, in a run, in lint and in predictions."""
        raise NotImplementedError


class JsonConfig(FilesConfig):
    """JSON lines, or one JSON array of objects."""

    field: str | None = Field(
        default=None, description="the key of the rows, if the file is a single object"
    )
    encoding: Encoding = Field(default="utf-8", description="encoding of the files")

    def file_format(self) -> FileFormat:
        """JSON."""
        from ftspec.api import FileFormat

        return FileFormat(name="json", key=self.field, encoding=self.encoding)


class CsvConfig(FilesConfig):
    """Values separated by a comma or another character. Only an empty value is missing."""

    delimiter: Character | None = Field(
        default=None,
        description='the separator; by default a tab in ".tsv" and ".tab", "|" in ".psv", else ","',
    )
    quoting: Literal["minimal", "all", "nonnumeric", "none"] | None = Field(
        default=None,
        description="whether quotes are special, as in Python's csv module; by default, not in "
        "tab-separated files whose quotes are not all around whole values",
    )
    quotechar: Character = Field(default='"', description="the quote")
    escapechar: Character | None = Field(
        default=None, description="a character that makes the next one plain text"
    )
    column_names: Annotated[list[str] | None, _IN_ROWS] = Field(
        default=None, description="names of the columns, for files without a header line"
    )
    text_columns: Annotated[list[str] | None, _IN_ROWS] = Field(
        default=None, description="columns that are text, even if they have only numbers"
    )
    encoding: Encoding = Field(default="utf-8", description="encoding of the files")

    def file_format(self) -> FileFormat:
        """Separated values."""
        from ftspec.api import FileFormat

        return FileFormat(
            name="csv",
            encoding=self.encoding,
            delimiter=self.delimiter,
            quoting=self.quoting,
            quotechar=self.quotechar,
            escapechar=self.escapechar,
            column_names=tuple(self.column_names) if self.column_names is not None else None,
            text_columns=tuple(self.text_columns) if self.text_columns is not None else None,
        )


class ParquetConfig(FilesConfig):
    """Parquet files."""

    columns: Annotated[list[str] | None, _IN_ROWS] = Field(
        default=None, description="columns to read; all by default"
    )

    def file_format(self) -> FileFormat:
        """Parquet."""
        columns = tuple(self.columns) if self.columns is not None else None
        from ftspec.api import FileFormat

        return FileFormat(name="parquet", columns=columns)


SampleBy = Literal["line", "paragraph", "document"]


class TextConfig(FilesConfig):
    """Plain text files; rows have one column, "text"."""

    sample_by: SampleBy = Field(
        default="line", description="what a row is; a document is a whole file"
    )
    encoding: Encoding = Field(default="utf-8", description="encoding of the files")

    def file_format(self) -> FileFormat:
        """Plain text."""
        from ftspec.api import FileFormat

        return FileFormat(name="text", sample_by=self.sample_by, encoding=self.encoding)


class DiskConfig(ComponentConfig):
    """A folder written by ``save_to_disk``."""

    path: Annotated[str, LocalPath(must_exist=True)] = Field(description="the folder")


class PackageConfig(ComponentConfig):
    """Files inside an installed Python package."""

    package: str = Field(description="import name of the package")
    files: Names = Field(
        description="path or pattern inside the package, a list, or one for each split"
    )
    format: Literal["json", "csv", "parquet", "text"] = Field(description="format of the files")
    sample_by: SampleBy = Field(default="line", description="for text: what a row is")

    @field_validator("files")
    @classmethod
    def _are_inside(cls, files: Names) -> Names:
        for written in _written_in(files):
            if written.startswith("/") or ".." in PurePath(written).parts:
                raise PydanticCustomError(
                    "bad-value",
                    '"{written}" is not inside of the package',
                    {
                        "written": written,
                        "help": 'write a path below its folder, or a source such as "json"',
                    },
                )
        return files

    def file_format(self) -> FileFormat:
        """The format, with its defaults."""
        from ftspec.api import FileFormat

        return FileFormat(name=self.format, sample_by=self.sample_by)


class WeightedSource(SpecModel):
    """One part of a mixture."""

    source: SourceSection = Field(description="where the rows come from")
    weight: float = Field(
        default=1.0,
        gt=0,
        description="share of its rows in the mixture, relative to the other weights",
    )


class MixtureConfig(ComponentConfig):
    """Several sources, interleaved at random by weight. They must have the same columns."""

    sources: list[WeightedSource] = Field(min_length=2, description="the parts")
    stopping: Literal["first-exhausted", "all-exhausted"] = Field(
        default="first-exhausted",
        description="stop when one part runs out, or repeat parts until all rows were used",
    )
