"""It prints wherever it can, and is valid otherwise."""

from ftspec.api import ComponentConfig, TransformComponent, hookimpl

print("[noisy] thank you for installing noisy")


@hookimpl
def ftspec_register_transforms():
    print("[noisy] registering")
    yield TransformComponent(
        name="noisy",
        summary="rows as they are",
        config=ComponentConfig,
        factory="somewhere:Transform",
    )


@hookimpl
def ftspec_check_plan(plan, spans):
    print("[noisy] checking")
    return []
