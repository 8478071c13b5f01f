#!/usr/bin/env python3
"""gaze report: a run as one page that needs no network, each of whose figures is the one that its own command gives."""
import base64
import csv
import json
import re
import shutil
import struct
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import numpy

from harness import DUMP, GAZE, SOURCE, main, refused, run

MODEL = SOURCE / "models/patch.json"
FOLDER = tempfile.TemporaryDirectory()
RUN = Path(FOLDER.name) / "run"
VOID = {"meta", "img", "br", "input", "path", "circle", "rect", "image"}


class Page(HTMLParser):
    """Sections by id, tables by id as rows of texts; fails where tags don't nest or something would be loaded."""

    def __init__(self, path):
        super().__init__()
        self.text = path.read_text()
        self.open, self.ids, self.tables, self.headings, self.sections, self.words, self.images = [], [], {}, [], {}, {}, []
        self.table = self.cell = None
        self.feed(self.text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        for name in ("src", "href", "xlink:href", "data", "action", "poster", "srcset"):
            assert given.get(name, "#").startswith(("#", "data:")), (tag, given)
        assert tag not in ("link", "iframe", "object", "embed", "base"), tag
        if "id" in given:
            assert given["id"] not in self.ids, f"twice: {given['id']}"
            self.ids.append(given["id"])
        if tag == "img":
            self.images.append(given)
        if tag == "table":
            self.table = self.tables.setdefault(given.get("id", f"table {len(self.tables)}"), [])
        if tag == "tr" and self.table is not None:
            self.table.append([])
        if tag in ("td", "th"):
            self.cell = ""
        if tag not in VOID:
            self.open.append((tag, given.get("id")))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag, (tag, self.getpos())
        if tag in ("td", "th"):
            self.table[-1].append(self.cell.strip())
            self.cell = None

    def handle_data(self, text):
        if self.cell is not None:
            self.cell += text
        tag, name = self.open[-1] if self.open else ("", None)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), text))
        if name:
            self.words[name] = self.words.get(name, "") + text
        for opened, section in self.open:
            if opened == "section":
                self.sections[section] = self.sections.get(section, "") + text

    def rows(self, table):
        """Without the head."""
        return self.tables[table][1:]


def trained():
    if not RUN.exists():
        run(GAZE, "train", MODEL, "--out", RUN, "--epochs", "2", "--seed", "3", "--keep-checkpoints", "all", "--quiet")
    return RUN


def report(folder, *words, of=None):
    out = folder / "r.html"
    assert run(GAZE, "report", of or trained(), "--out", out, *words).stdout.strip() == str(out)
    assert [f.name for f in folder.iterdir() if f.name.startswith("r.html")] == ["r.html"]
    return Page(out)


def lines(*words):
    return [json.loads(line) for line in run(GAZE, *words, "--json").stdout.splitlines()]


def close(shown, value, decimals=4):
    return shown == f"{value:.{decimals}f}"


LITTLE = ["--without", "verify", "--without", "profile", "--without", "faithful", "--without", "examples"]
MAPS = LITTLE[:6]


def every_section_is_there_and_nothing_is_loaded(folder):
    page = report(folder, "--samples", "20")
    assert list(page.sections) == ["training", "classes", "confusion", "examples", "faithful", "profile", "memory", "verify", "run"]
    assert not re.search(r"https?:|//[a-z]|url\(|@import", re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]*", "", page.text)), "an address"
    assert re.search(r'<html lang="en">', page.text) and "<title>patch: Gaze report</title>" in page.text
    assert [h for h in page.headings if h[0] == 1] == [(1, "patch")]
    levels = [level for level, _ in page.headings]
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels
    for link in re.findall(r'href="#([^"]+)"', page.text):
        assert link in page.ids, link
    passed = re.findall(r"(\d+) passed, 0 failed", page.sections["verify"])
    assert len(passed) == 2 and all(int(n) > 0 for n in passed), page.sections["verify"]
    assert len(page.rows("layers")) >= 5 and len(page.rows("kernels")) >= len(page.rows("layers"))


def curves_are_the_log(folder):
    page = report(folder, *LITTLE)
    log = list(csv.DictReader((trained() / "log.csv").open()))
    assert len(log) == 2 == len(page.rows("epochs"))
    for shown, row in zip(page.rows("epochs"), log):
        assert shown[:2] == [row["epoch"], row["step"]]
        for text, name in zip(shown[2:6], ["loss", "validation_loss", "accuracy", "validation_accuracy"]):
            assert close(text, float(row[name])), (name, text, row)
    assert page.text.count('<svg class="chart"') == 2 and 'class="line l1"' in page.text


def results_are_those_of_evaluate(folder):
    page = report(folder, *LITTLE)
    whole, *classes = lines("evaluate", trained(), "--seed", "3")
    assert close(page.words["accuracy"], whole["accuracy"]) and close(page.words["loss"], whole["loss"])
    assert page.words["samples"] == str(whole["samples"])
    *rows, mean = page.rows("per-class")
    matrix = page.rows("matrix")
    assert len(rows) == len(classes) == len(matrix)
    f1 = []
    for k, (row, line, counts) in enumerate(zip(rows, classes, matrix)):
        assert row[0] == counts[0] == line["class"] and int(row[1]) == line["samples"] == sum(line["predicted"])
        assert close(row[2], line["precision"]) and close(row[3], line["recall"]), (row, line)
        predicted = sum(other["predicted"][k] for other in classes)
        f1.append(2 * line["predicted"][k] / (line["samples"] + predicted))
        assert close(row[4], f1[-1]), row
        assert [int(n) for n in counts[1:]] == line["predicted"]
    assert mean[1] == str(whole["samples"]) and close(mean[4], sum(f1) / len(f1))
    mistakes = sorted(((n, a["class"], b["class"]) for a in classes for n, b in zip(a["predicted"], classes) if a != b and n), reverse=True)
    assert [int(m[2]) for m in page.rows("mistakes") if len(m) == 3] == [n for n, *_ in mistakes[:20]]


def faithfulness_is_that_of_its_command(folder):
    page = report(folder, "--without", "verify", "--without", "profile", "--without", "examples", "--samples", "20")
    whole, *curves = lines("faithful", trained(), "--samples", "20", "--seed", "3")
    assert f"{whole['probability']:.4f}" in page.sections["faithful"]
    curves = [c for c in curves if "deletion" in c]
    assert len(page.rows("areas")) == len(curves) == 6
    for row, curve in zip(page.rows("areas"), curves):
        assert row[:2] == [curve["removal"], curve["map"]]
        for text, key in ((row[2], "deletion"), (row[4], "insertion")):
            assert text == f"{curve[key + '_area']:.4f} ± {curve[key + '_error']:.4f}", (text, curve)
    points = page.rows("curves")
    assert len(points) == whole["steps"] + 1
    for i, row in enumerate(points):
        for k, curve in enumerate(curves):
            assert close(row[1 + 2 * k], curve["deletion"][i]) and close(row[2 + 2 * k], curve["insertion"][i]), (i, curve["map"])


def memory_is_that_of_summary(folder):
    page = report(folder, *LITTLE, "--batch-size", "8")
    plan = json.loads(run(GAZE, "summary", trained(), "--json", "--batch-size", "8").stdout)["memory"]
    shown = [[row[0], *map(int, row[1:])] for row in page.rows("tensors")]
    assert shown == [[t["name"], t["offset"], t["bytes"], t["birth"], t["death"]] for t in plan["tensors"]]
    assert page.text.count('class="block"') == len(shown)


def frames(page):
    return json.loads(page.words["frames"])


def samples(page):
    return [int(text.split()[1].rstrip(":")) for _, text in page.headings if text.startswith("Sample ")]


def dumped(folder, map_, index, *words, of=None):
    """The raw map of one sample, by dump_attention."""
    shutil.rmtree(folder / "maps", ignore_errors=True)
    run(DUMP, of or trained(), "--map", map_, "--index", index, "--view", "map", "--out", folder / "maps", *words)
    return numpy.load(next((folder / "maps").glob("*.npy")))[0]


def read_tensors(path):
    bytes_ = path.read_bytes()
    length, = struct.unpack("<Q", bytes_[:8])
    return json.loads(bytes_[8:8 + length]), bytes_[8 + length:]


def weights_of(checkpoint, path):
    """The weights of a checkpoint alone, without what the optimizer keeps."""
    names, _ = read_tensors(RUN / "weights.safetensors")
    header, data = read_tensors(RUN / checkpoint)
    kept = b"".join(data[slice(*header[name]["data_offsets"])] for name in names if name != "__metadata__")
    assert [header[name]["shape"] for name in names if name != "__metadata__"] == [t["shape"] for n, t in names.items() if n != "__metadata__"]
    text = json.dumps({n: t for n, t in names.items() if n != "__metadata__"}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + kept)
    return path


def size_of(uri):
    png = base64.b64decode(uri.removeprefix("data:image/png;base64,"), validate=True)
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and png[-8:-4] == b"IEND", uri[:40]
    return struct.unpack(">II", png[16:24])


def maps_on_images_are_those_of_dump_attention_at_every_checkpoint(folder):
    page = report(folder, *MAPS, "--examples", "5")
    shown, numbers = frames(page), samples(page)
    assert shown["moments"] == ["before training", "epoch 1", "epoch 2"] and len(shown["palette"]) == 256
    assert [(m["name"], m["slices"]) for m in shown["maps"]] == [("attention", [""])]
    assert len(numbers) == len(set(numbers)) == len(shown["frames"]) == 5
    for index, example in zip(numbers[:2], shown["frames"]):
        moments, = example
        assert len(moments) == 3
        for (frame,), step in zip(moments, [0, 94, 188]):
            weights = weights_of(f"checkpoint-{step}.safetensors", folder / "w.safetensors")
            values = dumped(folder, "attention", index, "--seed", "3", "--weights", weights)
            row, column = numpy.unravel_index(values.argmax(), values.shape)
            number, place = re.fullmatch(r"largest value (\S+), at (.*)\.", frame["s"]).groups()
            assert place == f"row {row}, column {column} of 28 x 28 cells" and abs(float(number) - values.max()) < 6e-4, (frame["s"], values.max())
            assert [size_of(picture) for picture in frame["p"]] == [(28, 28), (84, 84)]
    shown_now = [image["src"] for image in page.images if "data-picture" in image]
    assert shown_now == [picture for example in shown["frames"] for picture in example[0][-1][0]["p"]]
    assert all(image.get("alt") for image in page.images) and len(page.images) == 15


def heads_and_tokens(folder):
    model = json.loads((SOURCE / "models/004-text-encoder.json").read_text())
    model["data"] |= {"train_count": 500, "test_count": 60}
    (folder / "m.json").write_text(json.dumps(model))
    run(GAZE, "train", folder / "m.json", "--out", folder / "run", "--epochs", "1", "--quiet")
    page = report(folder, *MAPS, "--examples", "2", "--map", "rollout:mean", of=folder / "run")
    shown, numbers = frames(page), samples(page)
    heads = ["mean of 4 heads", "head 0", "head 1", "head 2", "head 3"]
    assert [(m["name"], m["slices"]) for m in shown["maps"]] == [("attention_1", heads), ("attention_2", heads), ("rollout:mean", [""])]
    for text, first, last in re.findall(r"text: ([\d ]+)</p>\s*<p class=\"tokens\">evidence: tokens (\d+) to (\d+)", page.text):
        assert text.split()[int(first)] == "1" and int(last) == int(first) + 1, "the needle's name, then its class"
    assert page.text.count("evidence: tokens ") == 2 and page.text.count('<li class="evidence">') == 4
    for index, (first, _, rollout) in zip(numbers, shown["frames"]):
        values = dumped(folder, "attention_1", index, of=folder / "run")
        for frame, matrix in zip(first[-1], [values.mean(axis=0), *values]):
            assert [size_of(picture) for picture in frame["p"]] == [(16, 16)]
            query, key = map(int, re.search(r"query (\d+) '\d+', key (\d+) '\d+'", frame["s"]).groups())
            assert abs(matrix[query, key] - matrix.max()) < 1e-6, frame["s"]
        steps, = rollout[-1]
        values = dumped(folder, "rollout:mean", index, of=folder / "run")
        assert len(steps["c"]) == len(steps["v"]) == 16 and max(steps["c"]) <= 255
        assert numpy.allclose([float(v) for v in steps["v"]], values, atol=6e-4), (steps["v"], values)
    assert page.text.count("<span data-step") == 2 * 16 and page.text.count('<figure class="tile matrix-map"') == 4


def large_matrices_are_drawn_merged(folder):
    model = json.loads((SOURCE / "models/004-text-encoder.json").read_text())
    model["inputs"][0]["shape"] = [70]
    model["data"] |= {"train_count": 64, "test_count": 10}
    (folder / "m.json").write_text(json.dumps(model))
    run(GAZE, "train", folder / "m.json", "--out", folder / "run", "--epochs", "1", "--quiet")
    page = report(folder, *MAPS, "--examples", "1", of=folder / "run")
    (first, _), = frames(page)["frames"]
    assert [size_of(picture) for frame in first[-1] for picture in frame["p"]] == [(35, 35)] * 5
    assert page.text.count("each drawn cell is the largest of 2 x 2") == 2


def names_are_escaped_and_classes_named(folder):
    nasty = '<b>"a" & </script>'
    trained()
    shutil.copytree(RUN, folder / "run")
    model = json.loads((RUN / "model.json").read_text())
    model["classes"] = [nasty, "two", "three", "four"]
    model["about"] = nasty
    (folder / "model.json").write_text(json.dumps(model))
    page = report(folder, *LITTLE, "--data", "synthetic:patch", "--weights", RUN / "weights.safetensors", of=folder / "model.json")
    assert page.tables["per-class"][1][0] == nasty and nasty not in page.text
    assert "isn't known" in page.sections["training"] and "n-epochs" not in page.ids


def what_cannot_be_reported_is_refused_with_the_reason(folder):
    out = folder / "r.html"
    refused(4, GAZE, "report", folder / "none", "--out", out, says=["none"])
    refused(2, GAZE, "report", trained(), says="--out")
    refused(2, GAZE, "report", trained(), "--out", folder / "r.txt", says=["r.txt", ".html"])
    refused(3, GAZE, "report", trained(), "--out", folder / "no/such/r.html", says="no/such")
    refused(2, GAZE, "report", trained(), "--out", out, "--without", "verfy", says=["verfy", "verify"])
    refused(2, GAZE, "report", trained(), "--out", out, "--map", "atention", *LITTLE[:4], says="attention")
    shutil.copytree(RUN, folder / "run")
    (folder / "run/weights.safetensors").unlink()
    refused(4, GAZE, "report", folder / "run", "--out", out, says=["no trained weights", "--resume"])
    other = json.loads((RUN / "model.json").read_text())
    next(layer for layer in other["layers"] if layer["type"] == "dense")["units"] += 1
    (folder / "run/model.json").write_text(json.dumps(other))
    shutil.copy(RUN / "weights.safetensors", folder / "run")
    refused(4, GAZE, "report", folder / "run", "--out", out, says=["weights.safetensors", "expected"])
    assert not out.exists()


def sequences_have_steps_and_answers(folder):
    model = json.loads((SOURCE / "models/004-seq2seq-luong.json").read_text())
    model["data"] |= {"train_count": 300, "test_count": 40}
    (folder / "m.json").write_text(json.dumps(model))
    run(GAZE, "train", folder / "m.json", "--out", folder / "run", "--epochs", "1", "--quiet")
    page = report(folder, "--without", "verify", "--without", "profile", "--examples", "3", of=folder / "run")
    exact, whole, *classes = lines("evaluate", folder / "run")
    assert close(page.words["exact"], exact["exact"]) and close(page.words["accuracy"], whole["accuracy"])
    assert "steps of the sequences" in page.text
    assert sum(int(row[1]) for row in page.rows("per-class")[:-1]) == sum(line["samples"] for line in classes)
    samples = [text for level, text in page.headings if text.startswith("Sample ")]
    assert len(samples) == 3 and all(text.endswith((": right", ": wrong")) for text in samples), samples
    assert page.text.count("<p class=\"tokens\">written: ") == 3 == page.text.count("<p class=\"tokens\">expected: ")
    assert page.sections["faithful"].strip() and "areas" not in page.tables, "a model without classes has no such test"


def what_a_model_or_the_reference_has_not_is_said(folder):
    model = json.loads((SOURCE / "models/004-bilstm-baseline.json").read_text())
    model["data"] |= {"train_count": 64, "test_count": 20}
    (folder / "m.json").write_text(json.dumps(model))
    run(GAZE, "train", folder / "m.json", "--out", folder / "run", "--epochs", "1", "--seed", "123456789012", "--quiet")
    page = report(folder, "--reference", of=folder / "run")
    assert ["seed", "123456789012"] in page.tables["run-facts"], "the data are made from it"
    whole, *_ = lines("evaluate", folder / "run", "--reference", "--seed", "123456789012")
    assert close(page.words["loss"], whole["loss"])
    for section in ("examples", "faithful"):
        assert "has no attention map, and Grad-CAM needs a convolution" in page.sections[section], page.sections[section]
    assert "--reference" in page.sections["verify"] and page.images == [] and "areas" not in page.tables
    assert "samples/s" in page.sections["profile"] and page.rows("tensors")


if __name__ == "__main__":
    main([
        every_section_is_there_and_nothing_is_loaded,
        curves_are_the_log,
        results_are_those_of_evaluate,
        faithfulness_is_that_of_its_command,
        memory_is_that_of_summary,
        maps_on_images_are_those_of_dump_attention_at_every_checkpoint,
        heads_and_tokens,
        large_matrices_are_drawn_merged,
        names_are_escaped_and_classes_named,
        what_cannot_be_reported_is_refused_with_the_reason,
        sequences_have_steps_and_answers,
        what_a_model_or_the_reference_has_not_is_said,
    ])
