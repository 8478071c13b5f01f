#!/usr/bin/env python3
"""Draws what the network looks at over a webcam's pictures, a film, or a folder of frames.

A window shows each frame with the map over it and the likeliest class above; q closes it. Webcams, films and windows want OpenCV
(Debian: python3-opencv, PyPI: opencv-python); a folder with --out doesn't, and needs no screen.
"""
import argparse
import sys
import time
from pathlib import Path

import gaze
import numpy as np


def frames_of_folder(folder, model):
    """The model's input [1,H,W,C] of each picture."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
            yield model.read(path)


def frames_of_camera(source, model):
    """The same of a webcam or a film: OpenCV's frames are BGR, 0..255, of any size."""
    import cv2
    height, width, channels = (size or usual for size, usual in zip(model.inputs[0].shape[1:], (224, 224, 3)))
    camera = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not camera.isOpened():
        raise SystemExit(f"live.py: {source}: no webcam of this number, and no film that OpenCV reads")
    try:
        while True:
            there, frame = camera.read()
            if not there:
                return
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
            frame = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY if channels == 1 else cv2.COLOR_BGR2RGB)
            yield frame.reshape(1, height, width, channels).astype(np.float32) / 255
    finally:
        camera.release()


class Files:
    def __init__(self, folder):
        self.folder, self.count = Path(folder), 0
        self.folder.mkdir(parents=True, exist_ok=True)

    def show(self, picture):
        picture.save(self.folder / f"{self.count:05}.png")
        self.count += 1
        return True


class Window:
    def show(self, picture):
        """False: the user has closed it."""
        import cv2
        cv2.imshow("gaze", picture.array[:, :, ::-1])
        return cv2.waitKey(1) & 0xFF != ord("q")


def draw(model, name, x):
    """The map over the frame with the likeliest class above, or None where the map is the same everywhere: a black frame."""
    output = model.outputs[0].name
    shown = f"map:{name}" if name in model.maps else name
    results = model.run(x, [output, shown])  # one run for both
    p = results[output][0]
    best = int(p.argmax())
    title = f"{model.classes[best] if model.classes else best} {p[best]:.2f}"
    try:
        return gaze.show(gaze.Map(results[shown][0], model.find_map(name)), x[0], view="overlay", title=title)
    except gaze.DataError:
        return None


def run(model, name, frames, screen, most):
    count, empty, start = 0, 0, time.monotonic()
    for x in frames:
        picture = draw(model, name, x)
        count += 1
        empty += picture is None
        if (picture and not screen.show(picture)) or count == most:
            break
    seconds = max(time.monotonic() - start, 1e-9)
    print(f"{count} frames, {count / seconds:.1f} a second" + (f"; on {empty} of them nothing is to be seen" if empty else ""))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("source", nargs="?", default="0", help="a webcam's number (0), a film, or a folder of .png and .jpg files, by their names")
    p.add_argument("--model", default="000-fashion-attention", help="a model file, a run folder, or a name of gaze.models() (%(default)s)")
    p.add_argument("--map", metavar="NAME", help="which map (the model's first, Grad-CAM where it has none)")
    p.add_argument("--out", metavar="DIR", help="write the frames there as PNG files, in place of the window")
    p.add_argument("--frames", metavar="N", type=int, default=0, help="stop after so many (all)")
    asked = p.parse_args()
    if not asked.source.isdigit() and "://" not in asked.source and not Path(asked.source).exists():
        p.error(f"{asked.source}: there is no such folder or film")
    try:
        with gaze.Model(asked.model) as model:
            folder = Path(asked.source)
            frames = frames_of_folder(folder, model) if folder.is_dir() else frames_of_camera(asked.source, model)
            name = asked.map or next(iter(model.maps), "gradcam")  # a model without attention still has Grad-CAM
            run(model, name, frames, Files(asked.out) if asked.out else Window(), asked.frames)
    except gaze.Error as error:
        print(f"live.py: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"live.py: {error}; Debian has it as python3-opencv, PyPI as opencv-python", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
