/* Every operator that is taken: ONNX's name, what makes layers of a node, what computes one whose inputs are
   all known. One line an operator; `none` where there is no such. */
#ifndef GZ_ONNX_OPERATORS_H
#define GZ_ONNX_OPERATORS_H
#include "import.h"

/* clang-format off */
#define GZ_ONNX_OPERATOR_LIST(X) \
    X(Abs, abs, unary) X(Add, add, binary) X(And, none, binary) \
    X(Attention, attention, none) X(AveragePool, average_pool, none) \
    X(BatchNormalization, batch_normalization, none) X(Cast, cast, cast) \
    X(CastLike, identity, cast) X(Ceil, none, unary) X(Clip, clip, none) \
    X(Concat, concat, concat) X(Constant, none, constant) X(ConstantOfShape, none, filled) \
    X(Conv, conv, none) X(Div, div, binary) X(Dropout, dropout, dropout) X(Elu, elu, none) \
    X(Equal, none, binary) X(Erf, erf, none) X(Erfc, erfc, none) \
    X(Exp, none, unary) X(Expand, expand, expand) \
    X(Flatten, flatten, flatten) X(Floor, none, unary) X(GRU, gru, none) \
    X(Gather, gather, gather) X(Gelu, gelu, none) X(Gemm, gemm, none) \
    X(GlobalAveragePool, global_average_pool, none) X(GlobalMaxPool, global_max_pool, none) \
    X(Greater, none, binary) X(GreaterOrEqual, none, binary) \
    X(HardSigmoid, hard_sigmoid, none) X(HardSwish, hard_swish, none) \
    X(Identity, identity, identity) X(LSTM, lstm, none) \
    X(LayerNormalization, layer_normalization, none) X(LeakyRelu, leaky_relu, none) \
    X(LogSoftmax, log_softmax, none) \
    X(Less, less, binary) X(LessOrEqual, none, binary) X(Log, none, unary) \
    X(MatMul, matmul, none) X(Max, max, binary) X(MaxPool, max_pool, none) X(Min, min, binary) \
    X(Mod, none, binary) X(Mul, mul, binary) X(Neg, neg, unary) X(Not, none, unary) \
    X(Or, none, binary) X(PRelu, prelu, none) X(Pad, pad, none) X(Pow, pow, binary) \
    X(RNN, rnn, none) X(Range, none, range) X(Reciprocal, reciprocal, unary) \
    X(ReduceMax, reduce_max, none) X(ReduceMean, reduce_mean, none) \
    X(ReduceMin, reduce_min, none) X(ReduceProd, none, product) X(ReduceSum, reduce_sum, none) \
    X(Relu, relu, unary) X(Reshape, reshape, reshape) \
    X(Resize, resize, none) X(Selu, selu, none) \
    X(Shape, size_of_shape, size_of_shape) X(Sigmoid, sigmoid, none) X(Slice, slice, slice) \
    X(Softmax, softmax, none) X(Split, split, split) X(Sqrt, sqrt, unary) \
    X(Squeeze, squeeze, squeeze) X(Sub, sub, binary) X(Sum, sum, binary) X(Swish, swish, none) \
    X(Tanh, tanh, unary) X(Tile, tile, tile) X(Transpose, transpose, transpose) \
    X(Trilu, none, trilu) X(Unsqueeze, unsqueeze, unsqueeze) X(Upsample, resize, none) X(Where, where, where)
/* clang-format on */

#define GZ_ONNX_DECLARE(name, layers, fold) gz_onnx_operator gz_onnx_##layers, gz_onnx_fold_##fold;
GZ_ONNX_OPERATOR_LIST(GZ_ONNX_DECLARE)
#undef GZ_ONNX_DECLARE

typedef struct gz_onnx_entry {
    const char *name;
    gz_onnx_operator *layers, *fold;
} gz_onnx_entry;
const gz_onnx_entry *gz_onnx_find(const char *name); /* NULL if there is none */

#endif
