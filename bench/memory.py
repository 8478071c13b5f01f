#!/usr/bin/env python3
"""How much memory a process needs to train or run a model: Gaze beside Keras and PyTorch, the same models and batches.

The figure is the most that the process had resident at a time (Linux' VmHWM), everything counted: program, libraries, imports, weights,
activations. Every figure is a fresh process, which starts, makes the model, and runs steps for some seconds. "+" is what that takes
beyond a process that has only started: imports for the peers, `gaze devices` for Gaze. Gaze runs with its kernels compiled before
(--cold: compiled in the run, by the driver's compiler in the same process). Processes that torch.compile starts to compile don't count.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import compare
from compare import Failed, Gaze, Peer, TITLES, log

MODES = {m: compare.MODES[m] for m in ("train64", "predict64")}
PEERS = ["keras", "torch", "compile"]
AIM = 0.5  # of PyTorch's


def gaze_idle(program):
    child = subprocess.Popen([program, "devices"], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        raise Failed(f"{program} devices ended with {status}")
    return used.ru_maxrss * 1024  # this process is smaller than that one, so it's not this one's


def gaze_peak(gaze, model, mode, batch, options):
    words = ["bench", gaze.path(model), "--batch-size", batch, "--seconds", options.seconds, *(["--train"] if mode == "train" else [])]
    if options.cold:
        with tempfile.TemporaryDirectory() as folder:
            gaze.env = {"XDG_CACHE_HOME": folder, "POCL_CACHE_DIR": f"{folder}/pocl"}
            return gaze.ask(*words)[-1]["resident_bytes"]
    gaze.ask(*words)
    return gaze.ask(*words)[-1]["resident_bytes"]


def ask(peer, **request):
    peer.send(**request)
    answer = peer.answer()
    if "error" in answer or "unlike" in answer:
        raise Failed(f"{TITLES[peer.name]}: {answer}")
    return answer


def peer_peak(name, model, mode, batch, options, facts, folder):
    """(after its imports, at the end), in bytes; None where the peer isn't installed."""
    peer = Peer(name, len(os.sched_getaffinity(0)))
    try:
        if "version" not in peer.answer():
            return None
        idle = ask(peer, ask="memory")["memory"]
        ask(peer, ask="prepare", model=model, parameters=facts["trainable_weights"], folder=str(folder), modes=[[mode, batch]])
        ask(peer, ask="measure", mode=mode, batch=batch, seconds=options.seconds)
        return idle, ask(peer, ask="memory")["memory"]
    finally:
        peer.close()


def measure(gaze, model, options):
    """Rows of {"model", "mode", "batch", "bytes": {"gaze" or a peer: [idle, peak]}}."""
    import likeness
    with tempfile.TemporaryDirectory() as folder:
        samples, facts = Path(folder) / "samples", gaze.summary(model)
        if options.peers:
            likeness.make(gaze.program, gaze.path(model), facts["layers"][-1]["shape"][-1], samples)
        for mode, batch in (MODES[m] for m in options.modes):
            found = {"gaze": [options.idle, gaze_peak(gaze, model, mode, batch, options)]}
            for name in options.peers:
                peak = peer_peak(name, model, mode, batch, options, facts, samples)
                found.update({name: list(peak)} if peak else {})
            yield {"model": model, "mode": mode, "batch": batch, "bytes": found}


def cell(found):
    if not found:
        return "–"
    idle, peak = (n / 2**20 for n in found)
    return f"{peak:.0f} (+{max(peak - idle, 0):.0f})"


def verdict(row):
    if "torch" not in row["bytes"]:
        return "–"
    ratio = row["bytes"]["gaze"][1] / row["bytes"]["torch"][1]
    return f"{ratio:.2f}" if ratio < AIM else f"{ratio:.2f} (short)"


def markdown(rows, names):
    titles = [TITLES[n] for n in names]
    lines = [f"| model | mode | {' | '.join(titles)} | Gaze / PyTorch |", "|---|---|" + "---:|" * (len(names) + 1)]
    for row in rows:
        cells = [cell(row["bytes"].get(n)) for n in names]
        lines.append(f"| {row['model']} | {row['mode']} {row['batch']} | {' | '.join(cells)} | {verdict(row)} |")
    return "\n".join(lines) + "\n"


def read_options():
    p = compare.options_of(__doc__, seconds=0.5, rounds=None)
    p.add_argument("--models", type=Path, default=compare.HERE.parent / "models", metavar="DIR", help="the model files (models)")
    p.add_argument("--only", type=compare.models_like, default=compare.MODELS, metavar="LIST", help="models, such as '001-*,mha-block' (all)")
    p.add_argument("--modes", type=compare.words_of(MODES), default=list(MODES), metavar="LIST", help=f"of {','.join(MODES)} (all)")
    p.add_argument("--peers", type=compare.words_of(PEERS), default=PEERS, metavar="LIST", help=f"of {','.join(PEERS)} (all); '' is none")
    p.add_argument("--cold", action="store_true", help="compile Gaze's kernels anew in each run")
    return p.parse_args()


def main():
    options, rows = read_options(), []
    names = ["gaze", *options.peers]
    gaze = Gaze(options.gaze, options.models)
    try:
        options.idle = gaze_idle(options.gaze)
        for model in options.only:
            for row in measure(gaze, model, options):
                rows.append(row)
                lines = markdown(rows, names).splitlines()
                print("\n".join(lines if len(rows) == 1 else lines[-1:]), flush=True)
    except (Failed, RuntimeError, OSError) as failure:
        log(f"memory.py: {failure}")
        return 1
    if options.md:
        options.md.write_text(markdown(rows, names))
    compare.write_figures(options, cold=options.cold, rows=rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
