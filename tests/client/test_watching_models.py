"""Watching a torch module: what is measured at which pass, under which step, and that training is left alone."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import tracker
from tests.client.reading import read_all
from tracker import kinds
from tracker.live_run import Run
from tracker.records import Logged, MediaLogged, RunStarted
from tracker.settings import Settings

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (torch may be missing)
from torch.utils.checkpoint import checkpoint  # noqa: E402


@pytest.fixture
def run(start):
    torch.manual_seed(7)
    return start(mode="offline")


@pytest.fixture
def network():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))


def back(model, inputs=None):
    """One backward pass; the gradients as they are after it."""
    model(torch.randn(16, 4) if inputs is None else inputs).square().mean().backward()
    return {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}


def histograms(run):
    """By name, of each histogram its step and what it says."""
    run.finish()
    found: dict[str, list[tuple[int, kinds.Histogram]]] = {}
    for record in read_all(run.journal_path):
        if isinstance(record, MediaLogged):
            assert (record.kind, record.digest, record.size_bytes) == ("histogram", "", 0)
            found.setdefault(record.name, []).append((record.step, kinds.read(record.kind, record.details)))
    return found


def points(run, name):
    run.finish()
    logged = [record for record in read_all(run.journal_path) if isinstance(record, Logged)]
    return [(record.step, record.values[name]) for record in logged if name in record.values]


def as_numpy(tensor, bins=64):
    counts, edges = np.histogram(tensor.double().numpy(), bins)
    return pytest.approx(edges.tolist()), counts.tolist()


def test_gradients_are_those_of_the_pass_and_have_the_step_of_the_next_log(run, network):
    run.watch(network)
    gradients = back(network)
    network.zero_grad()
    run.log({"loss": 1.0}, step=40)
    found = histograms(run)
    assert list(found) == [f"gradients/{name}" for name in gradients]
    for name, gradient in gradients.items():
        ((step, histogram),) = found[f"gradients/{name}"]
        assert (step, sum(histogram.counts), len(histogram.counts)) == (40, gradient.numel(), 64)
        edges, counts = as_numpy(gradient)
        assert histogram.edges == edges
        assert np.abs(np.cumsum(histogram.counts) - np.cumsum(counts)).max() <= 1  # a value at an edge
    total = torch.cat([each.flatten() for each in gradients.values()]).norm().item()
    assert points(run, "gradients/norm") == [(40, pytest.approx(total))]


def test_the_first_pass_and_every_so_many_after_it_are_measured(run, network):
    tracker.watch(network, "all", log_freq=3, bins=5, norms="each")
    for _ in range(7):
        back(network)
        run.log({"loss": 1.0})
    found = histograms(run)
    assert {tuple(step for step, _ in each) for each in found.values()} == {(0, 3, 6)}
    assert {len(histogram.counts) for each in found.values() for _, histogram in each} == {5}
    assert "parameters/2.bias" in found
    assert [step for step, _ in points(run, "parameters/norm/0.weight")] == [0, 3, 6]
    (value,) = {value for _, value in points(run, "parameters/norm/0.weight")}
    assert value == pytest.approx(network[0].weight.norm().item())


def test_norms_alone_need_no_histograms(run, network):
    run.watch(network, None, log_freq=1)
    gradients = back(network)
    run.log({"loss": 1.0})
    norm = torch.cat([each.flatten() for each in gradients.values()]).norm().item()
    assert points(run, "gradients/norm") == [(0, pytest.approx(norm))]
    assert histograms(run) == {}


def test_of_accumulated_gradients_the_last_pass_before_the_log_counts(run, network):
    run.watch(network, log_freq=100)
    for _ in range(4):
        accumulated = back(network)
    network.zero_grad()
    back(network)  # another step before anything is logged
    run.log({"loss": 1.0})
    norm = torch.cat([each.flatten() for each in accumulated.values()]).norm().item()
    assert points(run, "gradients/norm") == [(0, pytest.approx(norm))]


@pytest.mark.parametrize("to_none", [True, False], ids=["gradients removed", "gradients set to zero"])
def test_a_pass_after_zero_grad_adds_to_nothing(run, network, to_none):
    run.watch(network, log_freq=100)
    first = back(network)
    network.zero_grad(set_to_none=to_none)
    back(network)
    run.log({"loss": 1.0})
    norm = torch.cat([each.flatten() for each in first.values()]).norm().item()
    assert points(run, "gradients/norm") == [(0, pytest.approx(norm))]


def test_what_no_log_follows_has_the_step_after_the_last(run, network):
    run.watch(network, log_freq=1)
    run.log({"loss": 1.0}, step=9)
    back(network)
    assert [step for step, _ in histograms(run)["gradients/0.bias"]] == [10]


def test_frozen_parameters_are_left_out_until_they_are_trained(run, network):
    network[2].requires_grad_(False)
    run.watch(network, "all", log_freq=1)
    back(network)
    run.log({"loss": 1.0})
    network[2].requires_grad_(True)
    back(network)
    run.log({"loss": 1.0})
    found = histograms(run)
    assert [step for step, _ in found["gradients/0.weight"]] == [0, 1]
    assert (
        [step for step, _ in found["gradients/2.weight"]] == [step for step, _ in found["parameters/2.weight"]] == [1]
    )


def test_a_shared_parameter_is_logged_once(run):
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    network[1].weight = network[0].weight
    run.watch(network, log_freq=1)
    gradient = back(network)["0.weight"]
    run.log({"loss": 1.0})
    found = histograms(run)
    assert set(found) == {"gradients/0.weight", "gradients/0.bias", "gradients/1.bias"}
    assert found["gradients/0.weight"][0][1].edges[0] == pytest.approx(gradient.min().item())


def test_gradients_of_a_scaler_are_divided_by_its_scale(run, network):
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    run.watch(network, log_freq=1, scaler=scaler)
    inputs = torch.randn(16, 4)
    scaler.scale(network(inputs).square().mean()).backward()
    run.log({"loss": 1.0})
    network.zero_grad()
    run.unwatch()
    true = back(network, inputs)
    histogram = histograms(run)["gradients/2.weight"][0][1]
    assert histogram.edges[-1] == pytest.approx(true["2.weight"].max().item())
    assert histogram.edges[0] == pytest.approx(true["2.weight"].min().item())


def test_an_overflow_is_counted_and_shown_by_the_norm(run, network):
    run.watch(network, log_freq=1)
    network[2].bias.register_hook(lambda gradient: torch.tensor([torch.inf, torch.nan]))
    back(network)
    run.log({"loss": 1.0})
    ((_, histogram),) = histograms(run)["gradients/2.bias"]
    assert (histogram.nan_count, histogram.infinite_count, sum(histogram.counts)) == (1, 1, 0)
    assert np.isnan(points(run, "gradients/norm")[0][1])


def test_an_overflow_does_not_stop_a_run_that_stops_at_nan(start, network):
    run = start(mode="offline", on_nan="stop")
    run.watch(network, log_freq=1)
    network[2].bias.register_hook(lambda gradient: gradient * torch.inf)
    back(network)
    run.log({"loss": 1.0})
    assert points(run, "gradients/norm")
    assert not run.should_stop


def test_a_compiled_module_has_the_names_of_the_module(run, network):
    compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
    run.watch(compiled, "all", log_freq=2)
    for _ in range(3):
        back(compiled)
        run.log({"loss": 1.0})
    found = histograms(run)
    assert set(found) == {
        f"{of}/{name}" for of in ("gradients", "parameters") for name, _ in network.named_parameters()
    }
    assert [step for step, _ in found["gradients/0.weight"]] == [0, 2]


@pytest.mark.parametrize("reentrant", [True, False], ids=["reentrant", "not reentrant"])
def test_checkpointed_parts_are_measured_with_the_rest(run, reentrant):
    parts = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
    run.watch(parts, log_freq=100)
    flow = torch.randn(8, 4, requires_grad=True)
    for part in parts:
        flow = checkpoint(part, flow, use_reentrant=reentrant)
    flow.square().mean().backward()
    norm = torch.cat([each.grad.flatten() for each in parts.parameters()]).norm().item()
    run.log({"loss": 1.0})
    assert points(run, "gradients/norm") == [(0, pytest.approx(norm))]
    assert len(histograms(run)) == 6


def test_several_models_are_told_apart_by_prefix(run, network):
    critic = nn.Linear(2, 1)
    run.watch(network, log_freq=1)
    with pytest.raises(ValueError, match=r"a Sequential is watched without a prefix already; .*prefix='linear'"):
        run.watch(critic)
    run.watch(critic, log_freq=1, prefix="critic")
    critic(network(torch.randn(3, 4))).sum().backward()
    run.log({"loss": 1.0})
    run.unwatch(network)
    critic(network(torch.randn(3, 4))).sum().backward()
    run.log({"loss": 1.0})
    found = histograms(run)
    assert [step for step, _ in found["gradients/critic/weight"]] == [0, 1]
    assert [step for step, _ in found["gradients/0.weight"]] == [0]
    assert len(points(run, "gradients/critic/norm")) == 2


def test_watching_a_model_again_takes_the_place_of_the_watch_before(run, network):
    run.watch(network, "all", log_freq=1)
    run.watch(network, "parameters", log_freq=1, prefix="net")
    back(network)
    run.log({"loss": 1.0})
    assert {name.rpartition("/")[0] for name in histograms(run)} == {"parameters/net"}


def test_a_model_is_not_kept_alive(run):
    network = nn.Linear(4, 2)
    run.watch(network)
    kept, gone = list(network.parameters()), weakref.ref(network)
    del network
    gc.collect()
    assert gone() is None
    sum(each.sum() for each in kept).backward()
    run.log({"loss": 1.0})
    assert histograms(run) == {}
    assert not any(each._post_accumulate_grad_hooks for each in kept)


def test_a_run_that_is_over_lets_go_of_the_model(run, network, capsys):
    run.watch(network, log_freq=1)
    run.finish()
    back(network)
    assert not any(each._post_accumulate_grad_hooks for each in network.parameters())
    run.watch(network)
    assert f"run {run.id} is over, so Sequential is not watched" in capsys.readouterr().err


def test_a_disabled_run_watches_nothing(start, network):
    run = start(mode="disabled")
    run.watch(network)
    back(network)
    run.unwatch(network)
    assert not any(each._post_accumulate_grad_hooks for each in network.parameters())


def test_a_pass_that_fails_in_the_middle_ends_no_watching(run, network):
    run.watch(network, log_freq=1)
    hook = network[0].weight.register_hook(lambda gradient: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        back(network)
    hook.remove()
    back(network)
    run.log({"loss": 1.0})
    assert "gradients/0.weight" in histograms(run)


def test_what_goes_wrong_in_watching_is_a_notice_and_no_error(run, network, capsys):
    class Odd(nn.Linear):
        is_odd = False

        def named_parameters(self, *arguments, **options):
            if self.is_odd:
                raise RuntimeError("no names today")
            return super().named_parameters(*arguments, **options)

    odd = Odd(4, 2)
    run.watch(odd)
    odd.is_odd = True
    odd(torch.randn(2, 4)).sum().backward()
    assert odd.weight.grad is not None
    assert "the model is not watched any more (RuntimeError: no names today)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"model": "resnet"}, TypeError, r"takes a torch.nn.Module, got str: 'resnet'"),
        ({"model": [nn.Linear(2, 2)]}, TypeError, "got list: .*one by one, each with a prefix"),
        ({"model": nn.LazyLinear(2)}, ValueError, "weight of LazyLinear has no shape yet; run a batch"),
        ({"model": nn.Tanh()}, ValueError, "no parameter of Tanh requires a gradient"),
        ({"log": "weights"}, ValueError, "log must be one of gradients, parameters, all, got 'weights'"),
        ({"log": None, "norms": None}, ValueError, "there is nothing to watch"),
        ({"log_freq": 0}, ValueError, "log_freq must be a whole number from 1 to .*, got 0"),
        ({"log_freq": 2.5}, ValueError, "log_freq must be a whole number from 1 to .*, got 2.5"),
        ({"bins": 513}, ValueError, "bins must be a whole number from 1 to 512, got 513"),
        ({"norms": "all"}, ValueError, "norms must be one of total, each, got 'all'"),
        ({"prefix": 3}, TypeError, "prefix must be text or None, got int"),
        ({"scaler": 1024.0}, TypeError, "scaler must be a torch.amp.GradScaler or None, got float"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_argument_raises_at_once(run, options, error, says):
    with pytest.raises(error, match=says):
        run.watch(**{"model": nn.Linear(2, 2)} | options)


def test_without_a_run_there_is_nothing_to_watch_with(program):
    done = program("import tracker\ntracker.unwatch()\ntracker.watch('any')")
    assert "NoActiveRunError" in done.err


@pytest.fixture
def group(tmp_path):
    """A process group of this process alone."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def test_gradients_of_ddp_are_measured_after_they_have_been_averaged(run, group):
    def halved(_, bucket):
        future = torch.futures.Future()
        future.set_result(bucket.buffer() / 2)
        return future

    model = nn.parallel.DistributedDataParallel(nn.Linear(2, 1, bias=False))
    model.register_comm_hook(None, halved)
    run.watch(model, log_freq=1)
    model(torch.ones(1, 2)).sum().backward()
    run.log({"loss": 1.0})
    ((_, histogram),) = histograms(run)["gradients/weight"]
    assert sum(histogram.edges) / len(histogram.edges) == pytest.approx(0.5)


def test_of_the_ranks_that_write_a_run_only_the_first_watches(tmp_path, network):
    settings = Settings(url="http://127.0.0.1:9", api_key=None, directory=tmp_path, mode="offline")
    with Run(settings, RunStarted(1, "run1", "digits", "w1", label="rank1")) as run:
        run.watch(network, log_freq=1)
        assert not any(each._post_accumulate_grad_hooks for each in network.parameters())
