"""Looks light."""

from ftspec.api import ComponentConfig, Field
from heavy_import.limits import LARGEST


class HeavyConfig(ComponentConfig):
    """Numbers to keep."""

    limit: float = Field(default=LARGEST, description="the largest that is kept")
