"""The structs are those of gaze.h, as a C compiler lays them out, and the page says what is there: for the sources' own test run."""
import ctypes
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import gaze
from gaze import _library


@unittest.skipUnless("GAZE_SOURCE" in os.environ, "of the sources' own test run, which has gaze.h and a C compiler")
class Header(unittest.TestCase):
    def compiled(self):
        lines = []
        for name, struct in _library.STRUCTS.items():
            lines.append(f'printf("{name} %zu", sizeof({name}));')
            lines += [f'printf(" %zu", offsetof({name}, {field[0]}));' for field in struct._fields_]
            lines.append('puts("");')
        text = "#include <gaze.h>\n#include <stdio.h>\nint main(void) {" + "\n".join(lines) + "return 0; }"
        with tempfile.TemporaryDirectory() as folder:
            source, program = Path(folder) / "layout.c", Path(folder) / "layout"
            source.write_text(text)
            subprocess.run([os.environ.get("CC", "cc"), "-I", Path(os.environ["GAZE_SOURCE"]) / "engine", source, "-o", program], check=True)
            return subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()

    def test_every_struct_lies_as_in_c(self):
        for line in self.compiled():
            name, *numbers = line.split()
            struct = _library.STRUCTS[name]
            own = [ctypes.sizeof(struct), *(getattr(struct, field[0]).offset for field in struct._fields_)]
            self.assertEqual(list(map(int, numbers)), own, name)

    def test_every_struct_has_all_its_members(self):
        """C lists what Python left out: a member more would leave a gap before the end that these can't fill."""
        header = (Path(os.environ["GAZE_SOURCE"]) / "engine/gaze.h").read_text()
        for name, struct in _library.STRUCTS.items():
            body = header.split(f"typedef struct {name} {{")[1].split(f"}} {name};")[0]
            for field in struct._fields_:
                self.assertRegex(body, rf"\b{field[0]}\b", name)

    def test_the_page_lists_every_layer_of_keras(self):
        from gaze.keras3._layers import OWN, PLAIN
        page = (Path(os.environ["GAZE_SOURCE"]) / "docs/python.md").read_text()
        self.assertEqual([name for name in {**OWN, **PLAIN} if f"`{name}`" not in page], [])

    def test_the_version_is_the_headers(self):
        header = (Path(os.environ["GAZE_SOURCE"]) / "engine/gaze.h").read_text()
        self.assertIn(f'#define GAZE_VERSION       "{gaze.__version__}"', header)


if __name__ == "__main__":
    unittest.main()
