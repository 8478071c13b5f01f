#!/usr/bin/env python3
"""Each kind of layer by itself: how near are its kernels to what the machine can do, and how fast is the same in PyTorch?

A case is a model of that layer alone. `gaze bench` tells what its kernels take, forward (as predicted) and backward (as trained), and
measures the roofs in the same run: multiply-adds, and bytes copied. PyTorch makes its own operation, in the faster order of channels,
in turns with Gaze. Figures are medians of the rounds. Convolutions by Winograd's method count the direct one's arithmetic: they pass 100 %.
"""
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import guests
from compare import HERE, Failed, Gaze, log, options_of, words_of, write_figures
from layer_cases import CASES, model
from peers import times

SPLIT = {"input_gradient": "input gradient", "kernel_gradient": "kernel gradient", "weights_gradient": "kernel gradient",
         "bias_gradient": "kernel gradient"}


def part_of(op, case):
    """Which part of a layer's gradients an op makes."""
    return next((part for ending, part in SPLIT.items() if case.apart and op.endswith(ending)), "gradient")


def parts_of(records, case, training):
    """{part: [ms, FLOP, bytes]} of the layer."""
    found, backward = {}, False
    for r in records:
        backward = backward or r["op"].endswith("cross_entropy_gradient")
        if r["layer"] != "layer" or backward != training or not r["op"].startswith(case.ops):
            continue
        part = found.setdefault(part_of(r["op"], case) if training else "forward", [0, 0, 0])
        for i, amount in enumerate((1, r["gflops"] * 1e6, r["gbytes_per_second"] * 1e6)):
            part[i] += amount * r["ms"]
    return found


def measure_gaze(gaze, case, path, options):
    """{part: {"ms", "percent"}}: of the nearer roof, as measured in the same run."""
    parts = {}
    for training in (False, True):
        words = ["bench", path, "--batch-size", case.batch, "--seconds", options.seconds] + (["--train"] if training else [])
        *records, whole = gaze.ask(*words)
        for part, (ms, flop, bytes_) in parts_of(records, case, training).items():
            rate, roof = ((flop, whole["peak_gflops"]) if case.roof == "peak" else (bytes_, whole["copy_gbytes_per_second"]))
            parts[part] = {"ms": ms, "rate": rate / ms / 1e6, "percent": 100 * rate / ms / 1e6 / roof}
    return parts


def measure_torch(steps, seconds):
    return {part: {"ms": min(1000 * statistics.median(times(step, seconds / len(made))) for step in made)} for part, made in steps.items()}


def medians(rounds):
    """{part: {key: median}} of [{part: {key: value}}]."""
    return {part: {key: statistics.median(r[part][key] for r in rounds) for key in figures} for part, figures in rounds[0].items()}


def measure(gaze, peer, name, options, folder):
    case = CASES[name]
    path = folder / "layer.json"
    path.write_text(json.dumps(model(case)))
    gaze.env = case.env
    steps = peer.steps(case) if peer else {}
    found, taken = guests.rounds(options.rounds, options.patience,
                                 lambda: (measure_gaze(gaze, case, path, options), measure_torch(steps, options.seconds)))
    ours, theirs = (medians(figures) for figures in zip(*found))
    return [{"case": name, "part": part, "roof": case.roof, **figures, "torch_ms": theirs.get(part, {}).get("ms"), "taken": taken}
            for part, figures in ours.items()]


def markdown(rows, torch):
    lines = ["| layer | part | Gaze, ms | | of the roof |" + (" PyTorch, ms | PyTorch / Gaze |" if torch else ""),
             "|---|---|---:|---:|---:|" + ("---:|---:|" if torch else "")]
    for r in rows:
        unit = "GFLOP/s" if r["roof"] == "peak" else "GB/s"
        cells = [CASES[r["case"]].title, r["part"], f"{r['ms']:.3g}", f"{r['rate']:.0f} {unit}", f"{r['percent']:.0f} %"]
        if torch:
            cells += [f"{r['torch_ms']:.3g}", f"{r['torch_ms'] / r['ms']:.2f}"] if r["torch_ms"] else ["–", "–"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def peer_of(name, threads):
    if not name:
        return None, None
    try:
        import layers_torch
    except ImportError as error:
        log(f"PyTorch is left out: {error}")
        return None, None
    return layers_torch, layers_torch.set_up(threads)


def read_options():
    p = options_of(__doc__, seconds=0.3)
    p.add_argument("--only", type=words_of(CASES), default=list(CASES), metavar="LIST", help=f"of {','.join(CASES)} (all)")
    p.add_argument("--peers", type=words_of(["torch"]), default=["torch"], metavar="LIST", help="torch, or '' for none (torch)")
    return p.parse_args()


def main():
    options = read_options()
    peer, version = peer_of(options.peers, len(os.sched_getaffinity(0)))
    gaze, rows = Gaze(options.gaze, HERE.parent / "models"), []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in options.only:
                rows += (found := measure(gaze, peer, name, options, Path(folder)))
                lines = markdown(found, peer).splitlines()
                print("\n".join(lines if len(rows) == len(found) else lines[2:]), flush=True)
        if options.md:
            options.md.write_text(markdown(rows, peer))
        write_figures(options, torch=version, rows=rows)
    except (Failed, OSError) as failure:
        log(f"layers.py: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
