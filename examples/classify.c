/* What is in a picture, and where the network looked.

   classify MODEL PICTURE MAP.png: MODEL is a model file or a run folder that reads one image; PICTURE a .png
   or .jpg of any size. Prints the three likeliest classes and draws the first attention map (Grad-CAM where a
   model has none) over the picture.

   cc classify.c $(pkg-config --cflags --libs gaze) -o classify */
#include <gaze.h>
#include <stdio.h>
#include <stdlib.h>

/* The class with the largest p; that p is taken out. */
static size_t take_best(float *p, size_t n)
{
    size_t best = 0;
    for (size_t k = 1; k < n; k++)
        if (p[k] > p[best]) best = k;
    printf("%.4f  ", p[best]);
    p[best] = -1;
    return best;
}

static void print_best(const gaze_model *model, const gaze_array *output)
{
    const char *const *classes = gaze_model_classes(model);
    const size_t n = output->shape[output->rank - 1];
    for (int i = 0; i < 3 && (size_t)i < n; i++) {
        const size_t k = take_best(output->data, n);
        if (classes)
            puts(classes[k]);
        else
            printf("class %zu\n", k);
    }
}

/* gaze_map_info of the map that will be drawn. */
static gaze_status choose_map(gaze_model *model, const gaze_map_info **map)
{
    if (gaze_model_maps(model, map)) return GAZE_OK;
    return gaze_find_map(model, "gradcam", map);
}

static gaze_status classify(gaze_model *model, const char *path, const char *drawing)
{
    gaze_array image = {0}, results[2] = {{0}};
    gaze_picture picture = {0};
    const gaze_map_info *map;
    const gaze_array *outputs;
    gaze_status status = gaze_input_read(model, NULL, 0, path, &image);
    if (!status) status = choose_map(model, &map);
    if (!status) {
        gaze_model_outputs(model, &outputs);
        results[0].name = outputs[0].name;
        results[1].name = map->name;
        status = gaze_run(model, &image, 1, results, 2, 0); /* one run for both */
    }
    if (!status) status = gaze_draw(map, &results[1], &image, gaze_model_name(model), NULL, &picture);
    if (!status) status = gaze_picture_write(drawing, &picture);
    if (!status) {
        print_best(model, &results[0]);
        printf("%s: %s: %s\n", drawing, map->name, map->meaning);
    }
    free(picture.rgb);
    free(results[0].data);
    free(results[1].data);
    free(image.data);
    return status;
}

int main(int argc, char **argv)
{
    gaze_model *model = NULL;
    if (argc != 4) {
        fputs("usage: classify MODEL PICTURE MAP.png\n", stderr);
        return GAZE_ERROR_USAGE;
    }
    gaze_status status = gaze_open(argv[1], NULL, &model);
    if (!status) status = classify(model, argv[2], argv[3]);
    if (status) fprintf(stderr, "classify: %s\n", gaze_message());
    gaze_close(model);
    return status;
}
