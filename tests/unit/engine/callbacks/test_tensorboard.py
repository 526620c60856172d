"""What TensorBoard itself reads of runs: its page HPARAMS compares them."""

from __future__ import annotations

from pathlib import Path

from tensorboard import context
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams.backend_context import Context
from tensorboard.plugins.hparams.list_session_groups import Handler
from transformers import TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.callbacks.tensorboard import TensorBoard
from ftspec.planning.hyperparameters import hyperparameters_of
from ftspec.rundir import RunDirectory
from tests.unit.planning.test_difference import plan_with

RATES = {"slow": 1e-4, "fast": 1e-3}


def write_events(folder: Path, rate: float, loss: float) -> None:
    run_dir = RunDirectory(folder)
    folder.mkdir()
    run_dir.resolved_spec.write_text("ftspec: 1\n")
    plan = plan_with(f"training.learning_rate={rate}")
    board = TensorBoard(run_dir, hyperparameters_of(plan))
    state = TrainerState(global_step=5, is_world_process_zero=True)
    arguments, control = TrainingArguments(output_dir=str(folder)), TrainerControl()
    board.on_train_begin(arguments, state, control)
    board.on_log(arguments, state, control, logs={"eval_loss": loss})
    board.on_train_end(arguments, state, control)


def test_tensorboard_compares_runs_by_their_hyperparameters(tmp_path: Path) -> None:
    for name, rate in RATES.items():
        write_events(tmp_path / name, rate, rate * 100)
    multiplexer = EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(tmp_path))
    hparams = Context(base_plugin.TBContext(data_provider=provider))
    request = api_pb2.ListSessionGroupsRequest(
        slice_size=10, allowed_statuses=list(api_pb2.Status.values()), include_metrics=True
    )
    asked = context.RequestContext()
    groups = Handler(asked, hparams, "", request).run().session_groups
    runs = {group.name.partition("/")[0]: group for group in groups}
    assert {
        name: group.hparams["training.learning_rate"].number_value for name, group in runs.items()
    } == RATES
    assert {"model.checkpoint", "seed", "task.type"} <= runs["slow"].hparams.keys()
    assert "output.dir" not in runs["slow"].hparams
    [loss] = runs["fast"].metric_values
    assert (loss.name.tag, round(loss.value, 3)) == ("eval/loss", 0.1)
