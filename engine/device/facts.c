/* What kernels are chosen and built by. */
#include "probe.h"
#include "../base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_ALIGNMENT_BYTES = 128 };
enum { INTEL = 0x8086 }; /* PCI number of the vendor */

static const char *const family_names[] = {"plain", "cpu", "gpu", "intel", NULL};

const char *gz_family_name(gz_family family) { return family_names[family]; }

static gaze_status family_from_environment(gz_family *family, bool *forced)
{
    const char *word = getenv("GAZE_FAMILY");
    if (!word || !word[0]) return GAZE_OK;
    for (size_t i = 0; family_names[i]; i++) {
        if (strcmp(word, family_names[i]) != 0) continue;
        *family = (gz_family)i;
        *forced = true;
        return GAZE_OK;
    }
    return gz_fail(GAZE_ERROR_USAGE, "GAZE_FAMILY=%s: expected plain, cpu, gpu or intel", word);
}

static gaze_status width_from_environment(size_t *width)
{
    const char *word = getenv("GAZE_WIDTH");
    size_t value;
    if (!word || !word[0]) return GAZE_OK;
    if (!gz_parse_size(word, &value) || (value != 4 && value != 8 && value != 16))
        return gz_fail(GAZE_ERROR_USAGE, "GAZE_WIDTH=%s: expected 4, 8 or 16 floats", word);
    *width = value;
    return GAZE_OK;
}

/* CL_DEVICE_MEM_BASE_ADDR_ALIGN is in bits; a cache line or two at least, so that planned tensors share none.
 */
static size_t base_align_bytes(cl_device_id device)
{
    cl_uint bits = 0;
    if (clGetDeviceInfo(device, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof bits, &bits, NULL) != CL_SUCCESS)
        bits = 0;
    const size_t bytes = bits / 8;
    return bytes > LEAST_ALIGNMENT_BYTES ? bytes : LEAST_ALIGNMENT_BYTES;
}

static size_t cache_bytes(cl_device_id device)
{
    cl_ulong bytes = 0;
    return clGetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof bytes, &bytes, NULL) == CL_SUCCESS
               ? (size_t)bytes
               : 0;
}

static bool unified_memory(cl_device_id device)
{
    cl_bool unified = CL_FALSE;
    return clGetDeviceInfo(device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof unified, &unified, NULL) ==
               CL_SUCCESS &&
           unified;
}

static gz_family family_of(const gz_found *found)
{
    cl_uint vendor = 0;
    if (strcmp(found->info.type, "cpu") == 0) return GZ_FAMILY_CPU;
    if (strcmp(found->info.type, "gpu") != 0) return GZ_FAMILY_PLAIN;
    clGetDeviceInfo(found->device, CL_DEVICE_VENDOR_ID, sizeof vendor, &vendor, NULL);
    return vendor == INTEL ? GZ_FAMILY_INTEL : GZ_FAMILY_GPU;
}

gaze_status gz_probe_facts(const gz_found *found, gz_device_facts *facts)
{
    const gaze_device_info *info = &found->info;
    *facts = (gz_device_facts){
        .info = *info,
        .family = family_of(found),
        .vector_width = info->vector_width,
        .compute_units = info->compute_units,
        .max_group = info->max_group,
        .local_bytes = info->local_bytes,
        .base_align_bytes = base_align_bytes(found->device),
        .max_allocation_bytes = info->max_allocation_bytes,
        .global_bytes = info->global_bytes,
        .cache_bytes = cache_bytes(found->device),
        .unified_memory = unified_memory(found->device),
    };
    GZ_TRY(family_from_environment(&facts->family, &facts->family_forced));
    GZ_TRY(width_from_environment(&facts->vector_width));
    facts->info.family = gz_family_name(facts->family);
    facts->info.vector_width = facts->vector_width;
    return GAZE_OK;
}
