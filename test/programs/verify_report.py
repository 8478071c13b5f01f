#!/usr/bin/env python3
"""gaze verify --report and --all: what a user attaches to a bug report, and every device of the machine."""
import json
import re
import tempfile
from html.parser import HTMLParser

from harness import GAZE, SOURCE, main, refused, run

CACHE = tempfile.TemporaryDirectory()
TWO = {"POCL_DEVICES": "basic pthread"}  # two devices of one driver


def verify(*words, status=0, **env):
    return run(GAZE, "verify", "--op", "softmax", "--quick", *words, env={"XDG_CACHE_HOME": CACHE.name, **env}, status=status)


def broken(folder, line):
    """GAZE_KERNEL_DIR with a line more in softmax.cl."""
    (folder / "softmax.cl").write_text(line + "\n" + (SOURCE / "cl/softmax.cl").read_text())
    return {"GAZE_KERNEL_DIR": str(folder)}


SAYS = """<b>bad</b> & "worse" 'still'"""


class Page(HTMLParser):
    """Text, and the tags that are open; fails where they don't nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not {"src", "href"} & {name for name, _ in attributes}, (tag, attributes)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


def json_report_says_what_it_ran_on(folder):
    out = verify("--report", folder / "r.json", GAZE_WIDTH="4").stdout
    report = json.loads((folder / "r.json").read_text())
    assert report["gaze_report"] == 1 and report["version"] and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+Z", report["time"]), report
    assert "verify --op softmax --quick" in report["command"] and "GAZE_WIDTH=4" in report["environment"], report
    part, = report["devices"]
    for key in ["platform", "name", "vendor", "version", "driver", "compiler", "type", "family", "extensions"]:
        assert part["device"][key], key
    assert "-DGAZE_WIDTH=4" in part["device"]["options"] and part["device"]["vector_width"] == 4, part
    assert f"{part['passed']} passed, {part['failed']} failed" == out.splitlines()[-1] and part["seconds"] > 0, out
    assert [line["family"] for line in part["ops"]] == [line.split()[1] for line in out.splitlines()[:-1]], part["ops"]
    for line in part["ops"]:
        assert line["op"] == "softmax" and line["cases"] > 0 and line["checks"] > 0 and line["failures"] == [], line
        assert 0 <= line["worst"] <= 1 and line["ms"] > 0 and line["vector_width"] == 4, line


def failures_are_in_it_in_full(folder):
    verify("--report", folder / "r.json", status=5, **broken(folder, "#error " + SAYS))
    part, = json.loads((folder / "r.json").read_text())["devices"]
    line = part["ops"][0]
    message, = line["failures"]
    assert line["failed"] >= 2 and line["failed"] == message.count("case "), line
    assert SAYS in message and "clBuildProgram" in message and "options: -cl-std=CL1.2" in message, message


def html_report_is_one_page_that_needs_nothing(folder):
    verify("--report", folder / "r.html", status=5, **broken(folder, "#error " + SAYS))
    text = (folder / "r.html").read_text()
    page = Page(text)
    assert SAYS in page.text and SAYS not in text and "b" not in page.tags, page.tags
    assert "0 passed" in page.text and "softmax" in page.text and "OpenCL C" in page.text, page.text
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img", text)


def report_that_cannot_be_written_is_refused_before_the_run(folder):
    for name in ["no/such/folder/r.html", "."]:
        refused(3 if name != "." else 2, GAZE, "verify", "--report", folder / name, says=["report" if name == "." else "cannot"])
    refused(2, GAZE, "verify", "--report", folder / "r.txt", says=["r.txt", ".html", ".json"])
    assert not list(folder.iterdir())


def report_replaces_the_old_one_whole(folder):
    (folder / "r.json").write_text("old")
    refused(2, GAZE, "verify", "--op", "sofmax", "--report", folder / "r.json", says="sofmax")
    verify("--report", folder / "r.json")
    assert json.loads((folder / "r.json").read_text())["devices"]
    assert [f.name for f in folder.iterdir()] == ["r.json"]


def all_has_a_table_and_a_line_for_every_device(folder):
    out = verify("--all", "--report", folder / "r.json", **TWO).stdout.splitlines()
    tables = [line for line in out if re.match(r"device \d+: ", line)]
    lines = [line for line in out if re.match(r"device \d+, .*: \d+ passed, 0 failed, worst", line)]
    assert len(tables) == len(lines) >= 2, out
    counts = [int(re.search(r"(\d+) passed", line)[1]) for line in lines]
    assert out[-1] == f"{sum(counts)} passed, 0 failed" and min(counts) > 0, out
    report = json.loads((folder / "r.json").read_text())
    assert [part["passed"] for part in report["devices"]] == counts, report


def all_ends_with_5_if_one_fails(folder):
    out = verify("--all", "--json", status=5, **TWO, **broken(folder, "#error no")).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    devices = [line for line in lines if "name" in line]
    assert len(devices) >= 2 and all(d["failed"] > 0 for d in devices), lines
    assert {line["device"] for line in lines[:-1]} == {d["device"] for d in devices}, lines
    assert lines[-1] == {"passed": sum(d["passed"] for d in devices), "failed": sum(d["failed"] for d in devices)}, lines


def a_wrong_call_is_refused_once(folder):
    refused(2, GAZE, "verify", "--all", "--device", "0", says="--all")
    refused(2, GAZE, "verify", "--all", "--reference", says="--reference")
    refused(2, GAZE, "bench", "--all", "--device", "0", "x.json", says="--all")
    refused(5, GAZE, "verify", "--all", says="pocl-opencl-icd", env={"OCL_ICD_VENDORS": str(folder)})
    assert run(GAZE, "verify", "--all", "--op", "sofmax", env=TWO, status=2).stderr.count("there is no op") == 1


def bench_all_measures_every_device(folder):
    words = [GAZE, "bench", SOURCE / "models/patch.json", "--all", "--seconds", "0.05", "--batch-size", "4"]
    out = run(*words, "--json", env={"XDG_CACHE_HOME": CACHE.name, **TWO}).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    summary = [line for line in lines if "error" in line]
    whole = [line for line in lines if "step_ms" in line]
    assert len(summary) == len(whole) >= 2 and lines[-len(summary):] == summary, lines
    for one, device in zip(whole, summary):
        assert one["device"] == device["device"] and one["samples_per_second"] == device["samples_per_second"] > 0, (one, device)


if __name__ == "__main__":
    main([
        json_report_says_what_it_ran_on,
        failures_are_in_it_in_full,
        html_report_is_one_page_that_needs_nothing,
        report_that_cannot_be_written_is_refused_before_the_run,
        report_replaces_the_old_one_whole,
        all_has_a_table_and_a_line_for_every_device,
        all_ends_with_5_if_one_fails,
        a_wrong_call_is_refused_once,
        bench_all_measures_every_device,
    ])
