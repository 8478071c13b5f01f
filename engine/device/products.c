#include "products.h"
#include "../base/text.h"
#include "clblast.h"
#include "device_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SHAPES = 4096 };

static bool same(const gz_product_shape *a, const gz_product_shape *b)
{
    return a->M == b->M && a->N == b->N && a->K == b->K && a->a_turned == b->a_turned &&
           a->b_turned == b->b_turned;
}

static gz_product_time *find(gz_products *products, const gz_product_shape *shape)
{
    for (size_t i = 0; i < products->count; i++)
        if (same(&products->list[i].shape, shape)) return &products->list[i];
    return NULL;
}

/* Where memory ends the shape is our own kernels'. */
static gz_product_time *add(gz_products *products, const gz_product_time *time)
{
    if (products->count >= MOST_SHAPES ||
        gz_grow(&products->list, &products->capacity, products->count + 1, sizeof *products->list) != GAZE_OK)
        return NULL;
    products->list[products->count] = *time;
    return &products->list[products->count++];
}

static gaze_status make_key(const gz_device *device, gz_cache_key *key)
{
    return gz_cache_key_make(device->cache, device->facts.info.family,
                             "products of matrices, ms of our own and of CLBlast 1; " GAZE_VERSION, key);
}

/* "M N K a_turned b_turned own_ms library_ms", one a line. */
static bool take_line(gz_products *products, const char *line)
{
    gz_product_time t = {0};
    int a_turned, b_turned, end = 0;
    if (sscanf(line, "%zu %zu %zu %d %d %lf %lf%n", &t.shape.M, &t.shape.N, &t.shape.K, &a_turned, &b_turned,
               &t.own_ms, &t.library_ms, &end) != 7 ||
        line[end] || !(t.own_ms > 0) || !(t.library_ms > 0))
        return false;
    t.shape.a_turned = a_turned == 1;
    t.shape.b_turned = b_turned == 1;
    return find(products, &t.shape) || add(products, &t);
}

static void load(gz_device *device)
{
    gz_products *products = &device->products;
    gz_cache_key key;
    char *text, *line, *rest;
    size_t size;
    if (make_key(device, &key) != GAZE_OK) return;
    const bool there = gz_cache_load(device->cache, &key, &text, &size);
    free(key.text);
    if (!there) return;
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (!take_line(products, line)) break;
    free(text);
}

static gz_products_by by_environment(void)
{
    const char *by = getenv("GAZE_PRODUCTS");
    return !by                      ? GZ_PRODUCTS_MEASURED
           : !strcmp(by, "clblast") ? GZ_PRODUCTS_CLBLAST
           : !strcmp(by, "own")     ? GZ_PRODUCTS_OWN
                                    : GZ_PRODUCTS_MEASURED;
}

static void open_products(gz_device *device)
{
    gz_products *products = &device->products;
    if (products->open) return;
    products->open = true;
    products->by = by_environment();
    load(device);
}

void gz_products_force(gz_device *device, gz_products_by by)
{
    open_products(device);
    device->products.by = by;
}

bool gz_product_is_library(const gz_product_time *time)
{
    return time->library_ms > 0 && time->library_ms < 0.95 * time->own_ms;
}

bool gz_products_by_library(gz_device *device, const gz_product_shape *shape)
{
    open_products(device);
    gz_products *products = &device->products;
    if (products->by != GZ_PRODUCTS_MEASURED)
        return products->by == GZ_PRODUCTS_CLBLAST && gz_clblast_there();
    const gz_product_time *known = find(products, shape);
    if (!known) known = add(products, &(gz_product_time){.shape = *shape});
    return known && gz_product_is_library(known) && gz_clblast_there();
}

size_t gz_products_list(gz_device *device, gz_product_time **list)
{
    open_products(device);
    *list = device->products.list;
    return device->products.count;
}

static gaze_status keep(gz_device *device)
{
    gz_text text = {0};
    gz_cache_key key;
    char *lines;
    for (size_t i = 0; i < device->products.count; i++) {
        const gz_product_time *t = &device->products.list[i];
        if (t->own_ms > 0)
            gz_text_add(&text, "%zu %zu %zu %d %d %.17g %.17g\n", t->shape.M, t->shape.N, t->shape.K,
                        t->shape.a_turned, t->shape.b_turned, t->own_ms, t->library_ms);
    }
    const size_t length = text.length;
    GZ_TRY(gz_text_take(&text, &lines));
    gaze_status status = make_key(device, &key);
    if (status == GAZE_OK) {
        status = gz_cache_store(device->cache, &key, lines, length);
        free(key.text);
    }
    free(lines);
    return status;
}

void gz_products_keep(gz_device *device)
{
    if (keep(device) != GAZE_OK)
        gz_device_log(device, GAZE_LOG_WARNING, "what was measured could not be kept: %s", gaze_message());
}

void gz_products_free(gz_device *device) { free(device->products.list); }
