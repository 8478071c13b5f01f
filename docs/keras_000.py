#!/usr/bin/env python3
"""Seed 000's network in Keras 3, trained on the same files as `gaze train models/000-fashion-attention.json`, to compare accuracies.

Needs keras and tensorflow (or another backend) from PyPI, and Debian's dataset-fashion-mnist. Keras has no Attention(units=...): the
layer here is what the tutorial plainly means, softmax(u . tanh(W h + b)) over the 144 tokens, which then scales them.
"""
import gzip
import sys

import keras
import numpy as np
from keras import layers, ops

FOLDER = "/usr/share/datasets/fashion-mnist/"


def read(name, offset, shape):
    with gzip.open(FOLDER + name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset).reshape(shape)


class AdditiveScale(layers.Layer):
    def __init__(self, units, **options):
        super().__init__(**options)
        self.hidden = layers.Dense(units, activation="tanh")
        self.score = layers.Dense(1, use_bias=False)

    def call(self, h):
        attention = ops.softmax(self.score(self.hidden(h)), axis=1)
        return h * attention * h.shape[1]


def main(epochs=10, seed=1):
    keras.utils.set_random_seed(seed)
    x = read("train-images-idx3-ubyte.gz", 16, (-1, 28, 28, 1)) / np.float32(255)
    y = read("train-labels-idx1-ubyte.gz", 8, (-1,))
    x_test = read("t10k-images-idx3-ubyte.gz", 16, (-1, 28, 28, 1)) / np.float32(255)
    y_test = read("t10k-labels-idx1-ubyte.gz", 8, (-1,))
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3),
        layers.Conv2D(64, 3),
        layers.MaxPooling2D(2),
        layers.Reshape((144, 64)),
        AdditiveScale(32),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs, validation_data=(x_test, y_test), verbose=2)
    print("test loss and accuracy:", model.evaluate(x_test, y_test, verbose=0))


if __name__ == "__main__":
    main(*[int(word) for word in sys.argv[1:]])
