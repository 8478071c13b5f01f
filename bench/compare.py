#!/usr/bin/env python3
"""Gaze beside what its users would take instead, on the same models, in turns, in one run: samples per second and ratios.

For each model and mode, every round measures Gaze (`gaze bench`) and then each peer for some seconds; a figure is the median of the
rounds. Before that a peer has to show that its model is Gaze's: as many parameters, and with the same weights the same predictions.
A round in which other guests of the machine took more than a tenth of the time is measured again, up to --patience times.
A peer that isn't installed is left out. Ends with 1 where models are unlike or Gaze fails, with 0 whatever the ratios are.
"""
import argparse
import fnmatch
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import guests
import table

HERE = Path(__file__).resolve().parent
MODELS = ["000-fashion-attention", "001-cifar-baseline", "001-cifar-spatial", "001-cifar-residual", "002-lstm-attention",
          "003-soft-gate", "004-text-attention", "004-bilstm-attention", "mha-block"]
TITLES = {"gaze": "Gaze", "keras": "Keras", "torch": "PyTorch", "compile": "torch.compile", "onnx": "ONNX Runtime"}
MODES = {"train64": ("train", 64), "predict64": ("predict", 64), "predict1": ("predict", 1)}


class Failed(Exception):
    pass


def log(text):
    print(text, file=sys.stderr, flush=True)


class Gaze:
    def __init__(self, program, models):
        self.program, self.models, self.env = program, models, {}

    def path(self, model):
        return self.models / f"{model}.json"

    def ask(self, *words):
        """The objects that a command prints with --json."""
        done = subprocess.run([self.program, *map(str, words), "--json"], capture_output=True, text=True,
                              env={**os.environ, **self.env})
        if done.returncode:
            raise Failed(f"gaze {' '.join(map(str, words))}: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def summary(self, model):
        return self.ask("summary", self.path(model))[-1]

    def rate(self, model, mode, batch, seconds, device=None):
        """device: of `gaze devices`, None is the usual one."""
        words = ["bench", self.path(model), "--batch-size", batch, "--seconds", seconds, *(["--device", device] if device else [])]
        return self.ask(*words, *(["--train"] if mode == "train" else []))[-1]["samples_per_second"]


class Peer:
    """A process that runs peers.py."""

    def __init__(self, name, threads):
        limits = {v: str(threads) for v in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        self.name = name
        self.process = subprocess.Popen([sys.executable, "-B", str(HERE / "peers.py"), name, str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **limits})

    def send(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": f"its process ended with {self.process.wait()}"}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def start(names, threads):
    """The peers that are installed, and their versions."""
    peers, versions = [], {}
    for peer in [Peer(name, threads) for name in names]:
        hello = peer.answer()
        if "version" in hello:
            peers.append(peer)
            versions[peer.name] = hello["version"]
        else:
            log(f"{TITLES[peer.name]} is left out: {hello.get('missing') or hello.get('error')}")
            peer.close()
    return peers, versions


def prepare(gaze, peers, model, modes, folder):
    """The peers that have this model ready. Two that run different models are no comparison: that ends the run."""
    if not peers:
        return []
    import likeness
    summary = gaze.summary(model)
    parameters, classes = summary["trainable_weights"], summary["layers"][-1]["shape"][-1]
    likeness.make(gaze.program, gaze.path(model), classes, folder)
    for peer in peers:
        peer.send(ask="prepare", model=model, parameters=parameters, folder=str(folder), modes=modes)
    answers = [(peer, peer.answer()) for peer in peers]
    for peer, answer in answers:
        if "unlike" in answer:
            raise Failed(f"{TITLES[peer.name]}: {answer['unlike']}")
        if "error" in answer:
            log(f"{model} is left out of {TITLES[peer.name]}: {answer['error']}")
    return [peer for peer, answer in answers if "ready" in answer]


def measure_peer(peer, **request):
    peer.send(ask="measure", **request)
    answer = peer.answer()
    if "error" in answer:
        log(f"{TITLES[peer.name]}, {request['mode']} {request['batch']}: {answer['error']}")
    return answer.get("rate")


def measure(gaze, peers, model, mode, batch, options):
    """The rates of every round, Gaze on each of its devices and the peers in turns; and what part of each other guests took."""

    def measure_round():
        rates = {"gaze": gaze.rate(model, mode, batch, options.seconds, options.device)}
        for name, device in options.beside:
            rates[name] = gaze.rate(model, mode, batch, options.seconds, device)
        for peer in peers:
            rates[peer.name] = measure_peer(peer, mode=mode, batch=batch, seconds=options.seconds)
        return rates
    found, taken = guests.rounds(options.rounds, options.patience, measure_round)
    return {name: [rates[name] for rates in found if rates[name]] for name in found[0]}, taken


def compare(gaze, peers, options, titles):
    entries = []
    for model in options.only:
        with tempfile.TemporaryDirectory() as folder:
            ready = prepare(gaze, peers, model, [MODES[m] for m in options.modes], Path(folder) / "samples")
            for mode, batch in (MODES[m] for m in options.modes):
                entries.append(table.row(model, mode, batch, *measure(gaze, ready, model, mode, batch, options)))
                lines = table.markdown(entries, titles).splitlines()
                print("\n".join(lines if len(entries) == 1 else lines[-1:]), flush=True)
    return entries


def processor():
    """The machine's name for its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def write_figures(options, **figures):
    """The file of --json: figures, and what they were measured by."""
    if options.json:
        facts = {"date": date.today().isoformat(), "processor": processor(), "rounds": getattr(options, "rounds", 1), **figures}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")


def models_like(text):
    """Models that fit one of the patterns."""
    found = [m for m in MODELS if any(fnmatch.fnmatch(m, pattern) for pattern in text.split(","))]
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' fits none of {', '.join(MODELS)}")
    return found


def words_of(known):
    def read(text):
        words = [w for w in text.split(",") if w]
        unknown = [w for w in words if w not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
        return words
    return read


def options_of(about, seconds, rounds=3):
    """A parser of the options of every script here that runs `gaze bench`; without --rounds where `rounds` is None."""
    p = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--gaze", default=str(HERE.parent / "build/bin/gaze"), metavar="FILE", help="the program (build/bin/gaze)")
    if rounds:
        p.add_argument("--rounds", type=positive(int), default=rounds, metavar="N", help=f"measurements of each ({rounds})")
        p.add_argument("--patience", type=count, default=2, metavar="N", help="times that a round is measured again which other guests of the "
                       "machine disturbed (2)")
    p.add_argument("--seconds", type=positive(float), default=seconds, metavar="S", help=f"of one measurement ({seconds:g})")
    p.add_argument("--md", type=Path, metavar="FILE", help="write the table there too")
    p.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    return p


def count(text):
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text}: can't be negative")
    return value


def positive(kind):
    def read(text):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text}: has to be positive")
        return value
    return read


def named_device(text):
    name, sign, device = text.partition("=")
    if not (name and sign and device):
        raise argparse.ArgumentTypeError(f"'{text}': expected NAME=DEVICE, such as Intel=0")
    return table.BESIDE + name, device


def read_options():
    p = options_of(__doc__, seconds=1.0)
    p.add_argument("--models", type=Path, default=HERE.parent / "models", metavar="DIR", help="the model files (models)")
    p.add_argument("--only", type=models_like, default=MODELS, metavar="LIST", help="models, such as '001-*,mha-block' (all)")
    p.add_argument("--modes", type=words_of(MODES), default=list(MODES), metavar="LIST", help=f"of {','.join(MODES)} (all)")
    p.add_argument("--peers", type=words_of(list(TITLES)[1:]), default=list(TITLES)[1:], metavar="LIST",
                   help=f"of {','.join(list(TITLES)[1:])} (all); '' is none")
    p.add_argument("--device", metavar="DEVICE", help="of Gaze: a number of `gaze devices` or part of a name (the usual one)")
    p.add_argument("--beside", type=named_device, action="append", default=[], metavar="NAME=DEVICE",
                   help="Gaze on another device too, in a column of that name; may be given again")
    return p.parse_args()


def main():
    options = read_options()
    threads = len(os.sched_getaffinity(0))
    peers, versions = start(options.peers, threads)
    titles = {"gaze": TITLES["gaze"], **{name: name for name, _ in options.beside},
              **{name: title for name, title in TITLES.items() if name in versions}}
    try:
        entries = compare(Gaze(options.gaze, options.models), peers, options, titles)
    except (Failed, RuntimeError, OSError) as failure:
        log(f"compare.py: {failure}")
        return 1
    finally:
        for peer in peers:
            peer.close()
    print(f"\n{table.summary(entries)}")
    if options.md:
        options.md.write_text(table.markdown(entries, titles))
    write_figures(options, threads=threads, seconds=options.seconds, versions=versions, rows=entries)
    return 0


if __name__ == "__main__":
    sys.exit(main())
