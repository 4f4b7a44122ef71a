"""`tracker.Api` gives back what runs have logged: every run that matches, every point, every file."""

from __future__ import annotations

import math
import random
import struct
import sys
from datetime import UTC, datetime, timedelta
from operator import itemgetter

import pytest

import tracker
from tests.client.hostile_server import HostileServer
from tests.client.served import log_a_whole_run, served
from tests.frames import START_MS
from tracker.query import NotFoundError, StoredFile
from tracker.query.connection import Connection
from tracker.query.files import download
from tracker.records import AlertRaised, ArtifactLogged, ConfigChanged, Logged

STARTED = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=START_MS)
RUN_COUNT = 230


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("server")) as made:
        log_a_whole_run(made)
        for number in range(RUN_COUNT):
            made.log(
                f"run{number:03}", ConfigChanged(START_MS, {"lr": number}),
                Logged(1, START_MS, {"val/acc": number / RUN_COUNT}), project="many", name=f"name-{number}",
            )  # fmt: skip
        yield made


@pytest.fixture
def api(server):
    made = tracker.Api(server.url)
    server.asked.clear()
    yield made
    made.close()


@pytest.fixture
def logged(server, api):
    """A run of that name with these points of "loss", given as steps and values; one millisecond apart."""

    def log(run_id, points, label=""):
        points = [Logged(step, START_MS + place, {"loss": value}) for place, (step, value) in enumerate(points)]
        server.log(run_id, *points, label=label)
        return api.run(run_id)

    return log


def same(values, expected):
    """Whether these are the same float64s, bit for bit, NaN too."""
    return struct.pack(f"{len(values)}d", *values) == struct.pack(f"{len(expected)}d", *expected)


def test_the_server_says_who_it_is(api, server):
    found = api.server()
    assert (found.url, found.needs_key, found.user) == (server.url, False, "ada")


def test_projects_come_with_their_counts(api):
    counts = {project.name: project.run_count for project in api.projects()}
    assert counts["many"] == RUN_COUNT


def test_nothing_is_asked_before_somebody_looks(api, server):
    repr(api.runs("many"))
    assert server.asked == []


def test_the_length_of_a_list_costs_one_request(api, server):
    assert len(api.runs("many")) == RUN_COUNT
    assert len(server.asked) == 1


def test_runs_are_fetched_a_page_at_a_time_and_once(api, server):
    runs = api.runs("many", order="name")
    some = iter(runs)
    next(some)
    assert len(server.asked) == 1
    names = [run.name for run in runs]
    assert len(set(names)) == RUN_COUNT
    assert [run.name for run in runs] == names
    assert len(server.asked) == 3


def test_a_slice_from_the_front_fetches_what_it_needs(api, server):
    assert len(api.runs("many")[:10]) == 10
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "chosen",
    [slice(None), slice(90, 120), slice(-3, None), slice(None, None, -1), slice(0, 0), slice(5, 2), slice(229, 999)],
    ids=str,
)
def test_a_slice_is_that_of_the_whole_list(api, chosen):
    whole = [run.id for run in api.runs("many")]
    assert [run.id for run in api.runs("many")[chosen]] == whole[chosen]


def test_places_count_from_both_ends_and_end_somewhere(api):
    runs = api.runs("many", order="config.lr")
    assert (runs[0].config["lr"], runs[-1].config["lr"]) == (0, RUN_COUNT - 1)
    with pytest.raises(IndexError, match="there is none at 230"):
        runs[RUN_COUNT]


def test_an_order_of_several_keys_is_the_servers(api):
    best = api.runs("many", order=["-metrics.val/acc.max", "created"])[0]
    assert best.metrics["val/acc"].max == (RUN_COUNT - 1) / RUN_COUNT


def test_a_list_has_what_a_table_shows_without_asking_again(api, server):
    first = api.runs("many", order="config.lr")[0]
    assert (first.flat_config, first.name, first.project, first.tags) == ({"lr": 0}, "name-0", "many", [])
    assert len(server.asked) == 1


def test_words_find_runs(api):
    assert [run.id for run in api.runs("many", text="name-229")] == ["run229"]


def test_a_filter_chooses_runs_in_the_servers_language(api):
    runs = api.runs("many", 'config.lr >= 10 and metrics["val/acc"].max < 0.1', order="config.lr")
    assert [run.config["lr"] for run in runs] == list(range(10, 23))


def test_a_filter_that_is_none_is_an_argument_error_with_the_servers_word(api):
    with pytest.raises(ValueError, match="the filter, at character 12"):
        len(api.runs("many", "config.lr >"))


def test_an_order_that_is_none_is_an_argument_error(api):
    with pytest.raises(ValueError, match="cannot sort by 'color'"):
        len(api.runs("many", order="color"))


def test_an_unknown_project_is_a_lookup_error_with_the_servers_word(api):
    with pytest.raises(LookupError, match="no project 'nope'"):
        len(api.runs("nope"))


def test_an_unknown_run_is_a_lookup_error_that_says_so(api):
    with pytest.raises(NotFoundError, match="no run 'nope'"):
        api.run("nope")


def test_a_server_that_is_away_is_a_transport_error():
    with pytest.raises(tracker.TransportError, match="connection refused"):
        tracker.Api("http://127.0.0.1:9", attempts=1).projects()


def test_a_wrong_key_is_refused(tmp_path):
    with served(tmp_path / "locked", needs_key=True) as locked:
        assert tracker.Api(locked.url, locked.key).projects() == []
        with pytest.raises(tracker.RefusedError, match="needs to know who asks"):
            tracker.Api(locked.url, "tk_wrong").projects()


def test_a_run_is_what_was_logged(api, server):
    run = api.run("whole")
    assert (run.name, run.project, run.status, run.tags) == ("calm-otter", "digits", "finished", ["baseline"])
    assert run.config == {"lr": 0.1, "optim": {"name": "adam"}}
    assert run.summary == {"verdict": "good"}
    assert (run.notes, run.exit_code, run.environment["host"]) == ("the first one", 0, "node-1")
    assert (run.started, run.finished) == (STARTED, STARTED + timedelta(milliseconds=10))
    assert run.metrics["val/acc"].max == 0.4
    assert run.url == f"{server.url}/r/whole"


def test_what_is_changed_by_hand_is_on_the_server(api, server):
    server.log("changed", project="hands")
    run = api.run("changed").update(name="the good one", tags=["keep"], notes="look here")
    stored = api.run("changed")
    assert (run.name, run.tags) == (stored.name, stored.tags) == ("the good one", ["keep"])
    assert api.run("changed").update(notes="").tags == ["keep"]


def test_a_change_of_nothing_is_an_error(api):
    with pytest.raises(ValueError, match="name, notes or tags"):
        api.run("whole").update()


def test_a_change_whose_answer_was_lost_is_asked_for_again_and_made_once(server, api):
    server.log("cut", project="hands")
    hostile = HostileServer(server.url, ["cut after commit"])
    connection = Connection(hostile.url, None)
    try:
        connection.ask("DELETE", "/runs/cut", dict)  # a second deletion would find nothing
    finally:
        connection.close()
        hostile.close()
    with pytest.raises(NotFoundError):
        api.run("cut")


def test_a_deleted_run_is_gone(api, server):
    server.log("short-lived", project="hands")
    api.run("short-lived").delete()
    with pytest.raises(NotFoundError):
        api.run("short-lived")


def test_a_history_has_every_metric_beside_the_step(api):
    history = api.run("whole").history()
    assert list(history) == ["step", "train/loss", "val/acc"]
    assert history["step"] == [0, 1, 2, 3, 4]
    assert history["val/acc"] == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_keys_choose_metrics_by_name_and_by_pattern(api):
    run = api.run("whole")
    assert list(run.history("val/*")) == ["step", "val/acc"]
    assert list(run.history(["val/acc", "train/*"])) == ["step", "val/acc", "train/loss"]


def test_a_metric_that_was_not_logged_is_a_column_of_none(api):
    history = api.run("whole").history(["val/acc", "nope"])
    assert history["nope"] == [None] * 5


def test_what_was_sampled_of_the_machine_is_read_over_time(api):
    system = api.run("whole").system()
    assert dict(system) == {"relative_time_ms": [5], "cpu": [50.0]}


@pytest.mark.parametrize(
    ("x", "column"), [("time", [START_MS + step for step in range(5)]), ("relative_time", [0, 1, 2, 3, 4])]
)
def test_x_may_be_time(api, x, column):
    assert api.run("whole").history("val/acc", x=x)[f"{x}_ms"] == column


def test_metrics_of_different_steps_are_joined_without_losing_one(api, server):
    server.log(
        "uneven", Logged(1, START_MS, {"a": 1.0, "b": 10.0}), Logged(2, START_MS + 1, {"a": 2.0}),
        Logged(2, START_MS + 2, {"a": 2.5, "b": 20.0}), Logged(3, START_MS + 3, {"b": 30.0}),
    )  # fmt: skip
    assert dict(api.run("uneven").history()) == {
        "step": [1, 2, 2, 3],
        "a": [1.0, 2.0, 2.5, None],
        "b": [10.0, 20.0, None, 30.0],
    }


def test_steps_may_be_negative_repeated_and_out_of_order(logged):
    history = logged("odd", [(5, 1.0), (-3, 2.0), (5, 3.0), (0, 4.0)]).history()
    assert dict(history) == {"step": [-3, 0, 5, 5], "loss": [2.0, 4.0, 1.0, 3.0]}


def test_values_come_back_bit_for_bit(logged):
    chance = random.Random(1)
    values = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308]
    values += [chance.uniform(-1, 1) * 10 ** chance.randrange(-300, 300) for _ in range(500)]
    history = logged("exact", list(enumerate(values))).history()
    assert same(history["loss"], values)


def test_a_step_and_a_metric_of_that_name_stand_apart(api, server):
    server.log("clash", Logged(7, START_MS, {"step": 1.5}))
    assert dict(api.run("clash").history()) == {"step": [7], "metrics.step": [1.5]}


def test_a_thinned_history_keeps_the_ends_and_the_extremes(logged):
    points = [(step, math.sin(step / 50)) for step in range(5000)]
    points[1234] = (1234, 99.0)
    history = logged("thinned", points).history(max_points=100)
    assert history.row_count <= 100
    assert (history["step"][0], history["step"][-1], max(history["loss"])) == (0, 4999, 99.0)


def spread(count):
    chance = random.Random(count)
    return [(step, math.nan if step % 977 == 0 else chance.random()) for step in range(count)]


LONG = {
    "in order": spread(60_000),
    "shuffled": random.Random(2).sample(spread(60_000), 60_000),
    "seven a step": [(place // 7, value) for place, value in spread(60_000)],
    "crowded steps": [(place // 25_000, value) for place, value in spread(60_000)],
    "one step far away": [*spread(59_999), (10**15, 1.0)],
    "huge steps": [(2**60 + 1000 * place, float(place)) for place in range(30_000)],
}


@pytest.mark.parametrize("points", LONG.values(), ids=LONG)
def test_a_long_history_has_every_point(logged, request, points):
    history = logged(request.node.callspec.id.replace(" ", "-"), points).history("loss")
    expected = sorted(points, key=itemgetter(0))
    assert history["step"] == [step for step, _ in expected]
    assert same(history["loss"], [value for _, value in expected])


def test_points_at_one_moment_stand_in_order_of_arrival(api, server):
    server.log("moment", *(Logged(1, START_MS, {"loss": float(value)}) for value in range(10_500)))
    assert api.run("moment").history()["loss"] == [float(value) for value in range(10_500)]


def test_a_long_history_takes_one_request(logged, server):
    run = logged("requests", spread(30_000))
    server.asked.clear()
    assert run.history().row_count == 30_000
    assert [request.rpartition("/")[2] for request in server.asked] == ["requests", "series"]


@pytest.mark.parametrize("cut", [0, 1, 50, 5_000, 65_536 * 24 + 130, 65_536 * 24 + 1_000])
def test_a_stream_that_breaks_off_is_read_again(logged, server, cut):
    run = logged(f"cut{cut}", [(step, 1.0) for step in range(70_000)])
    server.cuts.append(cut)
    assert run.history()["step"] == list(range(70_000))
    server.cuts += [cut, cut]
    with pytest.raises(tracker.TransportError):
        run.history()


def test_a_run_that_goes_meanwhile_is_a_lookup_error(api, server):
    server.log("going-away", Logged(0, START_MS, {"loss": 1.0}))
    run = api.run("going-away")
    run.delete()
    with pytest.raises(NotFoundError):
        run.history()


def test_every_metric_is_read_however_long_the_names_are_together(api, server):
    names = [f"layer{number}/{'weights ' * 12}\N{GREEK SMALL LETTER LAMDA}" for number in range(130)]
    server.log("wide", Logged(0, START_MS, dict.fromkeys([*names, "\N{ROCKET}" * 500], 1.0)))
    assert len(api.run("wide").history()) == 132


def test_a_resumed_run_gives_its_current_history(api, server):
    server.log("resumed", *(Logged(step, START_MS + step, {"loss": 1.0}) for step in range(6)))
    again = {"time_ms": START_MS + 50, "is_resumed": True, "resume_from_step": 2}
    server.log("resumed", Logged(3, START_MS + 60, {"loss": 2.0}), writer="w2", **again)
    assert dict(api.run("resumed").history()) == {"step": [0, 1, 2, 3], "loss": [1.0, 1.0, 1.0, 2.0]}


def test_the_main_process_is_read_unless_others_are_asked_for(logged, api):
    logged("ranks", [(0, 1.0)])
    run = logged("ranks", [(0, 2.0)], label="rank1")
    assert dict(run.history()) == {"step": [0], "loss": [1.0]}
    assert dict(run.history(label="*")) == {"step": [0], "loss": [1.0], "loss [rank1]": [2.0]}
    assert list(run.history(label="rank*")) == ["step", "loss [rank1]"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"x": "epoch"}, "x must be one of step, time, relative_time, got 'epoch'"),
        ({"max_points": 2}, "max_points must be from 3 to 10000, got 2"),
        ({"max_points": 20_000}, "leave it out for every point"),
    ],
    ids=str,
)
def test_a_view_that_cannot_be_is_an_argument_error(api, arguments, said):
    with pytest.raises(ValueError, match=said):
        api.run("whole").history(**arguments)


def test_pandas_gets_the_columns_with_their_types(api):
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = api.run("whole").history(["val/acc", "nope"]).to_pandas()
    assert [str(kind) for kind in frame.dtypes] == ["int64", "float64", "float64"]
    assert frame["val/acc"].tolist() == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert frame["nope"].isna().all()


def test_polars_tells_nan_from_nothing(api, server):
    pytest.importorskip("polars", reason="polars is not installed")
    server.log("gaps", Logged(1, START_MS, {"a": math.nan}), Logged(2, START_MS, {"b": 1.0}))
    frame = api.run("gaps").history().to_polars()
    assert frame["a"].is_null().to_list() == [False, True]
    assert frame["a"].is_nan().to_list() == [True, None]


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_package_that_is_missing_is_named_with_the_way_out(api, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    history = api.run("whole").history()
    with pytest.raises(ImportError, match=f"pip install {package}"):
        getattr(history, f"to_{package}")()


@pytest.fixture(scope="module")
def seeds(server):
    """Three runs, of which two differ in nothing but the seed."""
    for number, (lr, seed) in enumerate([(0.1, 1), (0.1, 2), (0.5, 1)]):
        points = [Logged(step, START_MS + step, {"loss": step + 10.0 * number}) for step in range(3)]
        server.log(f"seed{number}", ConfigChanged(START_MS, {"lr": lr, "seed": seed}), *points, project="seeds")


def test_groups_have_a_curve_of_all_their_runs(api, seeds):
    first, second = api.groups("seeds", "loss", by="config.lr", band="min_max")
    assert (first.values, first.run_count, first.run_ids) == ({"config.lr": 0.1}, 2, ["seed0", "seed1"])
    curve = first.curves["loss"]
    assert (curve.x, curve.center, curve.n) == ([0, 1, 2], [5.0, 6.0, 7.0], [2, 2, 2])
    assert (curve.low, curve.high) == ([0.0, 1.0, 2.0], [10.0, 11.0, 12.0])
    assert (second.values, second.curves["loss"].center) == ({"config.lr": 0.5}, [20.0, 21.0, 22.0])


def test_runs_are_grouped_by_all_but_the_seed_and_chosen_by_a_filter(api, seeds):
    groups = api.groups("seeds", ["loss"], all_but="config.seed", filter="config.lr < 0.3", statistic="median")
    assert [(group.values, group.run_count) for group in groups] == [({}, 2)]
    assert [group.run_count for group in api.groups("seeds", "loss")] == [3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"by": "color"}, "cannot be grouped by 'color'"),
        ({"by": "config.lr", "all_but": "config.seed"}, "send one of them"),
        ({"band": "wide"}, "wide"),
        ({"points": 2}, "points must be from 3 to 10000, got 2"),
        ({"metrics": []}, "at least one metric"),
        ({"filter": "config.lr >"}, "the filter, at character 12"),
    ],
    ids=str,
)
def test_groups_that_cannot_be_are_an_argument_error(api, seeds, arguments, said):
    with pytest.raises(ValueError, match=said):
        api.groups("seeds", **{"metrics": "loss", **arguments})


def test_groups_of_no_project_are_a_lookup_error(api):
    with pytest.raises(NotFoundError):
        api.groups("nope", "loss")


def test_a_run_that_goes_on_can_be_asked_to_stop_and_one_that_has_ended_not(api, server):
    server.log("going", project="hands")
    assert api.run("going").stop("it diverges").is_stopping
    with pytest.raises(tracker.RefusedError, match="is finished, so there is nothing to stop"):
        api.run("whole").stop()


def test_alerts_are_all_given_the_newest_first(api, server):
    server.log("alarmed", *(AlertRaised(START_MS + number, f"alert {number}", "") for number in range(1100)))
    run = api.run("alarmed")
    assert run.alert_count == 1100
    assert [alert.title for alert in run.alerts()] == [f"alert {number}" for number in reversed(range(1100))]
    assert run.alerts()[-1].time == STARTED


def test_console_lines_come_in_order_and_from_any_place(api):
    run = api.run("whole")
    assert [line.text for line in run.console()] == ["line 0", "line 1", "line 2"]
    assert [(line.number, line.text) for line in run.console(-1)] == [(2, "line 2")]
    assert next(run.console()).time == STARTED


def test_artifacts_and_files_are_what_the_run_made(api):
    run = api.run("whole")
    (made,) = run.artifacts()
    assert (made.ref, made.kind, made.direction, made.size_bytes) == ("checkpoint:v1", "model", "output", 12)
    assert {file.path: file.size_bytes for file in run.files()} == {"weights/model.pt": 7, "vocabulary.txt": 5}


def test_a_download_has_the_files_below_their_artifact_and_version(api, tmp_path):
    paths = api.run("whole").download(tmp_path / "here")
    assert {path.relative_to(tmp_path / "here").as_posix(): path.read_bytes() for path in paths} == {
        "checkpoint/v1/weights/model.pt": b"weights",
        "checkpoint/v1/vocabulary.txt": b"a b c",
    }


def test_a_pattern_chooses_what_is_downloaded(api, tmp_path):
    (path,) = api.run("whole").download(tmp_path, "*.txt")
    assert path.name == "vocabulary.txt"
    assert api.run("whole").download(tmp_path, "*.nope") == []


def test_a_file_that_is_there_already_is_not_fetched_again_and_a_changed_one_is(api, server, tmp_path):
    run = api.run("whole")
    (path,) = run.download(tmp_path, "*.txt")
    server.asked.clear()
    run.download(tmp_path, "*.txt")
    assert not any("/blobs/" in request for request in server.asked)
    path.write_bytes(b"a b d")
    run.download(tmp_path, "*.txt")
    assert path.read_bytes() == b"a b c"


def test_versions_of_one_artifact_do_not_overwrite_each_other(api, server, tmp_path):
    versions = [
        ArtifactLogged(START_MS, "twice", "model", (server.upload("model.pt", content),)) for content in (b"1", b"2")
    ]
    server.log("versions", *versions)
    contents = {path.parent.name: path.read_bytes() for path in api.run("versions").download(tmp_path)}
    assert contents == {"v1": b"1", "v2": b"2"}


@pytest.mark.parametrize(
    ("path", "artifact"),
    [("../evil", "a:v1"), ("/etc/passwd", "a:v1"), ("a/../../b", "a:v1"), ("", "a:v1"), ("C:/evil", "a:v1"),
     ("..\\evil", "a:v1"), ("x", "..:v1"), ("x", "a:..")],
    ids=repr,
)  # fmt: skip
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, path, artifact):
    file = StoredFile(path, 1, "0" * 64, artifact)
    with pytest.raises(tracker.TrackerError, match="outside its folder"):
        download(Connection("http://127.0.0.1:9", None), [file], tmp_path)
    assert list(tmp_path.iterdir()) == []
