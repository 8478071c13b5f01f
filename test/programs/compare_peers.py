#!/usr/bin/env python3
"""bench/compare.py: what its table says of figures, and that it doesn't compare unlike models. Needs no peer."""
import json
import sys

from harness import GAZE, SOURCE, main, refused, run

sys.path.insert(0, str(SOURCE / "bench"))
import guests
import likeness
import peers
import table

SCRIPT = SOURCE / "bench/compare.py"
TITLES = {"gaze": "Gaze", "torch": "PyTorch", "onnx": "ONNX Runtime"}


def compare(*words, env=None):
    return run(sys.executable, SCRIPT, "--gaze", GAZE, "--only", "001-cifar-baseline", "--seconds", 0.02, *words, env=env)


def ratio_is_to_the_fastest_peers_median(folder):
    row = table.row("001-cifar-spatial", "predict", 64, {"gaze": [900, 500, 600], "torch": [100, 90, 5000], "onnx": [200, 240, 220]})
    assert row["samples_per_second"] == {"gaze": 600, "torch": 100, "onnx": 220}, row
    assert row["fastest_peer"] == "onnx" and abs(row["ratio"] - 600 / 220) < 1e-12 and row["reached"], row


def row_that_falls_short_says_so(folder):
    rates = {"gaze": [290.0], "torch": [100.0], "onnx": []}
    row = table.row("003-soft-gate", "train", 64, rates)
    assert row["aim"] == 3 and not row["reached"] and row["samples_per_second"]["onnx"] is None, row
    lines = table.markdown([row], TITLES).splitlines()
    assert lines[0] == "| model | mode | Gaze | PyTorch | ONNX Runtime | Gaze / fastest peer | aim |", lines
    assert lines[2] == "| 003-soft-gate | train 64 | 290 | 100 | – | 2.90 (short) | 3 |", lines
    assert len({line.count("|") for line in lines}) == 1, lines


def other_devices_stand_beside_and_are_no_peers(folder):
    row = table.row("mha-block", "train", 64, {"gaze": [160.0], "Gaze on B": [150.0, 300.0, 155.0], "torch": [100.0]})
    assert row["fastest_peer"] == "torch" and row["ratio"] == 1.6, row
    lines = table.markdown([row], {"gaze": "Gaze", "Gaze on B": "Gaze on B", "torch": "PyTorch"}).splitlines()
    assert lines[0] == "| model | mode | Gaze | Gaze on B | PyTorch | Gaze / fastest peer | aim |", lines
    assert lines[2] == "| mha-block | train 64 | 160 | 155 (1.55) | 100 | 1.60 | 1.5 |", lines


def runs_on_another_device_too(folder):
    out = compare("--peers", "", "--rounds", 1, "--modes", "predict1", "--device", 0, "--beside", "the same=0").stdout.splitlines()
    assert out[0] == "| model | mode | Gaze | Gaze on the same | Gaze / fastest peer | aim |", out
    assert all(float(cell) > 0 for cell in out[2].split("|")[3:5]), out


def aims_follow_the_kind_of_model(folder):
    cases = [("000-fashion-attention", "train", 64, 3), ("mha-block", "train", 64, 1.5), ("003-soft-gate", "predict", 64, 2.5),
             ("004-bilstm-attention", "predict", 64, 1.35), ("004-text-attention", "predict", 64, 1.5),
             ("000-fashion-attention", "predict", 1, 2), ("002-lstm-attention", "predict", 1, 1)]
    for model, mode, batch, expected in cases:
        assert table.aim(model, mode, batch) == expected, (model, mode, batch)


def summary_counts_rows(folder):
    rows = [table.row("mha-block", "train", 64, {"gaze": [g], "torch": [100.0]}) for g in (160.0, 110.0, 90.0)]
    assert table.summary(rows) == "1 of 3 rows reach their aim, 2 are ahead of every peer", table.summary(rows)


def others_time_is_told(folder):
    rows = [table.row("mha-block", "train", 64, {"gaze": [160.0], "torch": [100.0]}, [0.02, 0.2, 0.05])]
    says = "1 of 1 rows reach their aim, 1 are ahead of every peer; other guests of the machine took 9 % of the time"
    assert table.summary(rows) == says, table.summary(rows)


def share_of_others_is_read(folder):
    before = guests.times("cpu  100 0 50 9000 5 0 10 40 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    after = guests.times("cpu  160 0 60 9900 5 0 20 60 0 0\n")
    assert before == (160, 40) and abs(guests.share(before, after) - 20 / 100) < 1e-12, (before, after)
    assert guests.times("cpu 1 2 3 4\n") is None and guests.share(None, after) == 0 and guests.share(after, after) == 0
    assert guests.now() is None or guests.now()[0] > 0


def disturbed_rounds_are_measured_again(folder):
    """Two rounds: the first is quiet at its third try, the second never."""
    taken, made = iter([0.5, 0.3, 0.05, 0.4, 0.2, 0.6]), []
    ticks = [0, 0]

    def clock():
        return tuple(ticks)

    def measure():
        share = next(taken)
        ticks[0] += round(100 * (1 - share))
        ticks[1] += round(100 * share)
        made.append(share)
        return share
    results, shares = guests.rounds(2, 2, measure, clock)
    assert results == [0.05, 0.2] and len(made) == 6 and [round(s, 2) for s in shares] == [0.05, 0.2], (results, shares, made)
    results, _ = guests.rounds(2, 0, iter(["a", "b"]).__next__, lambda: None)
    assert results == ["a", "b"], results


def shapes_are_those_that_gaze_bench_takes(folder):
    def shapes(name):
        return likeness.input_shapes(json.loads((SOURCE / f"models/{name}.json").read_text()))

    assert shapes("002-lstm-attention") == {"sequence": ([50, 64], "float32")}
    assert shapes("004-text-attention") == {"query": ([64], "int32"), "value": ([64], "int32")}
    assert shapes("004-bilstm-attention") == {"text": ([50], "int32")}
    assert shapes("000-fashion-attention") == {"image": ([28, 28, 1], "float32")}


class Framework:
    """A peer with 10 parameters whose every probability is 0.25."""

    trainer = None

    def load(self, name, weights):
        return weights["parameters"]

    def predictor(self, inputs):
        return lambda: 0.25 * inputs


def prepared(found, predictions, parameters=10):
    """What a peer answers that finds these weights and these predictions of Gaze's."""
    import numpy

    class Samples:
        def __init__(self, folder):
            pass

        def weights(self):
            return found

        def inputs(self, batch):
            return numpy.ones(batch)

        def predictions(self, batch):
            return numpy.full(batch, predictions)

    kept, likeness.Samples = likeness.Samples, Samples
    try:
        request = {"ask": "prepare", "model": "m", "parameters": parameters, "folder": "", "modes": [["predict", 4], ["train", 4]]}
        return peers.answer(peers.Session(Framework()), request)
    finally:
        likeness.Samples = kept


def like_models_are_ready(folder):
    assert prepared({"parameters": 10}, 0.25005) == {"ready": 1}


def unlike_models_are_not_measured(folder):
    assert "9 parameters here, 10 in Gaze" in prepared({"parameters": 9}, 0.25)["unlike"]
    assert "from Gaze's" in prepared({"parameters": 10}, 0.2502)["unlike"]
    assert "from Gaze's" in prepared({"parameters": 10}, float("nan"))["unlike"]
    assert "can't take" in prepared({}, 0.25)["unlike"]


def runs_without_peers(folder):
    out = compare("--peers", "", "--rounds", 2, "--modes", "predict1,train64", "--md", folder / "t.md", "--json", folder / "t.json").stdout
    lines = (folder / "t.md").read_text().splitlines()
    assert out.splitlines()[:4] == lines and len(lines) == 4 and "nothing to compare with" in out, out
    facts = json.loads((folder / "t.json").read_text())
    assert [(r["mode"], r["batch"], len(r["rounds"]["gaze"])) for r in facts["rows"]] == [("predict", 1, 2), ("train", 64, 2)], facts
    assert all(r["ratio"] is None and r["samples_per_second"]["gaze"] > 0 for r in facts["rows"]), facts


def peers_that_are_not_installed_are_left_out(folder):
    for name in ("torch", "keras"):
        (folder / f"{name}.py").write_text(f"raise ImportError('no {name} on this machine')\n")
    done = compare("--rounds", 1, "--modes", "predict1", env={"PYTHONPATH": str(folder)})
    for title, module in (("Keras", "keras"), ("PyTorch", "torch"), ("torch.compile", "torch"), ("ONNX Runtime", "torch")):
        assert f"{title} is left out: no {module} on this machine" in done.stderr, done.stderr
    assert done.stdout.splitlines()[0] == "| model | mode | Gaze | Gaze / fastest peer | aim |", done.stdout


def nonsense_is_refused(folder):
    for words, says in ((("--only", "005-*"), "005-*"), (("--peers", "theano"), "theano"), (("--modes", "train7"), "train7"),
                        (("--rounds", 0), "--rounds"), (("--patience", -1), "--patience"),
                        (("--beside", "0"), "NAME=DEVICE")):
        refused(2, sys.executable, SCRIPT, *words, says=says)
    refused(1, sys.executable, SCRIPT, "--gaze", folder / "none", "--peers", "", says="none")


if __name__ == "__main__":
    main([
        ratio_is_to_the_fastest_peers_median,
        row_that_falls_short_says_so,
        other_devices_stand_beside_and_are_no_peers,
        runs_on_another_device_too,
        aims_follow_the_kind_of_model,
        summary_counts_rows,
        others_time_is_told,
        share_of_others_is_read,
        disturbed_rounds_are_measured_again,
        shapes_are_those_that_gaze_bench_takes,
        like_models_are_ready,
        unlike_models_are_not_measured,
        runs_without_peers,
        peers_that_are_not_installed_are_left_out,
        nonsense_is_refused,
    ])
