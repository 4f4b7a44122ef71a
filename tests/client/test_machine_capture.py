"""What is found out about the machine and the code, with recorded readings where this machine has none."""

from __future__ import annotations

import subprocess
import threading
from types import SimpleNamespace

import pytest

from tracker import capture
from tracker.gpu import GpuProbe, GpuReading, Nvml
from tracker.system import HostProbe, Sampler


class RecordedDriver:
    """Two devices as NVML has told of them: a busy one, and one that does not tell its clocks or power."""

    def read(self):
        return [
            GpuReading(
                utilization=97.0, memory_used_bytes=20e9, memory_total_bytes=80e9, temperature_c=61.0, power_w=412.5,
                sm_clock_mhz=1980.0, memory_clock_mhz=2619.0,
            ),
            GpuReading(utilization=0.0, memory_used_bytes=1e9, memory_total_bytes=16e9, temperature_c=35.0),
        ]  # fmt: skip

    def facts(self):
        return [{"name": "NVIDIA H200"}, {"name": "NVIDIA T4"}]


def test_gpu_readings_become_metrics_of_each_device():
    values = GpuProbe(RecordedDriver()).read()
    assert {name: value for name, value in values.items() if name.startswith("system/gpu.0/")} == {
        "system/gpu.0/utilization": 97.0,
        "system/gpu.0/memory_used_bytes": 20e9,
        "system/gpu.0/memory_percent": 25.0,
        "system/gpu.0/temperature_c": 61.0,
        "system/gpu.0/power_w": 412.5,
        "system/gpu.0/sm_clock_mhz": 1980.0,
        "system/gpu.0/memory_clock_mhz": 2619.0,
    }
    assert "system/gpu.1/power_w" not in values


class RecordedNvml:
    """The functions of pynvml that are asked, with the answers of a device that has no power sensor."""

    class NVMLError(Exception):
        pass

    NVML_TEMPERATURE_GPU = NVML_CLOCK_SM = 0
    NVML_CLOCK_MEM = 2

    def nvmlDeviceGetCount(self):
        return 1

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetName(self, handle):
        return b"NVIDIA T4"

    def nvmlSystemGetDriverVersion(self):
        return "570.86.15"

    def nvmlDeviceGetMemoryInfo(self, handle):
        return SimpleNamespace(used=4 * 2**30, total=16 * 2**30)

    def nvmlDeviceGetUtilizationRates(self, handle):
        return SimpleNamespace(gpu=93, memory=40)

    def nvmlDeviceGetTemperature(self, handle, sensor):
        return 61

    def nvmlDeviceGetClockInfo(self, handle, clock):
        return {0: 1590, 2: 5000}[clock]

    def nvmlDeviceGetPowerUsage(self, handle):
        raise self.NVMLError("Not Supported")


def test_what_a_device_does_not_tell_is_not_there():
    assert GpuProbe(Nvml(RecordedNvml())).read() == {
        "system/gpu.0/utilization": 93.0,
        "system/gpu.0/memory_used_bytes": 4.0 * 2**30,
        "system/gpu.0/memory_percent": 25.0,
        "system/gpu.0/temperature_c": 61.0,
        "system/gpu.0/sm_clock_mhz": 1590.0,
        "system/gpu.0/memory_clock_mhz": 5000.0,
    }


def test_a_device_says_what_it_is():
    assert Nvml(RecordedNvml()).facts() == [{"name": "NVIDIA T4", "memory_bytes": 16 * 2**30, "driver": "570.86.15"}]


def test_the_host_is_read():
    values = HostProbe().read()
    assert 0 <= values["system/memory.percent"] <= 100
    assert values["system/process.memory_bytes"] > 0
    assert values["system/network.sent_bytes_per_s"] >= 0


def test_samples_carry_the_last_step_and_stop_with_the_sampler():
    samples, enough = [], threading.Event()

    def record(sample):
        samples.append(sample)
        if len(samples) == 3:
            enough.set()

    sampler = Sampler(record, lambda: 7, interval_s=0.01, make_probes=lambda: [GpuProbe(RecordedDriver())])
    assert enough.wait(20)
    sampler.close()
    count = len(samples)
    assert samples[0].step == 7
    assert samples[0].values["system/gpu.0/utilization"] == 97.0
    assert len(samples) == count


def test_a_probe_that_breaks_ends_the_sampling_with_one_line(capsys):
    class Broken:
        def read(self):
            raise OSError("the sensor is gone")

    sampler = Sampler(lambda sample: None, lambda: 0, interval_s=0.01, make_probes=lambda: [Broken()])
    sampler.close()
    assert capsys.readouterr().err.count("the sensor is gone") == 1


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()

    def git(*arguments):
        identity = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "-b", "trunk")
    (folder / "train.py").write_text("lr = 0.1\n")
    git("add", "train.py")
    git("commit", "-m", "first")
    git("remote", "add", "origin", "https://ada:secret@example.org/digits.git")
    return folder


def test_git_is_captured_without_credentials(repository):
    state = capture.git_state(repository)
    assert (state["branch"], state["remote"], state["is_dirty"], state["patch"]) == (
        "trunk", "https://example.org/digits.git", False, "",
    )  # fmt: skip
    assert len(state["commit"]) == 40


def test_uncommitted_changes_are_a_patch(repository):
    (repository / "train.py").write_text("lr = 0.2\n")
    state = capture.git_state(repository)
    assert state["is_dirty"]
    assert "+lr = 0.2" in state["patch"]


def test_a_secret_is_not_in_the_patch(repository):
    (repository / "train.py").write_text("password = 'hunter 2'\n")
    assert "+password = '[redacted]'" in capture.git_state(repository)["patch"]


def test_changes_of_files_that_hold_keys_are_not_in_the_patch(repository):
    (repository / "conf").mkdir()
    names = (".env.local", "conf/deploy.PEM", "conf/id_rsa.old", "conf/[a].key")
    for name in names:
        (repository / name).write_text("hunter2\n")
    subprocess.run(["git", "add", "."], cwd=repository, check=True)
    (repository / "conf/id_rsa").write_text("hunter2\n")  # not known to git; `source` leaves it out
    (repository / "train.py").write_text("lr = 0.2\n")
    for folder in (repository, repository / "conf"):
        state = capture.git_state(folder)
        assert "+lr = 0.2" in state["patch"]
        assert "hunter2" not in state["patch"]
        assert sorted(state["patch_left_out"]) == sorted(names)


def test_a_file_that_loses_its_telling_name_brings_its_new_one_only(repository):
    (repository / ".env").write_text("MODE=fast\n" * 9)
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    subprocess.run([*git, "add", ".env"], cwd=repository, check=True)
    subprocess.run([*git, "commit", "-qm", "second"], cwd=repository, check=True)
    subprocess.run([*git, "mv", ".env", "settings.ini"], cwd=repository, check=True)
    state = capture.git_state(repository)
    assert (state["patch_left_out"], ".env" in state["patch"]) == ([".env"], False)


def test_a_huge_patch_is_cut_and_says_so(repository):
    (repository / "train.py").write_text("x = 1\n" * 400_000)
    state = capture.git_state(repository)
    assert (len(state["patch"]), state["is_patch_cut"]) == (capture.MAX_PATCH_BYTES, True)


def test_outside_of_a_repository_there_is_no_git(tmp_path):
    assert capture.git_state(tmp_path) is None


@pytest.mark.parametrize(
    ("remote", "kept"),
    [
        ("https://token@host/x.git", "https://host/x.git"),
        ("https://host:8443/x.git?private_token=1", "https://host:8443/x.git"),
        ("git@host:group/x.git", "git@host:group/x.git"),
        ("ssh://git@host/x.git", "ssh://host/x.git"),
        ("/srv/x.git", "/srv/x.git"),
    ],
)
def test_a_remote_loses_its_secrets(remote, kept):
    assert capture.without_credentials(remote) == kept


def test_the_environment_says_where_the_run_runs():
    facts = capture.environment()
    assert facts["python"]["version"].startswith("3.")
    assert facts["packages"]["msgspec"]
    assert "msgspec" not in facts.get("local_packages", [])
    assert facts["command"]
    assert facts["cpu"]["count"] >= 1


def test_packages_that_came_from_a_folder_are_told_apart(tmp_path, monkeypatch):
    for name in ("mine", "theirs"):
        facts = tmp_path / f"{name}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (tmp_path / "mine-1.0.dist-info" / "direct_url.json").write_text('{"url": "file:///home/me/mine", "dir_info": {}}')
    monkeypatch.syspath_prepend(tmp_path)
    assert {"mine", "theirs"} <= capture.packages().keys()
    assert {"mine", "theirs"} & set(capture.local_packages()) == {"mine"}
