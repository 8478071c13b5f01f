#include "proto.h"

#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 24 }; /* model, graph, node, attribute, graph, ...: a loop in a loop has 14 */
static const size_t LARGEST = (size_t)1 << 31; /* what a protocol buffer may have */

typedef struct wire {
    const uint8_t *at, *end;
} wire;

static bool read_varint(wire *w, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && w->at < w->end; shift += 7) {
        const uint8_t byte = *w->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

/* Passes over one field's value. Of a value with a length, *part is what lies in it. */
static bool pass(wire *w, unsigned type, wire *part)
{
    uint64_t length;
    *part = (wire){w->at, w->at};
    if (type == 0) return read_varint(w, &length);
    if (type == 2) {
        if (!read_varint(w, &length)) return false;
    } else if (type == 1 || type == 5)
        length = type == 1 ? 8 : 4;
    else
        return false; /* groups: no schema of today has them */
    if (length > (uint64_t)(w->end - w->at)) return false;
    *part = (wire){w->at, w->at + length};
    w->at += length;
    return true;
}

/* The same that protobuf-c does, without memory and with an end to its depth. */
static bool walk(wire w, const ProtobufCMessageDescriptor *message, int depth)
{
    if (depth == DEEPEST) return false;
    while (w.at < w.end) {
        uint64_t key;
        wire part;
        if (!read_varint(&w, &key) || !pass(&w, (unsigned)(key & 7), &part)) return false;
        if ((key & 7) != 2 || key >> 3 > UINT32_MAX) continue;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(message, (unsigned)(key >> 3));
        if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
        if (!walk(part, field->descriptor, depth + 1)) return false;
    }
    return true;
}

typedef struct allocations {
    gz_arena *arena;
    bool failed;
} allocations;

static void *allocate(void *user, size_t size)
{
    allocations *all = user;
    void *memory = gz_arena_allocate(all->arena, size);
    if (!memory) all->failed = true;
    return memory;
}

static void release(void *user, void *memory) { (void)user, (void)memory; }

gaze_status gz_proto_read(gz_arena *arena, const char *path, size_t *size, Onnx__ModelProto **model)
{
    allocations all = {.arena = arena};
    ProtobufCAllocator allocator = {allocate, release, &all};
    char *bytes;
    gaze_status status = GAZE_OK;
    GZ_TRY(gz_file_read(path, LARGEST, &bytes, size));
    const uint8_t *begin = (const uint8_t *)bytes;
    if (!*size || !walk((wire){begin, begin + *size}, &onnx__model_proto__descriptor, 0)) {
        status = gz_fail(GAZE_ERROR_DATA,
                         "%s: no ONNX model: not a protocol buffer, or cut short, or nested too deep", path);
        goto done;
    }
    *model = onnx__model_proto__unpack(&allocator, *size, begin);
    if (all.failed)
        status = GAZE_ERROR_DEVICE;
    else if (!*model || !(*model)->graph)
        status = gz_fail(GAZE_ERROR_DATA, "%s: no ONNX model: a protocol buffer without a graph", path);
done:
    free(bytes);
    return status;
}

const char *gz_proto_text(const char *text) { return text ? text : ""; }

const Onnx__AttributeProto *gz_proto_attribute(const Onnx__NodeProto *node, const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(gz_proto_text(node->attribute[i]->name), name) == 0) return node->attribute[i];
    return NULL;
}
