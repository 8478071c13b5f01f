"""The models in Keras 3, the tutorials' own framework; MODELS[name]() makes an uncompiled keras.Model.

Layers and weights have Gaze's names. Three attention layers that Keras lacks are written here from its operations.
"""
import keras
from keras import layers, ops


class Additive(layers.Layer):
    """a = softmax_t(u . tanh(W h_t + b)); the sum of a_t h_t (pool), or every h_t times a_t and the number of steps."""

    def __init__(self, units, pool, **options):
        super().__init__(**options)
        self.pool = pool
        self.hidden = layers.Dense(units, activation="tanh", name="hidden")
        self.score = layers.Dense(1, use_bias=False, name="score")

    def call(self, h):
        a = ops.softmax(self.score(self.hidden(h)), axis=1)
        return ops.sum(a * h, axis=1) if self.pool else h * a * h.shape[1]


class Spatial(layers.Layer):
    """x s, s = sigmoid(conv([mean over channels, maximum over channels]))."""

    def __init__(self, size=7, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(1, size, padding="same", activation="sigmoid", name="conv")

    def call(self, x):
        both = ops.concatenate([ops.mean(x, axis=-1, keepdims=True), ops.max(x, axis=-1, keepdims=True)], axis=-1)
        return x * self.conv(both)


class SoftGate(layers.Layer):
    """x g, g = softmax(W flatten(x) + b) over all values of a sample."""

    def __init__(self, values, **options):
        super().__init__(**options)
        self.gate = layers.Dense(values, activation="softmax", name="gate")

    def call(self, x):
        flat = ops.reshape(x, (-1, self.gate.units))
        return flat * self.gate(flat)


def conv(filters, name, size=3):
    return layers.Conv2D(filters, size, padding="same", activation="relu", name=name)


def classes(x, n=10):
    return layers.Dense(n, activation="softmax", name="class")(x)


def fashion_attention():
    image = keras.Input((28, 28, 1))
    x = layers.Conv2D(32, 3, name="conv_1")(image)
    x = layers.Conv2D(64, 3, name="conv_2")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Reshape((12 * 12, 64))(x)
    x = Additive(32, pool=False, name="attention")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu", name="hidden")(x)
    return keras.Model(image, classes(x))


def cifar_baseline():
    image = keras.Input((32, 32, 3))
    x = conv(32, "conv_1")(image)
    x = layers.MaxPooling2D(2)(x)
    x = conv(64, "conv_2")(x)
    return keras.Model(image, classes(layers.GlobalAveragePooling2D()(x)))


def cifar_spatial():
    image = keras.Input((32, 32, 3))
    x = conv(64, "conv_1")(image)
    x = Spatial(name="attention")(x)
    x = layers.MaxPooling2D(2)(x)
    x = conv(128, "conv_2")(x)
    return keras.Model(image, classes(layers.GlobalAveragePooling2D()(x)))


def cifar_residual():
    image = keras.Input((32, 32, 3))
    x = conv(64, "conv_1")(image)
    attended = Spatial(name="attention")(conv(64, "conv_2")(x))
    x = layers.Add()([x, attended])
    return keras.Model(image, classes(layers.GlobalAveragePooling2D()(x)))


def lstm_attention():
    sequence = keras.Input((50, 64))
    x = layers.LSTM(128, return_sequences=True, name="lstm")(sequence)
    return keras.Model(sequence, classes(Additive(128, pool=True, name="attention")(x)))


def soft_gate():
    image = keras.Input((32, 32, 3))
    x = image
    for i, filters in enumerate((16, 32, 70), start=1):
        x = conv(filters, f"conv_{i}")(x)
        x = layers.MaxPooling2D(2)(x)
    x = SoftGate(4 * 4 * 70, name="attention")(x)
    x = layers.Dense(128, activation="relu", name="hidden")(x)
    return keras.Model(image, classes(x, 6))


def text_attention():
    query, value = keras.Input((64,), dtype="int32"), keras.Input((64,), dtype="int32")
    embed = layers.Embedding(1000, 64, name="embed_query")
    convolve = layers.Conv1D(100, 4, padding="same", name="conv_query")
    q, v = convolve(embed(query)), convolve(embed(value))
    attended = layers.Attention(name="attention")([q, v])
    pooled = [layers.GlobalAveragePooling1D()(x) for x in (q, attended)]
    return keras.Model([query, value], classes(layers.Concatenate()(pooled)))


def bilstm_attention():
    text = keras.Input((50,), dtype="int32")
    x = layers.Embedding(1000, 64, name="embed")(text)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True), name="bilstm")(x)
    return keras.Model(text, classes(Additive(64, pool=True, name="attention")(x)))


def mha_block():
    sequence = keras.Input((256, 256))
    x = layers.LayerNormalization(name="norm_1")(sequence)
    x = layers.Add()([sequence, layers.MultiHeadAttention(8, 32, name="attention")(x, x)])
    y = layers.LayerNormalization(name="norm_2")(x)
    y = layers.Dense(1024, activation="gelu", name="wide")(y)
    y = layers.Dense(256, name="narrow")(y)
    x = layers.Add()([x, y])
    return keras.Model(sequence, classes(layers.GlobalAveragePooling1D()(x)))


MODELS = {
    "000-fashion-attention": fashion_attention,
    "001-cifar-baseline": cifar_baseline,
    "001-cifar-spatial": cifar_spatial,
    "001-cifar-residual": cifar_residual,
    "002-lstm-attention": lstm_attention,
    "003-soft-gate": soft_gate,
    "004-text-attention": text_attention,
    "004-bilstm-attention": bilstm_attention,
    "mha-block": mha_block,
}
