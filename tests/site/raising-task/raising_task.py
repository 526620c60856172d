"""Its task's config raises when it is asked what the task predicts."""

from ftspec.api import TaskComponent, TaskConfig, TaskField, hookimpl


class RaisingConfig(TaskConfig):
    """Has not decided yet."""

    @property
    def predictions(self):
        raise LookupError("ask again later")


@hookimpl
def ftspec_register_tasks():
    yield TaskComponent(
        name="undecided",
        summary="a text to whatever comes",
        config=RaisingConfig,
        factory="somewhere:Task",
        fields=(
            TaskField(name="text", summary="the text"),
            TaskField(name="label", summary="whatever comes", is_answer=True),
        ),
        auto_model="AutoModel",
    )
