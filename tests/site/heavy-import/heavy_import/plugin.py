"""Its module imports a heavy library through two other modules."""

from ftspec.api import TransformComponent, hookimpl
from heavy_import.config import HeavyConfig


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(
        name="heavy",
        summary="rows as they are",
        config=HeavyConfig,
        factory="somewhere:Transform",
    )
