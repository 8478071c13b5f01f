#!/usr/bin/env python3
"""What is in a picture, and where the network looked.

usage: look.py PICTURE [MAP.png] [--model MODEL]

PICTURE is a .png, .jpg or .npy file. MODEL: a model file, a run folder, or one that comes with the package
(000-fashion-attention, clothes of Fashion-MNIST). Ends with 1, and with the library's own words, where something is wrong.
"""
import argparse
import sys

import gaze


def look(picture, out, name):
    with gaze.Model(name) as model:
        x = model.read(picture)  # brought to the model's size, colours and scale
        p = model.predict(x)[0]
        for k in p.argsort()[::-1][:3]:
            print(f"{model.classes[k] if model.classes else k:12} {p[k]:.4f}")
        map_name = next(iter(model.maps), "gradcam")  # a model without attention still has Grad-CAM
        gaze.show(model.map(map_name, x)[0], x[0]).save(out)
        print(f"{map_name}: {out}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("picture")
    p.add_argument("out", nargs="?", default="map.png")
    p.add_argument("--model", default="000-fashion-attention")
    options = p.parse_args()
    try:
        look(options.picture, options.out, options.model)
    except gaze.Error as error:
        print(f"look.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
