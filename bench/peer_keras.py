"""Keras 3 on TensorFlow: what peers.py asks of a framework."""
import os
import re

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import tensorflow as tf

import models_keras


def gaze_name(path):
    """attention/query/kernel is attention.query.kernel; cells and what a wrapper says of its layer have no name in Gaze."""
    path = re.sub(r"/(lstm_cell)/", "/", path)
    path = re.sub(r"/(forward|backward)_lstm/", r"/\1/", path)
    return path.replace("attention_output/", "output/").replace("/", ".")


class Keras:
    def __init__(self, threads):
        self.version = f"{keras.__version__} on TensorFlow {tf.__version__}"
        tf.config.threading.set_intra_op_parallelism_threads(threads)

    def load(self, name, weights):
        self.net = models_keras.MODELS[name]()
        for weight in self.net.weights:
            weight.assign(weights[gaze_name(weight.path)])
        return self.net.count_params()

    def constants(self, arrays):
        inputs = [tf.constant(a) for a in arrays]
        for x, expected in zip(inputs, self.net.inputs, strict=True):
            if tuple(x.shape[1:]) != tuple(expected.shape[1:]):
                raise ValueError(f"an input is {tuple(x.shape[1:])}, the model takes {tuple(expected.shape[1:])}")
        return inputs if len(inputs) > 1 else inputs[0]

    def predictor(self, arrays):
        inputs, net = self.constants(arrays), self.net
        predict = tf.function(lambda: net(inputs, training=False))
        return lambda: predict().numpy()

    def trainer(self, arrays, labels):
        inputs, labels, net = self.constants(arrays), tf.constant(labels), self.net
        entropy, adam = keras.losses.SparseCategoricalCrossentropy(), keras.optimizers.Adam(0.001)
        adam.build(net.trainable_variables)

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                loss = entropy(labels, net(inputs, training=True))
            adam.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))
            return loss
        return lambda: float(step())
