"""`tracker login`, `logout` and `status`: the address and the key are tried, kept safely, and never shown."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
import tomllib

import pytest

from tests.client.served import served
from tracker import cli, settings

AWAY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """A server that asks for a key."""
    with served(tmp_path_factory.mktemp("locked"), needs_key=True) as made:
        yield made


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A server that asks for none."""
    with served(tmp_path_factory.mktemp("open")) as made:
        yield made


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The settings file, in a folder that is not there yet."""
    path = tmp_path / "config" / "settings.toml"
    monkeypatch.setenv("TRACKER_SETTINGS", str(path))
    return path


@pytest.fixture
def write(file):
    def written(text):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    return written


@pytest.fixture
def paste(monkeypatch):
    def pasted(text):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return pasted


def test_a_key_that_is_taken_is_kept_for_runs_to_come(locked, file, capsys):
    assert cli.main(["login", locked.url, "--key", locked.key]) == 0
    assert (settings.load().url, settings.load().api_key) == (locked.url, locked.key)
    said = capsys.readouterr()
    assert "signed in as ada" in said.out
    assert locked.key not in said.out + said.err


def test_signing_in_and_out_can_be_read_by_a_program(locked, file, capsys):
    assert cli.main(["login", locked.url, "--key", locked.key, "--json"]) == 0
    printed = capsys.readouterr().out
    kept = json.loads(printed)
    assert (kept["url"], kept["user"], kept["has_key"], kept["settings"]) == (locked.url, "ada", True, str(file))
    assert locked.key not in printed
    assert cli.main(["logout", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"settings": str(file), "had_key": True}


def test_only_its_owner_can_read_the_file(locked, file):
    assert cli.main(["login", locked.url, "--key", locked.key]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_key_may_come_from_standard_input(locked, file, paste):
    paste(f"{locked.key}\n")
    assert cli.main(["login", locked.url]) == 0
    assert settings.load().api_key == locked.key


def test_a_key_that_is_not_taken_is_not_kept(locked, file, capsys):
    assert cli.main(["login", locked.url, "--key", "tk_wrong"]) == 1
    assert "does not take that key" in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize("key", ["", "two words", "clé"], ids=repr)
def test_what_is_no_key_is_said_without_showing_it(locked, file, paste, capsys, key):
    paste(key)
    assert cli.main(["login", locked.url]) == 2
    said = capsys.readouterr().err
    assert "key" in said
    assert not key or key not in said


def test_a_server_that_needs_no_key_is_asked_for_none(opened, file):
    assert cli.main(["login", opened.url]) == 0
    assert tomllib.loads(file.read_text()) == {"url": opened.url}


def test_a_key_of_one_server_is_not_kept_for_another(opened, file, write):
    write(f'url = "{AWAY}"\napi_key = "tk_secret"\n')
    assert cli.main(["login", opened.url]) == 0
    assert settings.load().api_key is None


def test_a_server_that_is_away_changes_nothing(file, capsys):
    assert cli.main(["login", AWAY, "--key", "tk_x"]) == 3
    assert "cannot be reached" in capsys.readouterr().err
    assert not file.exists()


def test_force_keeps_what_could_not_be_tried(file):
    assert cli.main(["login", AWAY, "--key", "tk_x", "--force"]) == 0
    assert (settings.load().url, settings.load().api_key) == (AWAY, "tk_x")


def test_the_rest_of_the_file_stays_as_it_is(opened, write, file):
    write('# mine\nurl = "http://old"  # of last year\nmax_journal_bytes = 5\n\n[more]\nurl = "stays"\n')
    assert cli.main(["login", opened.url]) == 0
    assert file.read_text() == f'# mine\nurl = "{opened.url}"\nmax_journal_bytes = 5\n\n[more]\nurl = "stays"\n'


def test_a_file_that_is_linked_to_stays_linked(opened, write, file, tmp_path):
    write("")
    place = tmp_path / "dotfiles.toml"
    file.rename(place)
    file.symlink_to(place)
    assert cli.main(["login", opened.url]) == 0
    assert file.is_symlink()
    assert tomllib.loads(place.read_text()) == {"url": opened.url}


def test_a_file_that_cannot_be_changed_safely_is_left_alone(opened, write, file, capsys):
    text = 'text = """\nurl = 1\n"""\n'
    write(text)
    assert cli.main(["login", opened.url]) == 2
    assert "by hand" in capsys.readouterr().err
    assert file.read_text() == text


def test_an_environment_that_wins_over_the_file_is_told(opened, file, monkeypatch, capsys):
    monkeypatch.setenv("TRACKER_URL", AWAY)
    assert cli.main(["login", opened.url]) == 0
    assert "TRACKER_URL is set in this shell" in capsys.readouterr().err


def test_logging_out_forgets_the_key_alone(write, file):
    write(f'url = "{AWAY}"\napi_key = "tk_x"\n')
    assert [cli.main(["logout"]) for _ in range(2)] == [0, 0]
    assert tomllib.loads(file.read_text()) == {"url": AWAY}


def status_of(capsys, *arguments):
    capsys.readouterr()
    code = cli.main(["status", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_status_says_which_server_and_why(opened, write, capsys):
    write(f'url = "{opened.url}"\n')
    code, facts = status_of(capsys)
    assert (code, facts["url"], facts["url_from"], facts["is_well"]) == (0, opened.url, "settings file", True)
    assert (facts["server"]["needs_key"], facts["server"]["user"], facts["key_from"]) == (False, "ada", None)


def test_status_of_a_key_that_is_not_taken_is_1(locked, monkeypatch, capsys):
    monkeypatch.setenv("TRACKER_URL", locked.url)
    monkeypatch.setenv("TRACKER_API_KEY", "tk_wrong")
    assert cli.main(["status"]) == 1
    said = capsys.readouterr()
    assert "yours is not taken" in said.out
    assert "tracker login" in said.err
    assert "tk_wrong" not in said.out + said.err
    assert status_of(capsys)[1]["key_from"] == "TRACKER_API_KEY"


def test_status_of_a_server_that_is_away_is_3(monkeypatch, capsys):
    monkeypatch.setenv("TRACKER_URL", AWAY)
    code, facts = status_of(capsys)
    assert (code, facts["server"]["is_reached"], facts["url_from"]) == (3, False, "TRACKER_URL")


def test_status_counts_the_journals_that_wait(opened, start, monkeypatch, capsys):
    monkeypatch.setenv("TRACKER_URL", opened.url)
    run = start(mode="offline")
    run.log({"loss": 1.0})
    waiting = status_of(capsys)[1]["journals"]
    assert (waiting["count"], waiting["live_count"]) == (1, 1)
    run.finish()
    code, facts = status_of(capsys)
    assert (code, facts["journals"]["count"], facts["journals"]["live_count"]) == (0, 1, 0)
    assert facts["journals"]["size_bytes"] > 0
    assert cli.main(["status"]) == 0
    assert "`tracker sync` sends" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["ls", "run", "login", "logout", "status"])
def test_help_tells_what_the_exit_status_means(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "show", "--help"] if command == "run" else [command, "--help"])
    assert ended.value.code == 0
    assert "exit status:" in capsys.readouterr().out


def test_commands_load_nothing_that_they_do_not_need():
    text = "import sys; from tracker import cli; cli.main(['--version']); cli.main(['journal', '--help'])"
    watched = "[name for name in ('requests', 'numpy', 'psutil', 'flask') if name in sys.modules]"
    code = f"import atexit, sys\natexit.register(lambda: print({watched}))\n{text}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"
