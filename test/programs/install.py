#!/usr/bin/env python3
"""Installed to a prefix, the library is found by pkg-config and by CMake, and README's C program, compiled with either, works."""
import os
import re
import shutil
import subprocess

import numpy as np
from harness import BUILD, SOURCE, main, run

MODEL = SOURCE / "models/000-fashion-attention.json"
CMAKE = """cmake_minimum_required(VERSION 3.20)
project(example C)
find_package(gaze REQUIRED{components})
add_executable(example example.c)
target_link_libraries(example gaze::{library})
"""


def readme_block(heading, language):
    text = (SOURCE / "README.md").read_text()
    section = text[text.index(heading):]
    return re.search(rf"```{language}\n(.*?)```", section, re.S).group(1)


def prepare(folder):
    run("cmake", "--install", BUILD, "--prefix", folder / "prefix")
    (folder / "example.c").write_text(readme_block("## From C", "c"))
    np.save(folder / "x.npy", np.full((1, 28, 28, 1), 0.5, np.float32))
    return folder / "prefix"


def check(program, folder, prefix):
    env = {"LD_LIBRARY_PATH": ":".join(str(p.parent) for p in prefix.rglob("libgaze.so"))}
    lines = run(program, MODEL, folder / "x.npy", env=env).stdout.splitlines()
    assert len(lines) == 10 + 12, lines
    assert abs(sum(float(line.split()[-1]) for line in lines[:10]) - 1) < 0.01
    assert abs(sum(float(v) for line in lines[10:] for v in line.split()) - 1) < 0.02


def with_pkg_config(folder):
    prefix = prepare(folder)
    (pc,) = prefix.rglob("gaze.pc")
    text = pc.read_text().replace(re.search(r"^prefix=(.*)$", pc.read_text(), re.M).group(1), str(prefix), 1)
    pc.write_text(text)
    flags = run("pkg-config", "--cflags", "--libs", "gaze", env={"PKG_CONFIG_PATH": str(pc.parent)}).stdout.split()
    run(os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Werror", folder / "example.c", "-o", folder / "example", *flags)
    check(folder / "example", folder, prefix)


def with_cmake(folder, library="gaze", components=""):
    prefix = prepare(folder)
    (folder / "CMakeLists.txt").write_text(CMAKE.format(library=library, components=components))
    run("cmake", "-S", folder, "-B", folder / "b", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", folder / "b")
    check(folder / "b/example", folder, prefix)


def with_cmake_and_the_static_library(folder):
    with_cmake(folder, "gaze_static", " COMPONENTS static")


def with_pkg_config_and_the_static_library(folder):
    """Which is found in a folder that the shared one isn't in."""
    prefix = prepare(folder)
    (archive,) = prefix.rglob("libgaze.a")
    (pc,) = prefix.rglob("gaze.pc")
    flags = run("pkg-config", "--static", "--cflags", "--libs", "gaze", env={"PKG_CONFIG_PATH": str(pc.parent)}).stdout.split()
    (folder / "alone").mkdir()
    shutil.copy(archive, folder / "alone")
    flags = [f"-I{prefix}/include", f"-L{folder}/alone"] + [flag for flag in flags if not flag.startswith(("-I", "-L"))]
    run(os.environ.get("CC", "cc"), "-std=c11", folder / "example.c", "-o", folder / "example", *flags)
    assert "libgaze" not in run("readelf", "-d", folder / "example").stdout
    check(folder / "example", folder, prefix)


def everything_lies_where_it_belongs(folder):
    prefix = prepare(folder)
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
    commands = re.findall(r"^ +X\((\w+),", (SOURCE / "tools/commands.h").read_text(), re.M)
    pages = ["gaze", "dump_attention"] + [f"gaze-{command}" for command in commands]
    expected = {"include/gaze.h", "include/gaze.hpp", "bin/gaze", "bin/dump_attention", "share/zsh/site-functions/_gaze", "share/zsh/site-functions/_dump_attention"}
    expected |= {f"share/man/man1/{page}.1" for page in pages}
    expected |= {f"share/gaze/models/{path.name}" for path in (SOURCE / "models").iterdir()}
    for program in "gaze", "dump_attention":
        expected |= {f"share/bash-completion/completions/{program}", f"share/fish/vendor_completions.d/{program}.fish"}
    (library,) = (path for path in prefix.rglob("libgaze.so"))
    place = library.parent.relative_to(prefix)
    expected |= {f"{place}/{name}" for name in ["libgaze.so", "libgaze.so.0", library.resolve().name, "libgaze.a", "pkgconfig/gaze.pc"]}
    found = {file for file in files if "/cmake/gaze/" not in file}
    assert found == expected, f"missing: {expected - found}, too much: {found - expected}"
    assert re.search(r"SONAME.*\[libgaze\.so\.0\]", run("readelf", "-d", library).stdout)


def only_the_public_header_and_names_are_visible(folder):
    prefix = prepare(folder)
    headers = [f.name for f in prefix.rglob("*.h")]
    assert headers == ["gaze.h"], headers
    library = next(prefix.rglob("libgaze.so"))
    names = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    foreign = [line.split()[-1] for line in names.splitlines() if not line.split()[-1].startswith("gaze_")]
    assert not foreign, f"names that are not gaze_ leave the library: {foreign}"


def the_installed_programs_run(folder):
    prefix = prepare(folder)
    run(prefix / "bin/gaze", "devices")
    run(prefix / "bin/dump_attention", "--list", MODEL)


def the_header_compiles_as_c_and_cpp(folder):
    prefix = prepare(folder)
    include = next(prefix.rglob("gaze.h")).parent
    (folder / "h.c").write_text("#include <gaze.h>\nint main(void) { return gaze_version()[0] == 0; }\n")
    run(os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", f"-I{include}", folder / "h.c")
    (folder / "h.cpp").write_text("#include <gaze.hpp>\nint main() { return gaze_version()[0] == 0; }\n")
    run(os.environ.get("CXX", "c++"), "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", f"-I{include}", folder / "h.cpp")


def the_attention_kind_of_the_readme_compiles(folder):
    kind = folder / "engine/attention/squared.c"
    shutil.copytree(SOURCE / "engine", folder / "engine")
    kind.write_text(readme_block("## Add an attention kind", "c"))
    run(os.environ.get("CC", "cc"), "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", kind)


if __name__ == "__main__":
    main([with_pkg_config, with_pkg_config_and_the_static_library, with_cmake, with_cmake_and_the_static_library,
          everything_lies_where_it_belongs, only_the_public_header_and_names_are_visible,
          the_installed_programs_run, the_header_compiles_as_c_and_cpp, the_attention_kind_of_the_readme_compiles])
