#!/usr/bin/env python3
"""Two machines on a cable, which are network namespaces of this one: they share nothing but TCP, and the disk."""
import os
import subprocess

from harness import main
from mpi_harness import ENV, Job, losses, model, together, train, weights

NAMES, ADDRESSES = ["alpha", "beta"], ["10.77.0.1", "10.77.0.2"]
# What stands for ssh: it is called with the host and the words of a command for a shell there.
AGENT = """#!/bin/sh
host=$1; shift
case $host in {cases} esac
exec ip netns exec "$space" unshare --uts sh -c "hostname $name; $*"
"""


class Network:
    """The namespaces, from `with` to its end."""

    def __init__(self, folder):
        self.folder, self.spaces = folder, [f"gaze-{os.getpid()}-{name}" for name in NAMES]

    def ip(self, *words):
        subprocess.run(["ip", *map(str, words)], check=True, capture_output=True)

    def __enter__(self):
        for space in self.spaces:
            self.ip("netns", "add", space)
        a, b = self.spaces
        self.ip("link", "add", "cable", "netns", a, "type", "veth", "peer", "name", "cable", "netns", b)
        for space, address in zip(self.spaces, ADDRESSES):
            self.ip("-n", space, "address", "add", f"{address}/24", "dev", "cable")
            self.ip("-n", space, "link", "set", "lo", "up")
            self.ip("-n", space, "link", "set", "cable", "up")
        self.agent = self.folder / "agent"
        self.agent.write_text(AGENT.format(cases=" ".join(f"{address}) space={space} name={name} ;;" for address, space, name in
                                                          zip(ADDRESSES, self.spaces, NAMES))))
        self.agent.chmod(0o755)
        return self

    def __exit__(self, *_):
        for space in self.spaces:
            subprocess.run(["ip", "netns", "delete", space], capture_output=True)

    def cut(self):
        self.ip("-n", self.spaces[0], "link", "set", "cable", "down")

    def job(self, words):
        """mpirun on alpha, a process on each. A silent machine is given up after 5 seconds."""
        options = {"plm_rsh_agent": self.agent, "btl": "tcp,self", "btl_tcp_if_include": "10.77.0.0/24",
                   "oob_tcp_if_include": "10.77.0.0/24", "oob_tcp_keepalive_time": 2, "oob_tcp_keepalive_intvl": 1,
                   "oob_tcp_keepalive_probes": 3}
        mca = [word for option, value in options.items() for word in ("--mca", option, str(value))]
        return Job(2, words, [self.agent, ADDRESSES[0], "mpirun", *mca, "--host", ",".join(f"{a}:1" for a in ADDRESSES)])


def two_machines_train_with_the_bits_of_one(folder):
    file = model(folder)
    with Network(folder) as network:
        status, errors = network.job(train(file, folder / "two", "--epochs", 3)).end()
    assert status == 0 and "rank 0 on alpha: " in errors and "rank 1 on beta: " in errors, errors
    together(2, train(file, folder / "one", "--epochs", 3))
    assert weights(folder / "one") == weights(folder / "two") and losses(folder / "one") == losses(folder / "two")


def a_cut_cable_ends_all_and_the_run_goes_on(folder):
    file, out = model(folder), folder / "run"
    with Network(folder) as network:
        job = network.job(train(file, out, "--epochs", 100000, "--quiet"))
        for _ in range(2):
            job.line()
        network.cut()
        status, errors = job.end()
    assert status != 0 and f"The run is whole up to {out}/checkpoint-" in errors, errors
    epochs = len(losses(out))
    together(1, train(file, out, "--epochs", epochs, "--quiet", "--resume"))
    assert len(losses(out)) == epochs + 1


if __name__ == "__main__":
    os.environ.update(ENV)
    main([two_machines_train_with_the_bits_of_one, a_cut_cable_ends_all_and_the_run_goes_on])
