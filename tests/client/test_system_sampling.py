"""What the sampling thread does with probes, and what probes make of the host, of a container and of recorded GPUs."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from tests.client.recorded_drivers import READINGS, RecordedAmd, RecordedNvml
from tracker.amd import Amd, open_amd
from tracker.apple import AppleProbe
from tracker.gpu import GpuProbe, Nvml
from tracker.host import Cgroup, HostProbe, ProcessTree
from tracker.system import Pace, Sampler, probes_of_this_machine

GIB = 2**30


class Telling:
    """A probe that tells the same each time."""

    def __init__(self, **values):
        self._values = {f"system/{name}": value for name, value in values.items()}

    def read(self):
        return dict(self._values)


class Failing:
    """A probe whose first readings fail; all of them by default."""

    def __init__(self, times=math.inf):
        self.readings = 0
        self._times = times

    def read(self):
        self.readings += 1
        if self.readings <= self._times:
            raise OSError("the sensor is gone")
        return {"system/again": 1.0}


@pytest.fixture
def sampled():
    """Samples of these probes until there are `count`; the sampler is closed then."""

    def sample(*probes, count, interval_s=0.01):
        samples, enough = [], threading.Event()

        def record(sample):
            samples.append(sample.values)
            if len(samples) >= count:
                enough.set()

        sampler = Sampler(record, lambda: 0, interval_s=interval_s, make_probes=lambda: probes)
        assert enough.wait(20)
        sampler.close()
        return samples

    return sample


def test_a_probe_that_fails_is_given_up_and_takes_no_other_with_it(sampled, capsys):
    broken = Failing()
    samples = sampled(broken, Telling(load=0.5), count=6)
    assert samples[:6] == [{"system/load": 0.5}] * 6
    assert broken.readings == 3
    assert capsys.readouterr().err.count("the sensor is gone") == 1


def test_a_probe_that_fails_now_and_then_is_kept(sampled, capsys):
    samples = sampled(Failing(times=2), Telling(load=0.5), count=4)
    assert samples[2] == {"system/again": 1.0, "system/load": 0.5}
    assert capsys.readouterr().err == ""


def test_values_that_are_not_finite_are_left_out(sampled):
    assert sampled(Telling(good=1, bad=math.nan, worse=math.inf), count=1)[0] == {"system/good": 1.0}


def test_a_sample_that_costs_too_much_comes_less_often_and_says_so_once(sampled, capsys):
    class Costly:
        def read(self):
            until = time.thread_time() + 0.02
            while time.thread_time() < until:
                pass
            return {"system/load": 0.5}

    sampled(Costly(), count=5, interval_s=0.05)
    assert capsys.readouterr().err.count("instead of every 0.05 s") == 1


def test_samples_are_due_at_multiples_of_the_interval():
    pace = Pace(10.0, now=100.0)
    assert pace.wait_s(100.0) == 1.0
    pace.sampled(101.25, cost_s=0.001)
    assert pace.wait_s(101.25) == 9.75


def test_times_that_a_slow_sample_missed_are_skipped():
    pace = Pace(1.0, now=0.0)
    pace.sampled(4.5, cost_s=0.001)
    assert pace.wait_s(4.5) == 0.5


@pytest.mark.parametrize(
    ("interval_s", "cost_s", "kept_s"),
    [(10.0, 0.04, 10.0), (10.0, 0.1, 20.0), (1.0, 0.04, 1.0), (0.05, 0.002, 0.05), (0.05, 0.01, 0.2)],
    ids=["usual and cheap", "usual and costly", "fast", "fastest and cheap", "fastest and costly"],
)
def test_sampling_keeps_to_its_share_of_a_core(interval_s, cost_s, kept_s):
    pace = Pace(interval_s, now=0.0)
    for number in range(50):
        pace.sampled(number * interval_s, cost_s)
    assert pace.kept_interval_s == pytest.approx(kept_s, rel=0.01)


def test_what_the_first_sample_costs_does_not_count():
    pace = Pace(10.0, now=0.0)
    pace.sampled(1.0, cost_s=5.0)
    assert not pace.is_thinned


def test_no_interval_is_shorter_than_50_ms():
    assert Pace(0.001, now=0.0).interval_s == 0.05


def test_this_machine_is_sampled_with_finite_values(sampled):
    values = sampled(*probes_of_this_machine(), count=2)[1]
    assert {"system/cpu.percent", "system/memory.percent", "system/process.open_files", "system/disk.percent"} <= set(
        values
    )
    assert all(math.isfinite(value) for value in values.values())


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_looking_for_child_processes_takes_a_thousandth_of_a_core():
    clock, cpu_clock, lookups = Clock(), Clock(), []

    def lookup():
        lookups.append(clock.now)
        cpu_clock.now += 0.05  # as on a machine with thousands of processes
        return []

    tree = ProcessTree(lookup, clock=clock, cpu_clock=cpu_clock)
    for _ in range(100):
        tree.below()
        clock.now += 1.0
    assert lookups == [100.0, 150.0]


def test_child_processes_count_with_the_tree():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        values = HostProbe().read()
        child.communicate(b"\n", timeout=30)
    assert values["system/process_tree.processes"] >= 2
    assert values["system/process_tree.memory_bytes"] > values["system/process.memory_bytes"]


def test_the_process_tree_is_told_only_where_there_is_one():
    values = HostProbe(tree=ProcessTree(list)).read()
    assert not [name for name in values if name.startswith("system/process_tree")]


def test_cpu_is_told_for_each_core():
    values = HostProbe().read()
    assert [name for name in values if name.startswith("system/cpu/core.")]


def test_of_very_many_cores_the_extremes_are_told():
    values = HostProbe(max_cores=0).read()
    assert [name for name in values if name.startswith("system/cpu/")] == [
        "system/cpu/idlest_core.percent",
        "system/cpu/busiest_core.percent",
    ]


def test_a_disk_is_told_once_and_a_folder_that_is_gone_is_not(tmp_path):
    folders = {"disk": tmp_path, "journals_disk": tmp_path, "gone": tmp_path / "gone"}
    values = HostProbe(folders=folders).read()
    assert 0 <= values["system/disk.percent"] <= 100
    assert not [name for name in values if "journals" in name or "gone" in name]


@pytest.fixture
def container(tmp_path):
    """A control group with 2 GiB and half of two cores, below one with 8 GiB; `set(file, text)` changes it."""
    job = tmp_path / "cgroup" / "jobs" / "job1"
    job.mkdir(parents=True)
    membership = tmp_path / "membership"
    membership.write_text("9:name=systemd:/\n0::/jobs/job1\n")

    class Container:
        cgroup_arguments = (tmp_path / "cgroup", membership)

        def set(self, file, text):
            (job / file).write_text(text)

    made = Container()
    (job.parent / "memory.max").write_text(f"{8 * GIB}\n")
    made.set("memory.max", f"{2 * GIB}\n")
    made.set("memory.current", f"{1.5 * GIB:.0f}\n")
    made.set("memory.stat", f"anon {GIB}\ninactive_file {GIB // 2}\n")
    made.set("cpu.max", "100000 100000\n")
    made.set("cpu.stat", "usage_usec 5000000\nuser_usec 4000000\n")
    return made


def test_memory_is_of_the_limit_of_the_container(container):
    assert Cgroup(*container.cgroup_arguments).memory() == (1.0 * GIB, 2.0 * GIB)


def test_the_tightest_limit_above_holds(container):
    container.set("memory.max", "max\n")
    assert Cgroup(*container.cgroup_arguments).memory() is None  # what the group above uses is not there
    (container.cgroup_arguments[0] / "jobs" / "memory.current").write_text(f"{6 * GIB}\n")
    assert Cgroup(*container.cgroup_arguments).memory() == (6.0 * GIB, 8.0 * GIB)


def test_cpu_is_of_the_quota_of_the_container(container):
    clock = Clock()
    probe = HostProbe(clock, cgroup=Cgroup(*container.cgroup_arguments))
    clock.now += 2.0
    container.set("cpu.stat", "usage_usec 6500000\n")
    assert probe.read()["system/cpu.percent"] == 75.0


def test_without_limits_the_machine_counts(tmp_path):
    cgroup = Cgroup(tmp_path, tmp_path / "no such file")
    assert (cgroup.cores, cgroup.cpu_s(), cgroup.memory()) == (None, None, None)


def nvidia(**options):
    library = RecordedNvml("nvidia_h200.json")
    return library, GpuProbe(Nvml(library, **options))


def of_device(values, number):
    prefix = f"system/gpu.{number}/"
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


def test_a_busy_gpu_tells_all_that_it_knows():
    _, probe = nvidia(process_ids=lambda: {4101, 4102}, with_pcie=True)
    assert of_device(probe.read(), 0) == {
        "utilization": 98.0,
        "memory_busy_percent": 45.0,
        "memory_used_bytes": 75377410048.0,
        "memory_percent": 50.0,
        "temperature_c": 67.0,
        "power_w": pytest.approx(698.213),
        "power_limit_w": 700.0,
        "energy_j": 0.0,
        "sm_clock_mhz": 1755.0,
        "memory_clock_mhz": 3201.0,
        "throttled.power": 1.0,
        "throttled.thermal": 0.0,
        "throttled.hardware": 0.0,
        "ecc_corrected_errors": 0.0,
        "ecc_uncorrected_errors": 0.0,
        "pcie_sent_bytes_per_s": 1204e6,
        "pcie_received_bytes_per_s": 5310e6,
        "process_memory_bytes": 71940702208.0 + 536870912.0,
        "process_utilization_percent": 95.0,
    }


def test_energy_and_errors_count_from_the_start():
    library, probe = nvidia()
    probe.read()
    library.devices[0]["nvmlDeviceGetTotalEnergyConsumption"] += 7_000_000
    library.devices[0]["nvmlDeviceGetTotalEccErrors 1 0"] = 2
    values = of_device(probe.read(), 0)
    assert (values["energy_j"], values["ecc_uncorrected_errors"]) == (pytest.approx(7000.0), 2.0)


def test_totals_go_on_when_the_driver_counts_anew():
    library, probe = nvidia()
    probe.read()
    library.devices[0]["nvmlDeviceGetTotalEnergyConsumption"] = 5000
    assert of_device(probe.read(), 0)["energy_j"] == 5.0


def test_what_a_gpu_does_not_support_is_asked_once():
    library, probe = nvidia(visible="0")
    for _ in range(3):
        probe.read()
    assert (library.asked["nvmlDeviceGetFanSpeed"], library.asked["nvmlDeviceGetPowerUsage"]) == (1, 3)


def test_an_answer_that_did_not_come_in_time_is_asked_for_again():
    library, probe = nvidia(visible="0")
    power = library.devices[0]["nvmlDeviceGetPowerUsage"]
    library.devices[0]["nvmlDeviceGetPowerUsage"] = {"error": 10}
    assert "power_w" not in of_device(probe.read(), 0)
    library.devices[0]["nvmlDeviceGetPowerUsage"] = power
    assert of_device(probe.read(), 0)["power_w"] == pytest.approx(698.213)


def test_a_gpu_that_falls_off_the_bus_leaves_the_others_and_may_come_back():
    library, probe = nvidia()
    told = dict(library.devices[1])
    library.devices[1] |= {function: {"error": 15} for function in told}
    values = probe.read()
    assert (of_device(values, 1), of_device(values, 0)["utilization"]) == ({}, 98.0)
    library.devices[1] |= told
    assert of_device(probe.read(), 1)["temperature_c"] == 31.0


def test_a_gpu_that_is_lost_is_asked_one_question_a_time():
    library, probe = nvidia(visible="1")
    library.devices[1] |= {function: {"error": 15} for function in library.devices[1]}
    probe.read()
    assert sum(library.asked.values()) == 1


def test_a_gpu_that_was_lost_before_keeps_the_numbers_of_the_others():
    library = RecordedNvml("nvidia_h200.json")
    library.devices[0]["lost"] = True
    assert {name.split("/")[1] for name in GpuProbe(Nvml(library)).read()} == {"gpu.1"}


@pytest.mark.parametrize(
    ("visible", "numbers"),
    [
        (None, {"gpu.0", "gpu.1"}),
        ("1", {"gpu.1"}),
        ("1, 0", {"gpu.0", "gpu.1"}),
        ("GPU-b84d90ac", {"gpu.1"}),
        ("0,7,1", {"gpu.0"}),
        ("", set()),
        ("-1", set()),
        ("NoDevFiles", set()),
    ],
    ids=["all", "a number", "numbers", "a UUID's beginning", "nothing after an unknown one", "none", "-1", "a word"],
)
def test_only_the_gpus_that_the_process_sees_are_sampled(visible, numbers):
    _, probe = nvidia(visible=visible)
    assert {name.split("/")[1] for name in probe.read()} == numbers


def test_of_a_mig_slice_memory_is_its_own_and_the_rest_the_devices():
    library = RecordedNvml("nvidia_h200.json")
    memory = {"total": 16 * GIB, "used": 4 * GIB, "free": 12 * GIB}
    library.devices.append({"slice": "MIG-77aa", "slice_of": 1, "nvmlDeviceGetMemoryInfo": memory})
    values = of_device(GpuProbe(Nvml(library, visible="MIG-77aa")).read(), 1)
    assert (values["memory_percent"], values["temperature_c"]) == (25.0, 31.0)


def test_processes_that_the_driver_numbers_otherwise_are_left_out():
    _, probe = nvidia(process_ids=lambda: {17})
    assert not [name for name in probe.read() if "process" in name]


def test_pcie_is_measured_only_where_it_was_asked_for():
    library, probe = nvidia()
    probe.read()
    assert not [question for question in library.asked if "Pcie" in question]


def test_an_nvidia_gpu_says_what_it_is():
    assert Nvml(RecordedNvml("nvidia_h200.json"), visible="1").facts()[0] == {
        "name": "NVIDIA H200",
        "memory_bytes": 150754820096,
        "uuid": "GPU-2f1a7c4e-5b60-9d13-8a77-0c9e4d51b2f6",
        "pci_bus_id": "00000000:19:00.0",
        "compute_capability": "9.0",
        "driver": "570.133.20",
        "cuda": "12.8",
    }


def test_an_amd_gpu_tells_the_same_metrics():
    probe = GpuProbe(Amd(RecordedAmd("amd_mi300x.json"), process_ids=lambda: {4101}))
    assert of_device(probe.read(), 0) == {
        "utilization": 96.0,
        "memory_busy_percent": 38.0,
        "memory_used_bytes": 98296.0 * 2**20,
        "memory_percent": 50.0,
        "temperature_c": 71.0,
        "power_w": 712.0,
        "power_limit_w": pytest.approx(750.0),
        "energy_j": 0.0,
        "sm_clock_mhz": 2104.0,
        "memory_clock_mhz": 1300.0,
        "ecc_corrected_errors": 0.0,
        "ecc_uncorrected_errors": 0.0,
        "process_memory_bytes": 90194313216.0,
    }


def test_energy_of_an_amd_gpu_is_in_joules():
    library = RecordedAmd("amd_mi300x.json")
    probe = GpuProbe(Amd(library))
    probe.read()
    library.devices[0]["amdsmi_get_energy_count"]["energy_accumulator"] += 1_000_000
    assert of_device(probe.read(), 0)["energy_j"] == pytest.approx(15.25)


def test_an_amd_gpu_says_what_it_is():
    assert Amd(RecordedAmd("amd_mi300x.json")).facts() == [
        {
            "name": "AMD Instinct MI300X",
            "memory_bytes": 196592 * 2**20,
            "driver": "6.12.12",
            "uuid": "2aff74a1-0000-1000-80f3-1a2b3c4d5e6f",
            "pci_bus_id": "0000:0c:00.0",
        }
    ]


def test_amd_gpus_that_the_process_does_not_see_are_not_sampled():
    assert Amd(RecordedAmd("amd_mi300x.json"), visible="1,2").read() == []


def test_without_amds_kernel_driver_its_library_is_not_asked_for(tmp_path):
    assert open_amd({}, kernel=tmp_path / "amdgpu") is None


def test_an_apple_chip_tells_the_power_of_its_parts():
    first, second = json.loads((READINGS / "apple_m2.json").read_text())["moments"]
    told, clock = dict(first), Clock()
    clock.now = first["at_s"]
    probe = AppleProbe(lambda: SimpleNamespace(**told), clock)
    told |= second
    clock.now = second["at_s"]
    assert probe.read() == {
        "system/gpu.0/power_w": 15.0,
        "system/gpu.0/energy_j": 30.0,
        "system/cpu.power_w": 4.0,
        "system/neural_engine.power_w": 0.0,
    }


def test_a_working_folder_that_is_gone_ends_nothing(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "system/memory.percent" in HostProbe().read()
