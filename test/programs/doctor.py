#!/usr/bin/env python3
"""gaze doctor: each thing broken for real is found, with a command that mends it; Gaze's exit status says whether it works."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from harness import BUILD, GAZE, SOURCE, main, refused

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("GAZE_", "POCL_", "OCL_", "OPENCL_"))}
CACHE = tempfile.TemporaryDirectory()  # its own, which is small: the user's is measured at every call
CLEAN["XDG_CACHE_HOME"] = CACHE.name
CC = os.environ.get("CC", "cc")


def doctor(*words, status=0, env=None, drop=(), before=""):
    """Findings as a list; `before`: shell words in front of the call."""
    whole = {**{name: value for name, value in CLEAN.items() if name not in drop}, **{k: str(v) for k, v in (env or {}).items()}}
    done = subprocess.run(["sh", "-c", f'{before} exec "$@"', "sh", str(GAZE), "doctor", "--json", *map(str, words)],
                          env=whole, capture_output=True, text=True, timeout=600)
    assert done.returncode == status, f"{env} {words}: ended with {done.returncode}\n{done.stdout}{done.stderr}"
    if status == 5:
        assert "from working here" in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def one(findings, health, says):
    """The finding of that health that says so; there must be exactly one."""
    found = [f for f in findings if f["health"] == health and says in f["found"]]
    assert len(found) == 1, f"{len(found)} findings '{health}' say {says!r}:\n" + "\n".join(map(str, findings))
    return found[0]


def mends(finding, env, drop=(), status=0):
    """The cure is run in a shell as it stands; after it Gaze works."""
    doctor(env=env, drop=drop, before=f"{finding['cure']}\n", status=status)


def driver(folder, name, library):
    (folder / "vendors").mkdir(exist_ok=True)
    (folder / "vendors" / f"{name}.icd").write_text(f"{library}\n")
    return {"OCL_ICD_VENDORS": folder / "vendors"}


def pocl(folder):
    for icd in os.scandir("/etc/OpenCL/vendors"):
        if "pocl" in icd.name:
            return driver(folder, "pocl", open(icd.path).read().strip())
    raise AssertionError("these tests want PoCL")


def compiled(folder, text):
    (folder / "driver.c").write_text(text)
    subprocess.run([CC, "-shared", "-fPIC", folder / "driver.c", "-o", folder / "libdriver.so"], check=True)
    return folder / "libdriver.so"


def a_healthy_machine_is_said_to_work(folder):
    parts = {f["part"] for f in doctor()}
    assert {"versions", "memory", "environment", "permissions", "cache", "drivers", "devices", "PoCL", "trial"} <= parts, parts
    done = subprocess.run([GAZE, "doctor"], env=CLEAN, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith("Gaze works here"), done


def every_finding_that_is_wrong_has_its_command(folder):
    for env in ({"POCL_KERNEL_CACHE": 0}, {"GAZE_DEVIC": "cpu"}, driver(folder, "gone", "libgone.so.7")):
        findings = doctor(env=env, status=5 if "OCL_ICD_VENDORS" in env else 0)
        assert any(f["health"] != "ok" for f in findings)
        assert all(f["cure"] for f in findings if f["health"] in ("wrong", "stops")), findings


def a_loader_sent_to_an_empty_folder_stops_gaze(folder):
    (folder / "none").mkdir()
    env = {"OCL_ICD_VENDORS": folder / "none"}
    findings = doctor(env=env, status=5)
    one(findings, "wrong", "has no .icd file")
    stop = one(findings, "stops", "OpenCL has no platform")
    assert stop["cure"] == "unset OCL_ICD_VENDORS"
    mends(stop, env)
    assert one(doctor(env={"OCL_ICD_VENDORS": folder / "x.icd"}, status=5), "wrong", "x.icd: there is no such file")


def no_driver_installed_is_told_with_the_package(folder):
    (folder / "none").mkdir()
    stop = one(doctor(env={"OPENCL_VENDOR_PATH": folder / "none"}, status=5), "stops", "OpenCL has no platform")
    assert stop["cure"] == "unset OPENCL_VENDOR_PATH" and "--reference" in stop["found"]
    env = driver(folder, "gone", "libpocl.so.99")
    wrong = one(doctor(env=env, status=5), "wrong", "gone.icd: libpocl.so.99 can't be loaded")
    assert "install --reinstall pocl-opencl-icd" in wrong["cure"], wrong


def a_driver_that_does_not_load_is_named_beside_one_that_does(folder):
    pocl(folder)
    env = driver(folder, "gone", "libgone.so.7")
    findings = doctor(env=env)
    wrong = one(findings, "wrong", "gone.icd: libgone.so.7 can't be loaded")
    one(findings, "ok", "pocl.icd")
    mends(wrong, env)
    assert not (folder / "vendors/gone.icd").exists()


def what_is_no_driver_is_said_to_be_none(folder):
    pocl(folder)
    driver(folder, "empty", "")
    env = driver(folder, "other", "libz.so.1")
    findings = doctor(env=env)
    one(findings, "wrong", "other.icd: libz.so.1 is no OpenCL driver")
    one(findings, "wrong", "empty.icd is empty")


def a_driver_that_crashes_is_found_out(folder):
    library = compiled(folder, '#include <stdlib.h>\nvoid *clGetExtensionFunctionAddress(const char *n) { (void)n; abort(); }\n')
    env = driver(folder, "crash", library)
    wrong = one(doctor(env=env, status=5), "wrong", "ends the process")
    assert "Aborted" in wrong["found"] and "crash.icd" in wrong["cure"], wrong


def devices_that_cannot_be_used_are_told_with_the_reason(folder):
    """test/fake_icd.c: a platform that fails, one without a device, one whose device has no compiler."""
    pocl(folder)
    env = driver(folder, "fake", BUILD / "lib/libfake_icd.so")
    findings = doctor(env=env)
    one(findings, "wrong", "Failing: the driver fails: clGetDeviceIDs: CL_OUT_OF_RESOURCES")
    one(findings, "note", "Empty: the platform has no device")
    one(findings, "wrong", "Fake GPU (No Compiler), can't be used: the driver has no compiler for it")
    (folder / "vendors/pocl.icd").unlink()
    one(doctor(env=env, status=5), "stops", "no device can be used")


def an_unwritable_cache_is_why_pocl_has_no_device(folder):
    (folder / "file").write_text("")
    env = {"XDG_CACHE_HOME": folder / "file", **pocl(folder)}
    findings = doctor(env=env, status=5)
    one(findings, "wrong", "programs, choices and measurements of devices: ")
    stop = one(findings, "stops", "no device can be used")
    assert stop["cure"].startswith("export XDG_CACHE_HOME="), stop
    mends(stop, env)


def without_a_home_nothing_is_kept(folder):
    wrong = one(doctor(drop=("HOME", "XDG_CACHE_HOME")), "wrong", "neither XDG_CACHE_HOME nor HOME")
    assert "neither" not in str(doctor(drop=("HOME", "XDG_CACHE_HOME"), before=wrong["cure"] + "\n"))


def settings_of_pocl_are_judged(folder):
    env = {"POCL_DEVICES": "nothing", **pocl(folder)}
    stop = one(doctor(env=env, status=5), "stops", "no device can be used")
    assert stop["cure"] == "unset POCL_DEVICES"
    mends(stop, env)
    assert one(doctor(env={"POCL_KERNEL_CACHE": 0}), "wrong", "keeps no compiled kernels")["cure"] == "unset POCL_KERNEL_CACHE"
    one(doctor(env={"POCL_MAX_WORK_GROUP_SIZE": 64}), "note", "POCL_MAX_WORK_GROUP_SIZE=64")
    if len(os.sched_getaffinity(0)) > 1:
        env = {"POCL_MAX_PTHREAD_COUNT": 1}
        wrong = one(doctor(env=env), "wrong", "1 thread of work for")
        assert wrong["cure"] == "unset POCL_MAX_PTHREAD_COUNT"


def variables_of_gaze_are_judged(folder):
    env = {"GAZE_DEVIC": "cpu"}
    wrong = one(doctor(env=env), "wrong", "GAZE_DEVIC=cpu: nothing reads a variable of this name, did you mean 'GAZE_DEVICE'?")
    assert wrong["cure"] == "export GAZE_DEVICE=cpu; unset GAZE_DEVIC"
    for name, value in (("GAZE_DEVICE", "no such device"), ("GAZE_FAMILY", "wide"), ("GAZE_PLUGINS", folder / "no.so"),
                        ("GAZE_BUILD_SECONDS", "soon"), ("GAZE_KERNEL_DIR", folder / "no")):
        env = {name: value}
        stops = [f for f in doctor(env=env, status=5) if f["health"] == "stops"]
        assert stops and all(f["cure"] == f"unset {name}" for f in stops), (name, stops)
        mends(stops[0], env)


def a_limit_on_addresses_is_told(folder):
    done = subprocess.run(["sh", "-c", f"ulimit -v 900000; exec {GAZE} doctor --json"], env=CLEAN, capture_output=True, text=True)
    wrong = one([json.loads(line) for line in done.stdout.splitlines()], "wrong", "limits this process to")
    assert wrong["cure"] == "ulimit -v unlimited"


def clean_removes_what_no_driver_can_use_and_nothing_else(folder):
    env = {"XDG_CACHE_HOME": folder}
    doctor(env=env)
    subprocess.run([GAZE, "bench", SOURCE / "models/patch.json", "-b", "1", "--seconds", "0.01", "--quiet"], env={**CLEAN, **env},
                   check=True, capture_output=True)  # a small plan: kernels for threads of the host
    kept = sorted(folder.glob("pocl/kcache/gaze/*"))
    assert kept, "the trial has kept nothing"
    damaged, other = kept[0].with_name("0" * 16), kept[0].with_name("1" * 16)
    data = kept[0].read_bytes()
    damaged.write_bytes(data[:-1])
    other.write_bytes(data.replace(b"driver ", b"driveR ", 1))
    note = one(doctor(env=env), "note", f"{len(kept)} of drivers that are here; 2 (")
    assert note["cure"] == "gaze doctor --clean" and damaged.exists()
    one(doctor("--clean", env=env), "ok", "removed 2 others")
    assert sorted(folder.glob("pocl/kcache/gaze/*")) == kept


def every_variable_that_is_read_is_known_and_on_the_page(folder):
    read = set()
    for path in [*SOURCE.glob("engine/*/*.c"), *SOURCE.glob("tools/*.c"), *SOURCE.glob("python/gaze/*.py")]:
        read |= set(re.findall(r'(?:getenv\(|environ(?:\.get\(|\[)|variable\()"(GAZE_\w+)"', path.read_text()))
    listed = (SOURCE / "engine/gaze.h").read_text().split("#define GAZE_ENVIRONMENT_LIST(X)")[1].split("\n\n")[0]
    known = set(re.findall(r"X\((GAZE_\w+),", listed))
    page = set(re.findall(r"^\| `(GAZE_\w+)`", (SOURCE / "docs/doctor.md").read_text(), flags=re.M))
    assert "GAZE_DEVICE" in read and read == known == page, f"read {read}\nknown {known}\non the page {page}"


def a_call_that_makes_no_sense_is_refused(folder):
    refused(2, GAZE, "doctor", "--reference", says="needs no driver")
    refused(2, GAZE, "doctor", "me", says="too many arguments")


if __name__ == "__main__":
    assert shutil.which("sh")
    main([
        a_healthy_machine_is_said_to_work,
        every_finding_that_is_wrong_has_its_command,
        a_loader_sent_to_an_empty_folder_stops_gaze,
        no_driver_installed_is_told_with_the_package,
        a_driver_that_does_not_load_is_named_beside_one_that_does,
        what_is_no_driver_is_said_to_be_none,
        a_driver_that_crashes_is_found_out,
        devices_that_cannot_be_used_are_told_with_the_reason,
        an_unwritable_cache_is_why_pocl_has_no_device,
        without_a_home_nothing_is_kept,
        settings_of_pocl_are_judged,
        variables_of_gaze_are_judged,
        a_limit_on_addresses_is_told,
        clean_removes_what_no_driver_can_use_and_nothing_else,
        every_variable_that_is_read_is_known_and_on_the_page,
        a_call_that_makes_no_sense_is_refused,
    ])
