#include "small_model.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char text[] = "{\"gaze_model\": 1, \"inputs\": [{\"name\": \"x\", \"shape\": [3]}], \"layers\": "
                           "[{\"name\": \"d\", \"type\": \"dense\", \"units\": 2}], \"outputs\": [\"d\"]}";

static gz_model *model;
static gz_built built;
static gz_store *only_store;

static void free_all(void)
{
    gz_store_destroy(only_store);
    gz_built_free(&built);
    gz_model_free(model);
}

static gaze_status make(void)
{
    GZ_TRY(gz_model_parse("small.json", text, strlen(text), &model));
    GZ_TRY(gz_model_build(model, &(gz_build_options){.batch = 1}, &built));
    GZ_TRY(gz_store_create(NULL, &only_store));
    GZ_TRY(gz_weights_declare(&built, only_store));
    return gz_store_allocate(only_store, true, FUZZ_MOMENTS);
}

const gz_built *fuzz_small_model(gz_store **store)
{
    if (!only_store) {
        if (make() != GAZE_OK) abort();
        atexit(free_all);
    }
    *store = only_store;
    return &built;
}

void fuzz_touch_store(const gz_store *store)
{
    static const gz_slab slabs[] = {GZ_SLAB_PARAMETER, GZ_SLAB_STATE, GZ_SLAB_MOMENT};
    for (size_t i = 0; i < 3; i++)
        fuzz_touch(gz_store_host(store, slabs[i]), gz_store_slab_floats(store, slabs[i]) * sizeof(double));
}
