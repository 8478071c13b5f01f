#!/usr/bin/env python3
"""The public ABI is the recorded one, and a change of it is found."""
import re
import sys
from email.utils import parsedate_to_datetime

from harness import BUILD, SOURCE, main, run

sys.path.insert(0, str(SOURCE / "test/abi"))
import record  # noqa: E402

# what is changed in gaze.h, into what, what abidiff says of it, and whether programs break by it
CHANGES = [
    ("    const char *device;", "    int more;\n    const char *device;", "gaze_context_options", True),
    ("    bool profile;", "    bool profile, more;", "more", True),
    ("GAZE_API void gaze_close(gaze_model *model);", "", "gaze_close", True),
    ("GAZE_API void gaze_close(gaze_model *model);", "GAZE_API int gaze_close(gaze_model *model, int how);", "gaze_close", True),
    ("X(GAZE_ERROR_DATA, 3,", "X(GAZE_ERROR_DATA, 7,", "GAZE_ERROR_DATA", True),
    ("#define GAZE_MAX_RANK 6", "#define GAZE_MAX_RANK 8", "gaze_array", True),
    ("typedef struct gaze_model gaze_model;", "typedef struct gaze_model gaze_model;\nGAZE_API void gaze_more(gaze_model *model);",
     "gaze_more", False),
]


def the_header_is_as_recorded(folder):
    record.abi_of(record.HEADER, folder / "now.abi", record.soname_of_sources())
    said, _ = record.differences(record.RECORD, folder / "now.abi")
    assert not said, f"the public ABI changed:\n{said}\nWas that meant? make abi records it."
    assert record.soname_of(record.RECORD) == record.soname_of_sources()


def the_library_has_what_the_header_declares(folder):
    library = (BUILD / "lib/libgaze.so").resolve()
    symbols = run("nm", "-D", "--defined-only", library).stdout.splitlines()
    found = {line.split()[-1] for line in symbols}
    expected = set(record.names()) - {"gaze_plugin"}  # that one is in plugins
    assert found == expected, f"missing: {expected - found}, too much: {found - expected}"
    assert f"[{record.soname_of_sources()}]" in run("readelf", "-d", library).stdout


def changes_are_found(folder):
    text = record.HEADER.read_text()
    for i, (old, new, says, breaks) in enumerate(CHANGES):
        assert old in text, f"gaze.h has no {old!r}: change this test"
        header, abi = folder / f"{i}.h", folder / f"{i}.abi"
        header.write_text(text.replace(old, new, 1))
        record.abi_of(header, abi, "libgaze.so.0")
        said, found = record.differences(record.RECORD, abi)
        assert says in said and found == breaks, (old, said, found)


def a_comment_or_a_parameters_name_is_no_change(folder):
    text = record.HEADER.read_text().replace("gaze_close(gaze_model *model)", "gaze_close(gaze_model *other)").replace("Opens", "Takes")
    (folder / "gaze.h").write_text(text)
    record.abi_of(folder / "gaze.h", folder / "gaze.abi", "libgaze.so.0")
    assert record.differences(record.RECORD, folder / "gaze.abi") == ("", False)


def the_versions_agree(folder):
    """Of the program, its manual page, CMake and Debian's packages, one of which has the soname's number in its name."""
    version = run(BUILD / "bin/gaze", "--version").stdout.split()[1]
    assert f"VERSION {version} " in (SOURCE / "CMakeLists.txt").read_text()
    head = (BUILD / "documents/gaze.1").read_text().splitlines()[0]
    changes = (SOURCE / "debian/changelog").read_text()
    assert f"gaze ({version}-" in changes.splitlines()[0]
    when = parsedate_to_datetime(re.search(r"^ -- .*>  (.*)$", changes, re.M).group(1))
    assert f'{when:%Y-%m-%d} "Gaze {version}"' in head, head
    number = record.soname_of_sources().rsplit(".", 1)[1]
    assert f"Package: libgaze{number}\n" in (SOURCE / "debian/control").read_text()


if __name__ == "__main__":
    main([the_header_is_as_recorded, the_library_has_what_the_header_declares, changes_are_found,
          a_comment_or_a_parameters_name_is_no_change, the_versions_agree])
