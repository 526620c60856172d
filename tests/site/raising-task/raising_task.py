"""The config of its task raises in ``predictions``."""

from ftspec.api import TaskComponent, TaskConfig, TaskField, hookimpl


class RaisingModel:
    """A type that pydantic does not know."""


class RaisingConfig(TaskConfig):
    """Has not decided yet."""

    @property
    def predictions(self):
        raise LookupError("ask again later")


class OpaqueConfig(TaskConfig):
    """Its schema cannot be built."""

    model: RaisingModel

    @property
    def predictions(self):
        return frozenset()


@hookimpl
def ftspec_register_tasks():
    for name, config in (("undecided", RaisingConfig), ("opaque", OpaqueConfig)):
        yield TaskComponent(
            name=name,
            summary="a text to whatever comes",
            config=config,
            factory="somewhere:Task",
            fields=(
                TaskField(name="text", summary="the text"),
                TaskField(name="label", summary="whatever comes", is_answer=True),
            ),
            auto_model="AutoModel",
        )
