"""Its module imports a package that does not exist."""

from broken_import.settings import NAME
from ftspec.api import ComponentConfig, TransformComponent, hookimpl


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(
        name=NAME,
        summary="rows as they are",
        config=ComponentConfig,
        factory="somewhere:Transform",
    )
