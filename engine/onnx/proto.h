/* The protocol buffer of an ONNX file, by protobuf-c from ONNX's own schema. */
#ifndef GZ_ONNX_PROTO_H
#define GZ_ONNX_PROTO_H
#include "../base/file.h"

#include "onnx.pb-c.h"

/* Everything lies in the arena. Refuses messages nested deeper than a graph needs (protobuf-c recurses), and
   files that are no protocol buffer. */
gaze_status gz_proto_read(gz_arena *arena, const char *path, size_t *size, Onnx__ModelProto **model);

/* protobuf-c's strings may be NULL. */
const char *gz_proto_text(const char *text);

/* The attribute of that name, or NULL. */
const Onnx__AttributeProto *gz_proto_attribute(const Onnx__NodeProto *node, const char *name);

#endif
