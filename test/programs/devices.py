#!/usr/bin/env python3
"""--device auto: chooses by measurement where there are several devices, keeps it, and says why."""
import json

from harness import GAZE, SOURCE, main, run

TWO = {"POCL_DEVICES": "basic pthread"}  # two devices of one driver


def devices(folder, **env):
    out = run(GAZE, "devices", "--json", env={"XDG_CACHE_HOME": str(folder), **env}).stdout
    return [device for device in map(json.loads, out.splitlines()) if device["usable"]]


def the_fastest_of_two_is_chosen_and_kept(folder):
    first = devices(folder, **TWO)
    assert len(first) >= 2 and sum(device["chosen"] for device in first) == 1, first
    for device in first:
        assert " ms " in device["reason"] and ("the fastest" in device["reason"]) == device["chosen"], device
    assert devices(folder, **TWO) == first  # a second measurement would give other times


def commands_take_it_and_say_why(folder):
    chosen, = [device for device in devices(folder, **TWO) if device["chosen"]]
    words = [GAZE, "predict", SOURCE / "models/patch.json", "--input", folder / "x.npy", "--verbose"]
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 32, 32, 1), }"
    size = json.loads((SOURCE / "models/patch.json").read_text())["inputs"][0]["shape"]
    header = header.replace(b"32, 32, 1", ", ".join(map(str, size)).encode()).ljust(117) + b"\n"
    count = size[0] * size[1] * size[2]
    (folder / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(4 * count))
    log = run(*words, env={"XDG_CACHE_HOME": str(folder), **TWO}).stderr
    assert f"device {chosen['index']}: {chosen['name']}" in log and chosen["reason"] in log, log


def one_device_is_not_measured(folder):
    found = devices(folder, POCL_DEVICES="pthread")
    if len(found) == 1:
        assert "ms" not in found[0]["reason"] and not (folder / "gaze/devices").exists(), found


def another_list_of_devices_is_measured_anew(folder):
    devices(folder, **TWO)
    old = (folder / "gaze/devices").read_text()
    devices(folder, POCL_DEVICES="basic basic pthread")
    assert (folder / "gaze/devices").read_text().split("ms")[0] != old.split("ms")[0]


if __name__ == "__main__":
    main([
        the_fastest_of_two_is_chosen_and_kept,
        commands_take_it_and_say_why,
        one_device_is_not_measured,
        another_list_of_devices_is_measured_anew,
    ])
