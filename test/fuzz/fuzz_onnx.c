#include "fuzz.h"
#include "../../engine/model/model.h"
#include "../../engine/onnx/onnx.h"

#include <string.h>

/* Reads the file; what was made of it must be a model. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    gz_onnx_model onnx;
    gz_model *model = NULL;
    gz_built built = {0};
    size_t open = 0;
    const char *path = fuzz_file("fuzz.onnx", bytes, size);
    if (fuzz_loaded(gz_onnx_read(path, NULL, &onnx), "fuzz.onnx")) {
        for (size_t i = 0; i < onnx.n_weights; i++) {
            size_t count = 4;
            for (size_t k = 0; k < onnx.weights[i].rank; k++) count *= onnx.weights[i].shape[k];
            fuzz_touch(onnx.weights[i].data, count);
        }
        if (fuzz_loaded(gz_model_parse("fuzz.onnx", onnx.json, strlen(onnx.json), &model), "fuzz.onnx"))
            fuzz_loaded(gz_model_probe(model, &open, &built), "fuzz.onnx");
    }
    gz_built_free(&built);
    gz_model_free(model);
    gz_onnx_free(&onnx);
    return 0;
}
