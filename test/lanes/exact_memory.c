/* Preloaded where Oclgrind simulates the device, so that it sees each tensor of `gaze verify` by itself.
 *
 * The engine cuts tensors from large buffers, with guard words between them. Here each part becomes a buffer
 * of exactly its size: an access one value too far is out of bounds. What is filled (with NaN, before a run)
 * stays uninitialized for Oclgrind; what is written is initialized. */
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARTS = 256 };

typedef struct part {
    cl_mem parent, memory;
    size_t origin, size;
    unsigned users;
} part;

static part parts[MOST_PARTS]; /* those with users are in use */

static part *find_part(cl_mem parent, const cl_buffer_region *region)
{
    for (part *p = parts; p < parts + MOST_PARTS; p++)
        if (p->users && p->parent == parent && p->origin == region->origin && p->size == region->size)
            return p;
    return NULL;
}

static bool overlaps(const part *p, cl_mem parent, size_t origin, size_t size)
{
    return p->users && p->parent == parent && p->origin < origin + size && origin < p->origin + p->size;
}

static cl_int add_part(cl_mem parent, const cl_buffer_region *region, part **added)
{
    cl_context context;
    part *p = parts;
    for (part *other = parts; other < parts + MOST_PARTS; other++)
        if (overlaps(other, parent, region->origin, region->size)) return CL_INVALID_BUFFER_SIZE;
    while (p < parts + MOST_PARTS && p->users) p++;
    if (p == parts + MOST_PARTS) return CL_OUT_OF_HOST_MEMORY;
    cl_int code = clGetMemObjectInfo(parent, CL_MEM_CONTEXT, sizeof context, &context, NULL);
    if (code != CL_SUCCESS) return code;
    *p = (part){.parent = parent, .origin = region->origin, .size = region->size};
    p->memory = clCreateBuffer(context, CL_MEM_READ_WRITE, region->size, NULL, &code);
    *added = p;
    return code;
}

/* Parts that are the same (an output in its input's memory) are one. Their memory is never freed:
 * Oclgrind 21.10 would take over what it knows of a freed buffer's values into the next one. */
cl_mem clCreateSubBuffer(cl_mem parent, cl_mem_flags flags, cl_buffer_create_type type, const void *info,
                         cl_int *code)
{
    part *p = find_part(parent, info);
    (void)flags;
    (void)type;
    *code = p ? CL_SUCCESS : add_part(parent, info, &p);
    if (*code == CL_SUCCESS) *code = clRetainMemObject(p->memory);
    if (*code != CL_SUCCESS) return NULL;
    p->users++;
    return p->memory;
}

cl_int clReleaseMemObject(cl_mem memory)
{
    cl_int (*next)(cl_mem);
    *(void **)&next = dlsym(RTLD_NEXT, "clReleaseMemObject");
    for (part *p = parts; p < parts + MOST_PARTS; p++)
        if (p->users && p->memory == memory) p->users--;
    return next(memory);
}

/* Through a map that reads too, by which Oclgrind does not take the values for initialized. */
static cl_int fill(cl_command_queue queue, cl_mem memory, const void *pattern, size_t pattern_size,
                   size_t offset, size_t size)
{
    cl_int code;
    unsigned char *at = clEnqueueMapBuffer(queue, memory, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, offset, size,
                                           0, NULL, NULL, &code);
    if (code != CL_SUCCESS) return code;
    for (size_t i = 0; i < size; i += pattern_size) memcpy(at + i, pattern, pattern_size);
    return clEnqueueUnmapMemObject(queue, memory, at, 0, NULL, NULL);
}

cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void *pattern, size_t pattern_size,
                           size_t offset, size_t size, cl_uint n_waits, const cl_event *waits,
                           cl_event *event)
{
    if (n_waits || waits || event) return CL_INVALID_EVENT_WAIT_LIST; /* the engine gives none */
    cl_int code = fill(queue, memory, pattern, pattern_size, offset, size);
    for (part *p = parts; p < parts + MOST_PARTS && code == CL_SUCCESS; p++) {
        if (!overlaps(p, memory, offset, size)) continue;
        const size_t first = offset > p->origin ? offset - p->origin : 0, end = offset + size - p->origin;
        code = fill(queue, p->memory, pattern, pattern_size, first, (end < p->size ? end : p->size) - first);
    }
    return code;
}
