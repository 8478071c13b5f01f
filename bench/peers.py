"""One peer in a process of its own: reads requests from stdin and answers on stdout, one JSON object a line.

usage: peers.py keras|torch|compile|onnx THREADS     (compare.py starts it)

It says {"version": ..} or {"missing": ..} first. Then
{"ask": "prepare", "model", "weights", "parameters", "folder", "modes": [["train", 64], ..]} makes the model from Gaze's weights and every
step of the modes, and answers {"ready": ..}, or {"unlike": ..} where its parameters or its predictions aren't Gaze's;
{"ask": "measure", "mode", "batch", "seconds"} answers {"rate": median samples per second};
{"ask": "memory"} answers {"memory": the most bytes that the process has had resident}.
A mode that the peer doesn't have answers {"none": ..}, whatever else goes wrong {"error": ..}.
"""
import contextlib
import importlib
import json
import statistics
import sys
import time

PEERS = {"keras": ("peer_keras", "Keras"), "torch": ("peer_torch", "Torch"), "compile": ("peer_torch", "TorchCompile"),
         "onnx": ("peer_torch", "OnnxRuntime")}
LIMIT = 1e-4  # between a probability of Gaze's and the peer's
WARM_STEPS = 2


class Unlike(Exception):
    pass


class Session:
    """A framework and the steps that are ready."""

    def __init__(self, framework):
        self.framework = framework
        self.steps = {}

    def load(self, name, weights):
        """The number of the model's parameters, once it has Gaze's weights."""
        try:
            return self.framework.load(name, weights)
        except (KeyError, ValueError) as error:
            raise Unlike(f"{name} can't take Gaze's weights: {error}") from error

    def predictor(self, name, samples, batch):
        step = self.framework.predictor(samples.inputs(batch))
        far = abs(step() - samples.predictions(batch)).max()
        if not far <= LIMIT:
            raise Unlike(f"a prediction of {name} is {far:.2g} from Gaze's with the same weights, {LIMIT:.0e} is allowed")
        return step

    def prepare(self, request):
        from likeness import Samples
        samples = Samples(request["folder"])
        name, self.steps = request["model"], {}
        found, expected = self.load(name, samples.weights()), request["parameters"]
        if found != expected:
            raise Unlike(f"{name} has {found} parameters here, {expected} in Gaze")
        # Predictions first: they are compared with Gaze's before training changes the weights.
        for mode, batch in sorted(request["modes"]):
            if mode == "predict":
                self.steps[mode, batch] = self.predictor(name, samples, batch)
            elif self.framework.trainer:
                self.steps[mode, batch] = self.framework.trainer(samples.inputs(batch), samples.labels(batch))
        for step in self.steps.values():
            for _ in range(WARM_STEPS):
                step()
        return {"ready": len(self.steps)}

    def measure(self, request):
        step = self.steps.get((request["mode"], request["batch"]))
        if step is None:
            return {"none": "no such mode"}
        return {"rate": request["batch"] / statistics.median(times(step, request["seconds"]))}


def memory():
    """Bytes; None where the system has no /proc."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return None


def times(step, seconds, least=3):
    """Seconds of each step, for as long as asked for."""
    taken, end = [], time.perf_counter() + seconds
    while len(taken) < least or time.perf_counter() < end:
        begin = time.perf_counter()
        step()
        taken.append(time.perf_counter() - begin)
    return taken


def answer(session, request):
    try:
        with contextlib.redirect_stdout(sys.stderr):  # frameworks talk
            return {"prepare": session.prepare, "measure": session.measure, "memory": lambda _: {"memory": memory()}}[request["ask"]](request)
    except Unlike as unlike:
        return {"unlike": str(unlike)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error).strip()[:300]}"}


def say(thing):
    print(json.dumps(thing), flush=True)


def main(peer, threads):
    module, name = PEERS[peer]
    try:
        with contextlib.redirect_stdout(sys.stderr):
            framework = getattr(importlib.import_module(module), name)(threads)
    except ImportError as error:
        return say({"missing": str(error)})
    say({"version": framework.version})
    session = Session(framework)
    for line in sys.stdin:
        say(answer(session, json.loads(line)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
