"""One of its components has a former name of a built-in one."""

from ftspec.api import ComponentConfig, SourceComponent, TransformComponent, hookimpl


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(
        name="rightful",
        summary="rows as they are",
        config=ComponentConfig,
        factory="somewhere:Transform",
    )


@hookimpl
def ftspec_register_sources():
    yield SourceComponent(
        name="jsonl", summary="JSON lines", config=ComponentConfig, factory="somewhere:Source"
    )
