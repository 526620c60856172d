"""Its hook lacks the marker."""

from ftspec.api import ComponentConfig, TransformComponent


def ftspec_register_transforms():
    yield TransformComponent(
        name="unmarked",
        summary="rows as they are",
        config=ComponentConfig,
        factory="somewhere:Transform",
    )
