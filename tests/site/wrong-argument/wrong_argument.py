"""Its hook has an unknown argument."""

from ftspec.api import ComponentConfig, TransformComponent, hookimpl


@hookimpl
def ftspec_register_transforms(config):
    yield TransformComponent(
        name="greedy",
        summary="rows as they are",
        config=ComponentConfig,
        factory="somewhere:Transform",
    )
