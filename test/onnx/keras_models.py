"""Small models as Keras' users write them. MODELS[name]() makes one."""
import keras
from keras import layers, ops


def convolutional():
    x = keras.Input((12, 12, 2))
    y = layers.Rescaling(0.5, 0.1)(x)
    y = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(y)
    y = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(y))
    y = layers.MaxPooling2D(2)(layers.ZeroPadding2D(1)(y))
    y = layers.Flatten()(y)
    return keras.Model(x, layers.Dense(3, activation="softmax")(y))


def transformer():
    ids = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 8)(ids)
    y = layers.MultiHeadAttention(2, 4)(x, x)
    x = layers.LayerNormalization()(x + y)
    x = layers.LayerNormalization()(x + layers.Dense(8)(layers.Dense(12, activation="relu")(x)))
    return keras.Model(ids, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


def recurrent():
    x = keras.Input((6, 4))
    y = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(x)
    return keras.Model(x, layers.Dense(3)(layers.LSTM(4)(y)))


class SimpleAttention(layers.Layer):
    """As tutorial 002 writes it."""

    def build(self, input_shape):
        self.W = self.add_weight(shape=(input_shape[-1], input_shape[-1]), initializer="random_normal", trainable=True, name="W")
        self.b = self.add_weight(shape=(input_shape[-1],), initializer="random_normal", trainable=True, name="b")
        self.u = self.add_weight(shape=(input_shape[-1], 1), initializer="random_normal", trainable=True, name="u")

    def call(self, inputs):
        score = ops.tanh(ops.tensordot(inputs, self.W, axes=1) + self.b)
        weights = ops.softmax(ops.tensordot(score, self.u, axes=1), axis=1)
        return ops.sum(weights * inputs, axis=1), weights


def attention_over_steps():
    """Of tutorial 002, whose sequences have any length."""
    x = keras.Input((None, 4))
    y, _ = SimpleAttention()(layers.LSTM(5, return_sequences=True)(x))
    return keras.Model(x, layers.Dense(3, activation="softmax")(y))


MODELS = {"attention-over-steps": attention_over_steps, "convolutional": convolutional, "transformer": transformer, "recurrent": recurrent}
