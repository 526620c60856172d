"""Its hook yields one record and then raises."""

from ftspec.api import ComponentConfig, TransformComponent, hookimpl


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(
        name="first",
        summary="rows as they are",
        config=ComponentConfig,
        factory="somewhere:Transform",
    )
    raise OSError("the list of further ones is gone")
