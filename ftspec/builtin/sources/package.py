"""Files inside an installed Python package, found without importing it."""

from __future__ import annotations

from pathlib import Path

from ftspec.api import Context, RunError, folder_of_package
from ftspec.builtin.sources.config import Names, PackageConfig
from ftspec.builtin.sources.files import FileSource


def package_source(config: PackageConfig, context: Context) -> FileSource:
    """The files of a package, read in the format that the spec names."""
    folder = _folder_of(config.package, context)
    return FileSource(config.file_format(), _below(folder, config.files), context)


def _folder_of(package: str, context: Context) -> Path:
    folder = folder_of_package(package)
    if folder is None:
        raise RunError(
            f'the Python package "{package}" is not installed',
            slug="missing-package",
            at=(*context.section, "package"),
            helps=(
                "install it, or write another; use the import name, which may differ from pip's",
            ),
        )
    return folder


def _below(folder: Path, names: Names) -> Names:
    if isinstance(names, dict):
        return {
            split: [str(folder / name) for name in ([given] if isinstance(given, str) else given)]
            for split, given in names.items()
        }
    return [str(folder / name) for name in ([names] if isinstance(names, str) else names)]
