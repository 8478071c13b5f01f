/* The subcommands of gaze: name, and what it does. One file a subcommand, tools/<name>.c. */
#ifndef COMMANDS_H
#define COMMANDS_H

#define COMMAND_LIST(X)                                                \
    X(devices, "what OpenCL offers here, and what Gaze would choose")  \
    X(verify, "every kernel against its C reference on a device")      \
    X(train, "train a model into a run folder")                        \
    X(evaluate, "loss, accuracy and a table per class over test data") \
    X(compare, "two models over several seeds, with a paired test")    \
    X(faithful, "whether the model needs what a map says it looks at") \
    X(predict, "class and probability of inputs, or whole arrays")     \
    X(import, "an ONNX model as a model file with its weights")        \
    X(summary, "layers, shapes, weights, work and memory of a model")  \
    X(bench, "samples per second of a model, and what each layer takes")

/* argv[0] is the subcommand. Returns the exit status. */
typedef int command_function(int argc, char **argv);
#define COMMAND_DECLARE(name, about) command_function command_##name;
COMMAND_LIST(COMMAND_DECLARE)
#undef COMMAND_DECLARE

#endif
