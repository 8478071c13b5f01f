#!/usr/bin/env python3
"""The programs in examples/ are built and run as a user would, and say what gaze itself says."""
import os
import re
import sys

import numpy as np
from harness import BUILD, GAZE, SOURCE, main, refused, run

sys.path[:0] = [str(SOURCE / "docs/tutorials"), str(SOURCE / "tools")]
from stand_in import write_png  # noqa: E402
from tutorials import size_of  # noqa: E402

MODEL = SOURCE / "models/000-fashion-attention.json"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
LIVE = SOURCE / "examples/live.py"
PACKAGE = {"PYTHONPATH": str(SOURCE / "python"), "GAZE_LIBRARY": str(BUILD / "lib/libgaze.so"), "PYTHONDONTWRITEBYTECODE": "1"}

# What a machine with a webcam has, for one without: three frames, then a user who presses q, or a film that ends.
CV2 = """
import numpy
INTER_AREA, COLOR_BGR2GRAY, COLOR_BGR2RGB = 3, 6, 4
shown = []
class VideoCapture:
    def __init__(self, source): self.source, self.left = source, 3
    def isOpened(self): return self.source == 0 or str(self.source).endswith("film.avi")
    def read(self):
        self.left -= 1
        return self.left >= 0, numpy.random.default_rng(self.left + 1).integers(0, 255, (48, 64, 3)).astype(numpy.uint8)
    def release(self): print("released")
def resize(frame, size, interpolation): return frame[:size[1], :size[0]]
def cvtColor(frame, way): return frame[:, :, 0] if way == COLOR_BGR2GRAY else frame[:, :, ::-1]
def imshow(name, pixels): shown.append(pixels.shape)
def waitKey(ms): return ord("q") if len(shown) == 2 else 255
"""


TRAINING = r"""
#include <gaze.hpp>
#include <cstdio>
int main(int, char **argv)
{
    const gaze::Context context;
    gaze::Model model(context, argv[1]);
    const gaze::Data data(model, "synthetic:patch", 1);
    gaze_train_options options{};
    options.steps = 150;
    gaze::Metrics trained = gaze::train(model, data, options);
    const gaze::Metrics moved = std::move(trained), tested = gaze::evaluate(model, data);
    gaze::Model other = std::move(model);
    int devices = 0;
    for (const gaze_device_info &device : gaze::Devices()) devices += device.usable;
    gaze::Bench bench;
    gaze_bench_options brief{};
    brief.seconds = 0.05;
    gaze::check(gaze_bench(other.get(), &brief, bench.fill()));
    std::printf("%zu of %zu samples, %d classes in the table, %s, accuracy %.3f, devices %s, bench %s\n", tested->samples,
                data.count(true), static_cast<int>(tested->n_classes), other.name().c_str(), tested->accuracy,
                devices ? "yes" : "no", bench->samples_per_second > 0 ? "yes" : "no");
    try {
        gaze::Data wrong(other, "synthetic:needel");
    } catch (const gaze::Error &error) {
        std::printf("%d: %s\n", static_cast<int>(error.status()), error.what());
    }
    return moved->loss > 0 ? 0 : 1;
}
"""


def built(folder, source, compiler, standard):
    program = folder / source.split(".")[0]
    path = folder / source if (folder / source).exists() else SOURCE / "examples" / source
    run(os.environ.get(*compiler), f"-std={standard}", *WARNINGS, f"-I{SOURCE}/engine", path, "-o", program,
        f"-L{BUILD}/lib", "-lgaze", f"-Wl,-rpath,{BUILD}/lib")
    return program


def picture(path, seed=0, size=(40, 52)):
    """A bright blotch on a dark ground."""
    y, x = np.mgrid[:size[0], :size[1]]
    cy, cx = np.random.default_rng(seed).integers(10, 30, 2)
    gray = 255 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 60)
    write_png(path, np.repeat(gray[:, :, None], 3, 2).astype(np.uint8))
    return path


def c_and_cpp_say_what_gaze_says(folder):
    shot = picture(folder / "shot.png")
    c = run(built(folder, "classify.c", ("CC", "cc"), "c11"), MODEL, shot, folder / "c.png").stdout
    cpp = run(built(folder, "look.cpp", ("CXX", "c++"), "c++17"), MODEL, shot, folder / "cpp.png").stdout
    words = run(GAZE, "predict", MODEL, "--input", shot, "--top", 3).stdout
    said = re.findall(r"([A-Z][\w/ -]*?) (\d\.\d{4})", words)
    for printed in (c, cpp):
        assert [(name, p) for p, name in re.findall(r"^(\d\.\d{4})  (.+)$", printed, re.M)] == said, (words, printed)
    assert "c.png: attention: share of the attention" in c and "most of it around row" in cpp
    assert (folder / "c.png").read_bytes() == (folder / "cpp.png").read_bytes()
    assert min(size_of(folder / "c.png")) > 300


def cpp_trains_evaluates_and_measures(folder):
    (folder / "training.cpp").write_text(TRAINING)
    said = run(built(folder, "training.cpp", ("CXX", "c++"), "c++17"), SOURCE / "models/patch.json").stdout
    assert re.match(r"1000 of 1000 samples, 4 classes in the table, patch, accuracy (0\.9|1\.0)\d+, devices yes, bench yes\n", said), said
    assert "did you mean 'needle'" in said.splitlines()[1], said


def models_without_attention_are_shown_by_grad_cam(folder):
    program = built(folder, "classify.c", ("CC", "cc"), "c11")
    said = run(program, SOURCE / "models/000-fashion-baseline.json", picture(folder / "shot.png"), folder / "map.png").stdout
    assert "map.png: gradcam" in said, said


def what_fails_is_told_with_gazes_words_and_status(folder):
    c, cpp = built(folder, "classify.c", ("CC", "cc"), "c11"), built(folder, "look.cpp", ("CXX", "c++"), "c++17")
    for program, name in ((c, "classify"), (cpp, "look")):
        refused(2, program, says="usage")
        refused(3, program, MODEL, folder / "none.png", folder / "map.png", says=[f"{name}: ", "none.png"])
        refused(4, program, folder, folder / "none.png", folder / "map.png", says="model.json")
        refused(3, program, MODEL, picture(folder / "x.png"), folder / "no/map.png", says="no/map.png")


def the_live_demo_draws_a_folder_of_frames(folder):
    for i in range(3):
        picture(folder / f"frames/{i}.png", seed=i)
    write_png(folder / "frames/3.png", np.zeros((30, 30, 3), np.uint8))
    (folder / "frames/notes.txt").write_text("no frame")
    said = run(sys.executable, LIVE, folder / "frames", "--model", MODEL, "--out", folder / "out", env=PACKAGE).stdout
    assert re.match(r"4 frames, [\d.]+ a second", said), said
    written = sorted(path.name for path in (folder / "out").iterdir())
    assert written[:3] == ["00000.png", "00001.png", "00002.png"], written
    assert (folder / "out/00000.png").read_bytes() != (folder / "out/00001.png").read_bytes()
    said = run(sys.executable, LIVE, folder / "frames", "--model", MODEL, "--out", folder / "two", "--frames", 2, env=PACKAGE).stdout
    assert said.startswith("2 frames") and len(list((folder / "two").iterdir())) == 2
    refused(1, sys.executable, LIVE, folder / "frames", "--model", MODEL, "--map", "atention", env=PACKAGE, says="attention")


def the_live_demo_shows_a_webcam_until_q(folder):
    (folder / "fake").mkdir()
    (folder / "fake/cv2.py").write_text(CV2)
    env = {**PACKAGE, "PYTHONPATH": f"{folder / 'fake'}:{PACKAGE['PYTHONPATH']}"}
    said = run(sys.executable, LIVE, "--model", MODEL, env=env).stdout
    assert "released" in said and "2 frames" in said, said
    refused(2, sys.executable, LIVE, folder / "film.avi", env=env, says="film.avi: there is no such folder or film")
    (folder / "film.avi").touch()
    said = run(sys.executable, LIVE, folder / "film.avi", "--model", MODEL, "--out", folder / "film", env=env).stdout
    assert "3 frames" in said and len(list((folder / "film").iterdir())) == 3, said
    refused(1, sys.executable, LIVE, "7", "--model", MODEL, env=env, says="no webcam of this number")


if __name__ == "__main__":
    main([
        c_and_cpp_say_what_gaze_says,
        cpp_trains_evaluates_and_measures,
        models_without_attention_are_shown_by_grad_cam,
        what_fails_is_told_with_gazes_words_and_status,
        the_live_demo_draws_a_folder_of_frames,
        the_live_demo_shows_a_webcam_until_q,
    ])
