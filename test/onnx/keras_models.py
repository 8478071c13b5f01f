"""Small models as Keras' users write them. MODELS[name]() makes one."""
import keras
from keras import layers


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


MODELS = {"convolutional": convolutional, "transformer": transformer, "recurrent": recurrent}
