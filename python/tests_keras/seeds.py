"""The tutorials' systems in Keras 3, with their attention layers as the tutorials write them."""
import tensorflow as tf

import keras
from keras import layers, ops


class AdditiveScale(layers.Layer):
    """000's Attention(units=32), which Keras hasn't got: additive attention over the cells, as many times as there are cells."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.hidden, self.score = layers.Dense(units, activation="tanh"), layers.Dense(1)

    def call(self, h):
        return h * ops.softmax(self.score(self.hidden(h)), axis=1) * h.shape[1]


class AggregatedAttention(layers.Layer):
    """001's, to the letter."""

    def __init__(self, **kwargs):
        super(AggregatedAttention, self).__init__(**kwargs)

    def build(self, input_shape):
        self.conv = layers.Conv2D(1, (7, 7), padding="same", activation="sigmoid")

    def call(self, inputs):
        avg_pool = tf.reduce_mean(inputs, axis=-1, keepdims=True)
        max_pool = tf.reduce_max(inputs, axis=-1, keepdims=True)
        aggregated = layers.Concatenate()([avg_pool, max_pool])
        attention = self.conv(aggregated)
        return inputs * attention


class SimpleAttention(layers.Layer):
    """002's: it gives the attention weights too. (Keras 3 wants names where a layer calls its weights by single letters.)"""

    def build(self, input_shape):
        self.W = self.add_weight(shape=(input_shape[-1], input_shape[-1]), initializer="random_normal", trainable=True, name="W")
        self.b = self.add_weight(shape=(input_shape[-1],), initializer="zeros", trainable=True, name="b")
        self.u = self.add_weight(shape=(input_shape[-1], 1), initializer="random_normal", trainable=True, name="u")

    def call(self, inputs):
        score = tf.nn.tanh(tf.tensordot(inputs, self.W, axes=1) + self.b)
        attention_weights = tf.nn.softmax(tf.tensordot(score, self.u, axes=1), axis=1)
        context_vector = attention_weights * inputs
        context_vector = tf.reduce_sum(context_vector, axis=1)
        return context_vector, attention_weights


class SoftGate(layers.Layer):
    """003's: a weight and a bias of the features' own size, a softmax, an element-wise product."""

    def build(self, shape):
        size = shape[-1]
        self.kernel = self.add_weight(shape=(size, size), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(size,), initializer="zeros", name="bias")

    def call(self, x):
        return x * ops.softmax(ops.matmul(x, self.kernel) + self.bias)


class Bahdanau(layers.Layer):
    """004 speaks of it; as the TensorFlow tutorial on translation writes it, over a whole sequence of queries."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.W1, self.W2, self.V = layers.Dense(units), layers.Dense(units), layers.Dense(1)

    def call(self, query, values):
        score = self.V(ops.tanh(ops.expand_dims(self.W1(query), 2) + ops.expand_dims(self.W2(values), 1)))[..., 0]
        weights = ops.softmax(score, axis=-1)
        return ops.matmul(weights, values), weights


class LuongGeneral(layers.Layer):
    def build(self, shapes):
        self.general = self.add_weight(shape=(shapes[0][-1], shapes[1][-1]), initializer="glorot_uniform", name="general")

    def call(self, inputs):
        query, values = inputs
        score = ops.matmul(ops.matmul(query, self.general), ops.transpose(values, (0, 2, 1)))
        return ops.matmul(ops.softmax(score, axis=-1), values)


def fashion_attention():
    """000: Sequential, with a Reshape in front of the layer that the tutorial makes up."""
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, (3, 3), strides=(1, 1)), layers.Conv2D(64, (3, 3), strides=(1, 1)),
        layers.MaxPooling2D((2, 2), strides=(2, 2)), layers.Reshape((144, 64)), AdditiveScale(32, name="attention"), layers.Flatten(),
        layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")], name="fashion")


def cifar_baseline():
    inputs = layers.Input(shape=(32, 32, 3))
    x = layers.Conv2D(32, (3, 3), activation="relu", padding="same")(inputs)
    x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Conv2D(64, (3, 3), activation="relu", padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def cifar_attention():
    inputs = layers.Input(shape=(32, 32, 3))
    x = layers.Conv2D(64, (3, 3), activation="relu", padding="same")(inputs)
    x = AggregatedAttention()(x)
    x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Conv2D(128, (3, 3), activation="relu", padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def cifar_residual():
    def residual_attention_block(inputs):
        shortcut = inputs
        x = layers.Conv2D(64, (3, 3), padding="same", activation="relu")(inputs)
        x = AggregatedAttention()(x)
        return layers.Add()([shortcut, x])
    inputs = layers.Input(shape=(32, 32, 3))
    init_conv = layers.Conv2D(64, (3, 3), padding="same", activation="relu")(inputs)
    gap = layers.GlobalAveragePooling2D()(residual_attention_block(init_conv))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(gap))


def lstm_attention():
    sequence_input = layers.Input(shape=(None, 64))
    lstm_output = layers.LSTM(128, return_sequences=True)(sequence_input)
    context_vector, attention_weights = SimpleAttention(name="attention")(lstm_output)
    return keras.Model(inputs=sequence_input, outputs=layers.Dense(10, activation="softmax")(context_vector))


def soft_gate():
    image = x = keras.Input((32, 32, 3))
    for filters in (16, 32, 70):
        x = layers.MaxPooling2D(2)(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
    x = SoftGate(name="attention")(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(6, activation="softmax")(layers.Dense(128, activation="relu")(x)))


def text_attention():
    query, value = keras.Input(shape=(None,), dtype="int32"), keras.Input(shape=(None,), dtype="int32")
    token_embedding = layers.Embedding(input_dim=1000, output_dim=64)
    query_embeddings, value_embeddings = token_embedding(query), token_embedding(value)
    layer_cnn = layers.Conv1D(filters=100, kernel_size=4, padding="same")
    query_encoding, value_encoding = layer_cnn(query_embeddings), layer_cnn(value_embeddings)
    query_attention_seq = layers.Attention()([query_encoding, value_encoding])
    query_encoding = layers.GlobalAveragePooling1D()(query_encoding)
    query_value_attention = layers.GlobalAveragePooling1D()(query_attention_seq)
    input_layer = layers.Concatenate()([query_encoding, query_value_attention])
    return keras.Model([query, value], layers.Dense(10, activation="softmax")(input_layer))


def bilstm(attention):
    text = keras.Input((None,), dtype="int32")
    x = layers.Embedding(1000, 64, mask_zero=not attention)(text)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=attention))(x)
    x = SimpleAttention(name="attention")(x)[0] if attention else x
    return keras.Model(text, layers.Dense(10, activation="softmax")(x))


def seq2seq_bahdanau():
    source, target = keras.Input((10,), dtype="int32", name="source"), keras.Input((11,), dtype="int32", name="target")
    encoded = layers.Bidirectional(layers.GRU(32, return_sequences=True, return_state=True))(layers.Embedding(12, 32)(source))
    state = layers.Dense(64, activation="tanh")(encoded[2])
    decoded = layers.GRU(64, return_sequences=True)(layers.Embedding(12, 32)(target), initial_state=state)
    context, _ = Bahdanau(64, name="attention")(decoded, encoded[0])
    x = layers.Dense(64, activation="tanh")(layers.Concatenate()([context, decoded]))
    return keras.Model([source, target], layers.Dense(12, activation="softmax")(x))


def seq2seq_luong():
    source, target = keras.Input((10,), dtype="int32", name="source"), keras.Input((11,), dtype="int32", name="target")
    encoded, *states = layers.LSTM(64, return_sequences=True, return_state=True)(layers.Embedding(12, 32)(source))
    decoded = layers.LSTM(64, return_sequences=True)(layers.Embedding(12, 32)(target), initial_state=states)
    context = LuongGeneral(name="attention")([decoded, encoded])
    x = layers.Dense(64, activation="tanh")(layers.Concatenate()([context, decoded]))
    return keras.Model([source, target], layers.TimeDistributed(layers.Dense(12, activation="softmax"))(x))


def encoder_block(x, heads, key_dim, wide):
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.Add()([x, layers.MultiHeadAttention(heads, key_dim)(x, x)])
    y = layers.Dense(wide, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(x))
    return layers.Add()([x, layers.Dense(x.shape[-1])(layers.Dropout(0.1)(y))])


def self_attention():
    """004 speaks of self-attention: a small transformer's encoder."""
    text = keras.Input((16,), dtype="int32")
    x = layers.Embedding(1000, 64)(text)
    x = encoder_block(encoder_block(x, 4, 16, 128), 4, 16, 128)
    return keras.Model(text, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


# The maps that a system shows, by kind.
SEEDS = {
    "000": (fashion_attention, ["additive_scale"]),
    "001 baseline": (cifar_baseline, []),
    "001 method 1": (cifar_attention, ["spatial"]),
    "001 method 2": (cifar_residual, ["spatial"]),
    "002": (lstm_attention, ["additive_pool"]),
    "003": (soft_gate, ["soft_gate"]),
    "004 query and value": (text_attention, ["dot"]),
    "004 bidirectional LSTM": (lambda: bilstm(False), []),
    "004 bidirectional LSTM with attention": (lambda: bilstm(True), ["additive_pool"]),
    "004 Bahdanau": (seq2seq_bahdanau, ["bahdanau"]),
    "004 Luong": (seq2seq_luong, ["luong"]),
    "004 self-attention": (self_attention, ["multi_head", "multi_head"]),
}
