#!/usr/bin/env python3
"""Does the time of a step grow as its arithmetic does? `gaze bench` over sizes that double and redouble, on one thread and on two.

Batches of 000, predicted and trained; self-attention and an LSTM over 64 to 16,384 steps; convolutions on images of 32 to 512 pixels a
side. Every figure is the lowest of the rounds' median steps, as other work on the machine only adds; the threads take turns. Makes the
picture, and a table as Markdown: how many times a middle size's arithmetic, and time, those of the largest are. In smaller ones a step
is mostly its start. The threads are PoCL's (POCL_MAX_PTHREAD_COUNT).
"""
import json
import math
import sys
import tempfile
from pathlib import Path

import guests
import plot
from compare import HERE, Failed, Gaze, log, options_of, words_of, write_figures

THREADS = (1, 2)


def sequence(steps, layers):
    return {"gaze_model": 1, "name": "growth", "inputs": [{"name": "x", "shape": [steps, 128], "dtype": "float32"}],
            "layers": [*layers, {"name": "mean", "type": "global_average_pool1d"},
                       {"name": "class", "type": "dense", "units": 10, "activation": "softmax"}], "outputs": ["class"]}


def attention(steps):
    return sequence(steps, [{"name": "attention", "type": "attention", "kind": "multi_head", "num_heads": 4, "key_dim": 32}])


def lstm(steps):
    return sequence(steps, [{"name": "lstm", "type": "lstm", "units": 128, "return_sequences": True}])


def conv(name, filters):
    return {"name": name, "type": "conv2d", "filters": filters, "kernel_size": 3, "padding": "same", "activation": "relu"}


def images(side):
    pool = {"type": "max_pool2d", "pool_size": 2}
    return {"gaze_model": 1, "name": "growth", "inputs": [{"name": "image", "shape": [side, side, 3], "dtype": "float32"}],
            "layers": [conv("conv_1", 32), {"name": "pool_1", **pool}, conv("conv_2", 64), {"name": "pool_2", **pool}, conv("conv_3", 64),
                       {"name": "mean", "type": "global_average_pool2d"},
                       {"name": "class", "type": "dense", "units": 10, "activation": "softmax"}], "outputs": ["class"]}


BATCHES, STEPS, SIDES = [1, 4, 16, 64, 256, 1024], [64, 256, 1024, 4096, 16384], [32, 64, 128, 256, 512]
# title, axis, sizes, the model of a size (None: 000), the words of a size
SERIES = {
    "predict": ("000, predictions", "images a batch", BATCHES, None, lambda n: ["--batch-size", n]),
    "train": ("000, training", "images a batch", BATCHES, None, lambda n: ["--batch-size", n, "--train"]),
    "attention": ("self-attention, 4 heads of 32", "steps of a sequence", STEPS, attention, lambda n: ["--batch-size", 1]),
    "lstm": ("LSTM, 128 units", "steps of a sequence", STEPS, lstm, lambda n: ["--batch-size", 1]),
    "images": ("3 convolutions, 4 images", "pixels a side", SIDES, images, lambda n: ["--batch-size", 4]),
}


def measure_size(gaze, name, size, options, folder):
    """(FLOP, {threads: ms}) of a step."""
    *_, make, words = SERIES[name]
    path = gaze.path("000-fashion-attention")
    if make:
        path = folder / "model.json"
        path.write_text(json.dumps(make(size)))

    def measure_round():
        results = {}
        for threads in THREADS:
            gaze.env = {"POCL_MAX_PTHREAD_COUNT": str(threads)}
            results[threads] = gaze.ask("bench", path, "--seconds", options.seconds, *words(size))[-1]
        return results
    found, _ = guests.rounds(options.rounds, options.patience, measure_round)
    return found[0][THREADS[0]]["flop"], {t: min(results[t]["step_ms"] for results in found) for t in THREADS}


def measure(gaze, name, options):
    title, axis, sizes, *_ = SERIES[name]
    panel = {"name": name, "title": title, "axis": axis, "sizes": sizes, "flop": [], "ms": {t: [] for t in THREADS}}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            flop, ms = measure_size(gaze, name, size, options, Path(folder))
            panel["flop"].append(flop)
            for threads in THREADS:
                panel["ms"][threads].append(ms[threads])
            log(f"{name} {size}: {flop / 1e9:.4g} GFLOP, " + ", ".join(f"{ms[t]:.4g} ms on {t}" for t in THREADS))
    return panel


def middle(panel):
    return len(panel["sizes"]) // 2


def growth(panel, values):
    """The largest size's, in times of the middle one's."""
    return values[-1] / values[middle(panel)]


def slope(panel, values):
    """Of the line from the middle to the largest, on logarithmic axes."""
    return math.log(growth(panel, values)) / math.log(growth(panel, panel["sizes"]))


def describe(panel):
    """With what the picture says of it."""
    slopes = [f"arithmetic: slope {slope(panel, panel['flop']):.2f}"]
    slopes += [f"{t} thread{'s' * (t > 1)}: slope {slope(panel, ms):.2f}" for t, ms in panel["ms"].items()]
    return {**panel, "notes": slopes}


WORDS = ["Time of a step, on logarithmic axes.", "Slopes are those of the right half,", "from the middle size to the largest.",
         "Beneath it a step is mostly its start:", "kernels are launched, threads are woken."]


def table(panels):
    lines = ["| | from, to | arithmetic | time, 1 thread | time, 2 threads | largest, 1 thread | 2 threads | 2 threads are faster by |",
             "|---|---|---:|---:|---:|---:|---:|---:|"]
    for p in panels:
        ends = f"{plot.short(p['sizes'][middle(p)])}, {plot.short(p['sizes'][-1])} {p['axis']}"
        times = [f"× {growth(p, p['ms'][t]):.1f}" for t in THREADS]
        rates = [f"{p['flop'][-1] / p['ms'][t][-1] / 1e6:.0f} GFLOP/s" for t in THREADS]
        faster = p["ms"][1][-1] / p["ms"][2][-1]
        lines.append(f"| {p['title']} | {ends} | × {growth(p, p['flop']):.1f} | {' | '.join(times)} | {' | '.join(rates)} | {faster:.2f} |")
    return "\n".join(lines) + "\n"


def read_panels(files):
    """What --json wrote before, in one list."""
    panels = [panel for file in files for panel in json.loads(file.read_text())["panels"]]
    for panel in panels:
        panel["ms"] = {int(threads): ms for threads, ms in panel["ms"].items()}
    return sorted(panels, key=lambda p: list(SERIES).index(p["name"]))


def read_options():
    p = options_of(__doc__, seconds=0.3)
    p.add_argument("--only", type=words_of(SERIES), default=list(SERIES), metavar="LIST", help=f"of {','.join(SERIES)} (all)")
    p.add_argument("--from", dest="files", type=Path, nargs="+", metavar="FILE", help="measure nothing: take what --json wrote")
    p.add_argument("--svg", type=Path, metavar="FILE", help="write the picture there")
    return p.parse_args()


def main():
    options = read_options()
    gaze = Gaze(options.gaze, HERE.parent / "models")
    try:
        panels = read_panels(options.files) if options.files else [measure(gaze, name, options) for name in options.only]
        write_figures(options, panels=panels)
        if options.svg:
            options.svg.write_text(plot.svg([describe(panel) for panel in panels], WORDS))
        if options.md:
            options.md.write_text(table(panels))
    except (Failed, OSError, ValueError) as failure:
        log(f"growth.py: {failure}")
        return 1
    print(table(panels), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
