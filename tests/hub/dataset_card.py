"""Writes dataset repositories as `push_to_hub` leaves them: parquet files and a card with YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetInfo, Features, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, DatasetCardData

from tests.hub.repository import Repository

Rows = list[dict[str, Any]]


@dataclass
class DatasetFolder:
    """One dataset repository being written, a config at a time; `write_card` completes it."""

    root: Path
    name: str
    infos: DatasetInfosDict = field(default_factory=DatasetInfosDict)
    configs: MetadataConfigs = field(default_factory=MetadataConfigs)

    @property
    def folder(self) -> Path:
        return Repository(self.root, "datasets", self.name).branch().folder

    def add_config(
        self, config: str, features: Features, splits: dict[str, Rows], directory: str = ""
    ) -> None:
        """Write each split to `<directory>/<split>-00000-of-00001.parquet`."""
        directory = directory or config
        split_infos, download_size = SplitDict(), 0
        for split, rows in splits.items():
            table = Dataset.from_list(rows, features=features)
            file = self.folder / directory / f"{split}-00000-of-00001.parquet"
            write_parquet(table, file)
            download_size += file.stat().st_size
            split_infos.add(SplitInfo(split, num_bytes=table.data.nbytes, num_examples=len(rows)))
        self.infos[config] = DatasetInfo(
            features=features,
            splits=split_infos,
            download_size=download_size,
            dataset_size=sum(info.num_bytes for info in split_infos.values()),
            config_name=config,
        )
        files = [{"split": split, "path": f"{directory}/{split}-*"} for split in splits]
        self.configs[config] = {"data_files": files}

    def write_card(self) -> Path:
        """Write README.md, whose YAML gives the config names, the split names and the features."""
        data = DatasetCardData()
        self.infos.to_dataset_card_data(data)
        self.configs.to_dataset_card_data(data)
        text = "The columns of the dataset of this name on the Hub, filled with other text."
        DatasetCard(f"---\n{data}\n---\n\n{text}\n").save(self.folder / "README.md")
        return self.folder


def write_parquet(table: Dataset, file: Path) -> None:
    """One parquet file with the features in its `huggingface` metadata."""
    file.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(file)
