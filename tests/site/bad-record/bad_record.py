"""Its record has an object instead of a string."""

from ftspec.api import ComponentConfig, TransformComponent, hookimpl


class Transform:
    pass


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(
        name="early",
        summary="rows as they are",
        config=ComponentConfig,
        factory=Transform,
    )
