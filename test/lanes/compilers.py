"""The GPU makers' compilers, run without their hardware: what is installed, and what each says about a program's kernels."""
import glob
import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

LLVM = "15"  # the version that Debian 12's libclc and ROCm device libraries are bitcode of


class CompileError(Exception):
    """A program was refused; the text is the compiler's first complaint."""


@dataclass
class Kernel:
    """What one compiler made of one kernel. Bytes are per work-item, but `local` per work-group."""
    registers: int
    shown: str  # registers in the maker's words
    local: int = 0
    spilled: int = 0  # registers that went to memory
    private: int = 0  # arrays and stacks that lie in memory
    waves: int = 0  # waves (warps) that a SIMD unit (a multiprocessor) holds at a time; 0: of no interest


def run(*command):
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=300)
    except subprocess.TimeoutExpired as late:
        raise CompileError(f"{Path(command[0]).name}: no end after {late.timeout} s") from None
    log = done.stdout + done.stderr
    if done.returncode:
        raise CompileError(complaint(log))
    return log


def complaint(log):
    lines = [line.strip() for line in log.splitlines() if line.strip()] or ["it said nothing"]
    wrong = [line for line in lines if re.search(r"\berror\b|\bfatal\b|undefined", line, re.I)]
    return re.sub(r"\S*/", "", (wrong or lines)[0])[:160]


def first_existing(*patterns):
    found = [path for pattern in patterns for path in sorted(glob.glob(pattern))]
    return found[0] if found else None


def number(pattern, text):
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


def clang(program, triple, *words):
    """Full optimization, as the makers' own OpenCL compilers do by default."""
    return run(f"clang-{LLVM}", "-x", "cl", "-target", triple, "-O3", "-fno-caret-diagnostics", "-fno-crash-diagnostics",
               *program.options, *words, program.path)


class Amd:
    """clang's AMD back end with ROCm's device libraries: what ROCm's OpenCL driver is made of."""
    maker = "AMD"
    family = "gpu"
    targets = {"gfx906": "Vega 20", "gfx908": "MI100", "gfx1030": "RDNA 2"}
    most_waves = {"gfx906": 10, "gfx908": 10, "gfx1030": 16}

    def __init__(self, tools):
        self.clang, self.lld = shutil.which(f"clang-{LLVM}"), shutil.which(f"ld.lld-{LLVM}")
        found = first_existing("/usr/lib/*/amdgcn/bitcode/ocml.bc")
        self.library = found and os.path.dirname(found)
        self.missing = [name for name, tool in [(f"clang-{LLVM}", self.clang), (f"lld-{LLVM}", self.lld),
                                                ("rocm-device-libs", self.library)] if not tool]

    def version(self):
        return f"{clang_version()}, rocm-device-libs {package_version('rocm-device-libs')}"

    def compile(self, program, target, folder):
        # Linked, because a function that exists nowhere is noticed only then.
        log = clang(program, "amdgcn-amd-amdhsa", f"-mcpu={target}", f"--rocm-device-lib-path={self.library}",
                    "-Rpass-analysis=kernel-resource-usage", f"--ld-path={self.lld}", "-Wl,--no-undefined", "-o",
                    folder / "amd.so")
        return {name: self.facts(text) for name, text in sections(r"remark: Function Name: (\w+)", log)}

    @staticmethod
    def facts(text):
        vector, scalar = number(r" VGPRs: (\d+)", text), number(r" SGPRs: (\d+)", text)
        spills = 4 * number(r"VGPRs Spill: (\d+)", text)
        scratch = number(r"ScratchSize \[bytes/lane\]: (\d+)", text)
        return Kernel(vector, f"{vector} + {scalar}", number(r"LDS Size \[bytes/block\]: (\d+)", text), spills,
                      max(0, scratch - spills), number(r"Occupancy \[waves/SIMD\]: (\d+)", text))


class Nvidia:
    """clang with libclc makes PTX, NVIDIA's own ptxas machine code. The driver has another front end: registers are a guide."""
    maker = "NVIDIA"
    family = "gpu"
    targets = {"sm_75": "Turing", "sm_90": "Hopper"}
    most_waves = {"sm_75": 32, "sm_90": 64}  # warps of a multiprocessor, which has 65,536 registers
    local_bytes = {"sm_75": 65536, "sm_90": 233472}  # and so much local memory

    def __init__(self, tools):
        self.clang = shutil.which(f"clang-{LLVM}")
        self.library = first_existing("/usr/lib/clc/nvptx64--nvidiacl.bc")
        self.ptxas = shutil.which("ptxas") or first_existing(f"{tools}/**/nvidia/*/bin/ptxas", "/usr/local/cuda*/bin/ptxas")
        self.missing = [name for name, tool in [(f"clang-{LLVM}", self.clang), (f"libclc-{LLVM}", self.library),
                                                ("nvidia-cuda-nvcc (PyPI)", self.ptxas)] if not tool]

    def version(self):
        release = re.search(r"V([\d.]+)", run(self.ptxas, "--version"))
        return f"{clang_version()}, libclc-{LLVM} {package_version(f'libclc-{LLVM}')}, ptxas {release[1]}"

    def compile(self, program, target, folder):
        # The PTX is the same for both targets: clang 15's newest NVIDIA target that ptxas 13 still takes.
        clang(program, "nvptx64--nvidiacl", "-Xclang", "-target-cpu", "-Xclang", "sm_75", "-Xclang", "-target-feature", "-Xclang",
              "+ptx75", "-Xclang", "-mlink-builtin-bitcode", "-Xclang", self.library, "-S", "-o", folder / "nvidia.ptx")
        log = run(self.ptxas, "-v", f"-arch={target}", folder / "nvidia.ptx", "-o", folder / "nvidia.cubin")
        clang(program, "nvptx64--nvidiacl", "-O0", "-S", "-emit-llvm", "-o", folder / "nvidia.ll")
        groups = groups_in((folder / "nvidia.ll").read_text())
        return {name: self.facts(text, target, groups.get(name, 32)) for name, text in sections(r"Compiling entry function '(\w+)'", log)}

    @classmethod
    def facts(cls, text, target, group):
        used, local = number(r"Used (\d+) registers", text), number(r"(\d+) bytes smem", text)
        spills = max(number(r"(\d+) bytes spill stores", text), number(r"(\d+) bytes spill loads", text))
        frame = max(number(r"(\d+) bytes stack frame", text), number(r"(\d+) bytes cumulative stack", text))
        # Warps take registers by 256; a group's warps are there together or not at all.
        warps = min(cls.most_waves[target], 65536 // max(256, 32 * -(-used // 8) * 8))
        each = -(-group // 32)
        groups = min(warps // each, cls.local_bytes[target] // local if local else warps)
        return Kernel(used, str(used), local, spills, max(0, frame - spills), groups * each)


class Intel:
    """ocloc, the driver's own compiler ahead of time. It always gives a thread its whole register file."""
    maker = "Intel"
    family = "intel"
    targets = {"skl": "Gen9", "tgllp": "Gen12", "dg2": "Arc"}

    def __init__(self, tools):
        self.ocloc = shutil.which("ocloc")
        self.missing = [] if self.ocloc else ["intel-opencl-icd"]

    def version(self):
        return f"ocloc {package_version('intel-opencl-icd')} with libigc1 {package_version('libigc1')}"

    def compile(self, program, target, folder):
        made = folder / target
        shutil.rmtree(made, ignore_errors=True)
        run(self.ocloc, "compile", "-file", program.path, "-device", target, "-out_dir", made, "-output", "intel", "--format",
            "zebin", "-options", " ".join(program.options))
        binary = first_existing(f"{made}/*.bin")
        if not binary:
            raise CompileError("ocloc made no binary")
        about = elf_section(Path(binary).read_bytes(), ".ze_info").decode().split("\nkernels_misc_info:")[0]
        found = sections(r"(?m)^  - name: +'?([\w]+)", about)
        return {name: self.facts(text) for name, text in found if not name.startswith("Intel_Symbol_Table")}

    @staticmethod
    def facts(text):
        # ocloc takes a call of a function that exists nowhere. Everything that does exist is inlined.
        if "has_stack_calls: true" in text:
            raise CompileError("a call that is not inlined: the function exists nowhere, or is recursive")
        width, file = number(r"simd_size: +(\d+)", text), number(r"grf_count: +(\d+)", text)
        kernel = Kernel(file, f"{file}, SIMD{width}", number(r"slm_size: +(\d+)", text))
        for kind, memory in sections(r"(?m)^      - type: +(\w+)", text.partition("per_thread_memory_buffers:")[2]):
            size = number(r"size: +(\d+)", memory)  # of a hardware thread, unless it says otherwise
            if not re.search(r"is_simt_thread: +true", memory):
                size = -(-size // max(width, 1))
            if kind == "scratch":
                kernel.spilled += size
            else:
                kernel.private += size
        return kernel


COMPILERS = (Amd, Nvidia, Intel)


def groups_in(text):
    """{kernel: work-items of its groups} of those that ask for a size, in LLVM's intermediate language."""
    sizes = {number: [int(n) for n in re.findall(r"i32 (\d+)", values)] for number, values in re.findall(r"(?m)^!(\d+) = !{(i32 .*)}$", text)}
    asked = re.findall(r"(?m)^define .*@(\w+)\(.*!reqd_work_group_size !(\d+)", text)
    return {name: sizes[number][0] * sizes[number][1] * sizes[number][2] for name, number in asked}


def sections(heading, text):
    """(what the heading's group holds, the text up to the next heading), one for each."""
    parts = re.split(heading, text)
    return list(zip(parts[1::2], parts[2::2]))


def elf_section(data, wanted):
    start, = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<II16xQQ", data, start + i * size) for i in range(count)]
    for name, _, offset, length in headers:
        begin = headers[names][2] + name
        if data[begin:data.index(b"\0", begin)].decode() == wanted:
            return data[offset:offset + length]
    return b""  # of a program without kernels


def clang_version():
    return "clang " + re.search(r"version ([\d.]+)", run(f"clang-{LLVM}", "--version"))[1]


def package_version(name):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True)
    return done.stdout or "of unknown version"
