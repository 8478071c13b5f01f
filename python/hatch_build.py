"""Puts into the wheel what Python alone can't make: the shared library, the libraries that it needs, and the models.

CMake builds the library from the sources that python/ lies in: in the folder that GAZE_BUILD names, else in one of its own.
"""
import os
import platform
import re
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path(__file__).resolve().parent.parent
# What every Linux has, and OpenCL's loader, which belongs to the drivers.
OF_THE_SYSTEM = re.compile(r"(libOpenCL|libc|libm|libdl|libpthread|librt|libgcc_s|ld-linux[^.]*|linux-vdso)\.so")


def built(folder: Path) -> Path:
    if not (folder / "CMakeCache.txt").exists():
        subprocess.run(["cmake", "-S", SOURCE, "-B", folder, "-DGAZE_TESTS=OFF"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "--target", "gaze_python", "-j", str(os.cpu_count() or 1)], check=True,
                   stdout=subprocess.DEVNULL)
    return (folder / "python/libgaze.so").resolve()


def needed(library: Path) -> dict:
    """Libraries that it needs and not every machine has: {name: file}."""
    listed = subprocess.run(["ldd", library], check=True, capture_output=True, text=True).stdout
    found = dict(re.findall(r"^\s*(\S+) => (/\S+)", listed, re.MULTILINE))
    return {name: Path(file).resolve() for name, file in found.items() if not OF_THE_SYSTEM.match(name)}


def glibc(files) -> tuple:
    """The newest glibc whose symbols one of these asks for: what a system has to have."""
    asked = subprocess.run(["objdump", "-p", *map(str, files)], check=True, capture_output=True, text=True).stdout
    return max(tuple(map(int, version)) for version in re.findall(r"\bGLIBC_(\d+)\.(\d+)", asked))


def tag(files) -> str:
    """PEP 600's, so that pip refuses the wheel where an older glibc would refuse the library. (The loader of OpenCL, which isn't in the
    wheel, is the system's: libgaze says so where it is missing.)"""
    here = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    if platform.libc_ver()[0] != "glibc":
        return here
    return here.replace("linux", "manylinux_{}_{}".format(*glibc(files)), 1)


def licence(library: Path):
    """Debian's copyright file of the package that a library came with; None elsewhere."""
    for name in (str(library), str(library).removeprefix("/usr")) if shutil.which("dpkg-query") else ():
        asked = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if asked.returncode == 0:
            file = Path("/usr/share/doc") / asked.stdout.split(":")[0] / "copyright"
            return file if file.exists() else None
    return None


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        given = os.environ.get("GAZE_BUILD")
        self.folder = None if given else Path(tempfile.mkdtemp(prefix="gaze-wheel-"))
        include = build_data["force_include"]
        library = built(Path(given).resolve() if given else self.folder)
        include[str(library)] = "gaze/libgaze.so"
        libraries = needed(library)
        for name, file in libraries.items():
            include[str(file)] = f"gaze/lib/{name}"
            terms = licence(file)
            if terms:
                include[str(terms)] = f"gaze/lib/{name}.copyright"
        for file in sorted((SOURCE / "models").iterdir()):
            include[str(file)] = f"gaze/models/{file.name}"
        include[str(SOURCE / "LICENSE")] = "gaze/LICENSE"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag([library, *libraries.values()])}"

    def finalize(self, version, build_data, artifact_path):
        if self.folder:
            shutil.rmtree(self.folder)
