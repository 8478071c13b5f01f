#!/usr/bin/env python3
"""Seed 004's sequence to sequence models, trained as their "about" says: what they write by themselves, and where they look."""
import json

from harness import DUMP, GAZE, SOURCE, main, refused, run

import numpy

MODELS = SOURCE / "models"
LETTERS = SOURCE / "docs/gallery/letters.txt"


def train(name, folder):
    """The command of the model's "about", but for the folder."""
    about = json.loads((MODELS / f"{name}.json").read_text())["about"]
    command = about[about.index("gaze train"):].split()
    assert command[:4] == ["gaze", "train", f"models/{name}.json", "--out"], command
    run(GAZE, "train", MODELS / f"{name}.json", "--out", folder / "run", *command[5:], "--quiet")
    return folder / "run"


def exact(model, *words):
    lines = [json.loads(line) for line in run(GAZE, "evaluate", model, "--json", *words).stdout.splitlines()]
    assert "exact" in lines[0] and "loss" in lines[1], lines[:2]
    assert lines[0]["samples"] == 1000 and lines[0]["exact"] == lines[0]["exact_samples"] / 1000, lines[0]
    return lines[0]["exact"]


def sources(folder, count):
    ids = numpy.random.default_rng(5).integers(2, 12, (count, 10)).astype("int32")
    numpy.save(folder / "source.npy", ids)
    return ids


def reverses(name, folder):
    model = train(name, folder)
    assert exact(model) >= 0.99
    assert exact(model, "--decode", "beam:4", "--seed", 2) >= 0.99

    ids = sources(folder, 100)  # nothing here knows the answer but this test
    for method in ["greedy", "beam:3"]:
        run(GAZE, "predict", model, "--input", folder / "source.npy", "--decode", method, "--output", folder / "a.npy",
            "--output-map", f"attention={folder / 'map.npy'}")
        answers = numpy.load(folder / "a.npy")
        right = (answers[:, :10] == ids[:, ::-1]).all(1) & (answers[:, 10] == 0)
        assert answers.shape == (100, 11) and right.mean() >= 0.99, right.mean()
        where = numpy.load(folder / "map.npy")[:, :10].argmax(2)
        assert (where == numpy.arange(9, -1, -1)).mean() >= 0.95, where

    out = run(DUMP, model, "--input", folder / "source.npy", "--view", "html", "--query", 0, "--vocabulary", LETTERS, "--out",
              folder / "maps", "--quiet").stdout
    assert out.count(".html") == 100, out
    about = json.loads((folder / "maps/source.attention.json").read_text())
    decoded = numpy.array([sample["decoded"] for sample in about["samples"]])
    assert (decoded[:, :10] == ids[:, ::-1]).all(1).mean() >= 0.99


def luong_reverses_by_itself(folder):
    reverses("004-seq2seq-luong", folder)


def bahdanau_reverses_by_itself(folder):
    reverses("004-seq2seq-bahdanau", folder)


def answers_are_printed(folder):
    sources(folder, 2)
    model = json.loads((MODELS / "004-seq2seq-luong.json").read_text())
    model["classes"] = ["end", "start", *"abcdefghij"]
    (folder / "model.json").write_text(json.dumps(model))
    predict = [GAZE, "predict", folder / "model.json", "--reference", "--input", f"source={folder / 'source.npy'}"]
    lines = [json.loads(line) for line in run(*predict, "--decode", "beam:3", "--top", 3, "--json").stdout.splitlines()]
    assert [line["input"] for line in lines] == [0, 1] and all(len(line["answers"]) == 3 for line in lines), lines
    for line in lines:
        chances = [answer["log_probability"] for answer in line["answers"]]
        assert chances == sorted(chances, reverse=True) and chances[0] < 0, chances
        for answer in line["answers"]:
            assert answer["words"] == [model["classes"][k] for k in answer["tokens"]], answer
    best = run(*predict, "--decode", "beam:3").stdout.splitlines()
    assert [text.split()[1:-1] for text in best] == [line["answers"][0]["words"] for line in lines], best


def the_answer_is_not_peeked_at(folder):
    """A model that was never trained has a teacher to copy from in the data, and must not write what it says."""
    model = MODELS / "004-seq2seq-luong.json"
    assert exact(model) == 0


def a_matrix_shows_what_was_decoded(folder):
    dump = [DUMP, MODELS / "004-seq2seq-luong.json", "--reference", "--index", "0..1", "--view", "matrix", "--quiet"]
    run(*dump, "--out", folder / "given")
    run(*dump, "--out", folder / "own", "--decode", "greedy")
    given, own = (json.loads((folder / f / "synthetic-test.attention.json").read_text()) for f in ["given", "own"])
    assert "likeliest" in given["samples"][0] and "decoded" in own["samples"][0]
    assert (folder / "own/synthetic-test.attention.1.matrix.png").exists()
    a, b = (numpy.load(folder / f / "synthetic-test.attention.npy") for f in ["given", "own"])
    assert (a[:, 0] == b[:, 0]).all() and (a[:, 2:] != b[:, 2:]).any()  # both begin with the start token


def bad_use_is_refused(folder):
    sources(folder, 2)
    source, model = folder / "source.npy", MODELS / "004-seq2seq-luong.json"
    predict = [GAZE, "predict", model, "--reference", "--input", f"source={source}"]
    refused(2, *predict, "--decode", "beam:0", says=["'beam:0'", "beam:K with K from 1"])
    refused(2, *predict, "--decode", "best", says="expected greedy, or beam:K")
    refused(2, *predict, "--top", 2, says="beam:2 or wider")
    refused(2, *predict, "--max-length", 12, says="the 11 steps of the input 'target'")
    refused(2, *predict, "--input", f"target={source}", "--decode", "greedy", says="leave it out")
    numpy.save(folder / "short.npy", numpy.arange(1, 9, dtype="<i4")[None])
    refused(3, GAZE, "predict", model, "--reference", "--input", folder / "short.npy", "--decode", "beam:3",
            says="'source' has the shape [1,8], expected [?,10]")
    refused(2, GAZE, "evaluate", model, "--reference", "--decode", "beam:0", says="'beam:0'")
    refused(2, DUMP, model, "--reference", "--index", 0, "--decode", "beam:0", "--out", folder / "maps", says="'beam:0'")

    text = MODELS / "004-text-attention.json"  # two inputs, but no "decode"
    refused(4, GAZE, "predict", text, "--reference", "--input", f"query={source}", "--decode", "greedy", says='has no "decode"')
    refused(4, GAZE, "evaluate", MODELS / "patch.json", "--reference", "--decode", "greedy", says='has no "decode"')
    refused(2, GAZE, "predict", text, "--reference", "--input", f"query={source}", says="input 'value' is missing")

    wrong = json.loads(model.read_text())
    wrong["decode"]["input"] = "token"
    (folder / "wrong.json").write_text(json.dumps(wrong))
    refused(4, GAZE, "predict", folder / "wrong.json", "--reference", "--input", source,
            says=["wrong.json", "decode", "'input'", "one of the model's inputs"])


if __name__ == "__main__":
    main([
        luong_reverses_by_itself,
        bahdanau_reverses_by_itself,
        answers_are_printed,
        the_answer_is_not_peeked_at,
        a_matrix_shows_what_was_decoded,
        bad_use_is_refused,
    ])
