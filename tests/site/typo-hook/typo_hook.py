"""The name of its hook is misspelt."""

from ftspec.api import ComponentConfig, TransformComponent, hookimpl


@hookimpl
def ftspec_register_tranforms():
    yield TransformComponent(
        name="misspelt",
        summary="rows as they are",
        config=ComponentConfig,
        factory="somewhere:Transform",
    )
