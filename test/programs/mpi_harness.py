"""Runs gaze under mpirun: what its tests share."""
import json
import os
import signal
import subprocess

from harness import BUILD, SOURCE, run

GAZE = BUILD / "mpi/gaze"  # knows MPI, whatever bin/gaze does
# As root too, more processes than cores, none bound to one.
ENV = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
       "OMPI_MCA_hwloc_base_binding_policy": "none"}
# 23 batches of 16 and one of 2, which 3 processes can't share: one has nothing to do.
PLAIN = [{"name": "conv", "type": "conv2d", "filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"},
         {"name": "half", "type": "max_pool2d", "pool_size": 4},
         {"name": "flat", "type": "flatten"},
         {"name": "class", "type": "dense", "units": 4, "activation": "softmax"}]
# What moves on in training besides weights, and what is random.
MOVING = [PLAIN[0], {"name": "normal", "type": "batch_normalization"}, *PLAIN[1:3], {"name": "dropped", "type": "dropout", "rate": 0.2},
          PLAIN[3]]


def model(folder, layers=MOVING, name="model"):
    file = folder / f"{name}.json"
    file.write_text(json.dumps({**json.loads((SOURCE / "models/patch.json").read_text()), "name": name, "layers": layers,
                                "data": {"type": "synthetic", "path": "patch", "train_count": 370, "test_count": 70}}))
    return file


def train(file, out, *more):
    return [str(w) for w in (GAZE, "train", file, "--out", out, "--batch-size", 16, "--seed", 7, *more)]


def under(ranks, words):
    return ["mpirun", "-n", str(ranks), *map(str, words)]


def together(ranks, words, status=0):
    return run(*under(ranks, words), env=ENV, status=status)


def weights(out):
    return (out / "weights.safetensors").read_bytes()


def losses(out):
    """log.csv without the columns that are times."""
    return [line.split(",")[:6] for line in (out / "log.csv").read_text().splitlines()]


class Job:
    """A training under mpirun that is still going on."""

    def __init__(self, ranks, words, mpirun=("mpirun",)):
        self.process = subprocess.Popen([*map(str, mpirun), *under(ranks, words)[1:]], env={**os.environ, **ENV}, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def line(self):
        """The next one on stdout: an epoch has ended."""
        line = self.process.stdout.readline()
        assert line, f"ended with {self.process.wait()}: {self.process.stderr.read()}"
        return line

    def rank(self, number):
        """The process of a rank: a descendant of mpirun's."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    words = file.read().split(b"\0")
                with open(f"/proc/{pid}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == self.process.pid and b"OMPI_COMM_WORLD_RANK=%d" % number in words:
                return int(pid)
        raise AssertionError(f"no process of rank {number}")

    def end(self):
        """Its status and what it said on stderr."""
        try:
            errors = self.process.communicate(timeout=300)[1]
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.returncode, errors
