#!/usr/bin/env python3
"""The public ABI, names and layouts of gaze.h, as libabigail records it, in gaze.abi: compare with that, or renew it (make abi).

The record is made of the header alone, by a library of empty functions, so that neither the build's flags nor the engine's own types
are in it; that the real library has the same names is test/programs/abi.py's to say.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

RECORD = Path(__file__).with_name("gaze.abi")
HEADER = RECORD.parents[2] / "engine/gaze.h"
EXPORTED = '__attribute__((visibility("default")))'
OTHER, INCOMPATIBLE = 4, 8  # bits of abidiff's exit status; the lower two are errors


def run(*words, text=None):
    return subprocess.run([str(w) for w in words], input=text, capture_output=True, text=True, check=True).stdout


def prototypes(header):
    plain = run(os.environ.get("CC", "cc"), "-std=c11", "-E", "-P", "-x", "c", header)
    return re.findall(re.escape(EXPORTED) + r"\s*([^;{]*?);", plain)


def names(header=HEADER):
    """Functions that the header declares."""
    return sorted(re.search(r"(\w+)\s*\(", prototype).group(1) for prototype in prototypes(header))


def abi_of(header, out, soname):
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "gaze.c"), Path(folder, "libgaze.so")
        empty = "".join(f"{prototype} {{ __builtin_trap(); }}\n" for prototype in prototypes(header))
        source.write_text(f'#include "{Path(header).resolve()}"\n{empty}')
        run(os.environ.get("CC", "cc"), "-std=c11", "-g", "-w", "-fPIC", "-shared", f"-ffile-prefix-map={folder}=.", f"-Wl,-soname,{soname}", source, "-o", library)
        run("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", "--no-architecture",
            "--type-id-style", "hash", "--out-file", out, library)


def differences(old, new):
    """(what abidiff says, whether programs that were built before may break). ("", False): the same."""
    words = ["abidiff", "--no-architecture", "--leaf-changes-only", str(old), str(new)]
    all_of_it = subprocess.run(words, capture_output=True, text=True)
    broken = subprocess.run([*words, "--no-added-syms"], capture_output=True, text=True)
    if (all_of_it.returncode | broken.returncode) & 3:
        raise RuntimeError(all_of_it.stderr + broken.stderr)
    changed = all_of_it.returncode & (OTHER | INCOMPATIBLE)
    return all_of_it.stdout if changed else "", bool(broken.returncode & (OTHER | INCOMPATIBLE))


def soname_of(record):
    return re.search(r"soname='([^']+)'", record.read_text()).group(1)


def soname_of_sources():
    (abi,) = re.findall(r"^set\(GAZE_ABI (\d+)\)", (RECORD.parents[2] / "CMakeLists.txt").read_text(), re.M)
    return f"libgaze.so.{abi}"


def renew(unreleased):
    soname = soname_of_sources()
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder, "gaze.abi")
        abi_of(HEADER, new, soname)
        said, breaks = differences(RECORD, new) if RECORD.exists() else ("", False)
        print(said or "nothing changed")
        if breaks and soname == soname_of(RECORD) and not unreleased:
            sys.exit("Programs that were linked with the released library may break. Either keep what they know, or raise GAZE_ABI in\n"
                     "CMakeLists.txt (and the number in debian/'s libgaze0); where no version with the old layout was ever released:\n"
                     "make abi UNRELEASED=yes")
        RECORD.write_text(new.read_text())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unreleased", action="store_true", help="what changed was never released: record it under the same soname")
    renew(parser.parse_args().unreleased)
