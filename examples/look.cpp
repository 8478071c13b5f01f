/* What is in a picture, and where the network looked, in C++ with gaze.hpp.

   look MODEL PICTURE MAP.png: as classify.c, and the place of the map's largest value.

   c++ -std=c++17 look.cpp $(pkg-config --cflags --libs gaze) -o look */
#include <gaze.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>

static void print_best(const std::vector<std::string> &classes, const gaze::Array &output)
{
    const float *p = output.floats();
    std::vector<std::size_t> order(output.size());
    std::iota(order.begin(), order.end(), 0);
    const std::size_t n = std::min<std::size_t>(3, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), order.end(),
                      [p](std::size_t a, std::size_t b) { return p[a] > p[b]; });
    for (std::size_t i = 0; i < n; i++)
        std::printf("%.4f  %s\n", p[order[i]],
                    classes.empty() ? std::to_string(order[i]).c_str() : classes[order[i]].c_str());
}

/* Of a map [1,H,W]: the pixel that its largest cell is centred on. */
static void print_place(const gaze_map_info &map, const gaze::Array &values)
{
    if (values.shape().size() != 3 || !map.field.known) return;
    const float *first = values.floats(), *most = std::max_element(first, first + values.size());
    const std::size_t cell = static_cast<std::size_t>(most - first), width = values.shape()[2];
    std::printf("most of it around row %.1f, column %.1f of the model's image\n",
                map.field.first[0] + map.field.step[0] * static_cast<double>(cell / width),
                map.field.first[1] + map.field.step[1] * static_cast<double>(cell % width));
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        std::fputs("usage: look MODEL PICTURE MAP.png\n", stderr);
        return GAZE_ERROR_USAGE;
    }
    try {
        const gaze::Context context;
        const gaze::Model model(context, argv[1]);
        const gaze::Array image = model.read(argv[2]);
        const gaze_map_info map = model.maps().empty() ? model.map("gradcam") : model.maps()[0];
        const std::vector<gaze::Array> results = model.run(image, {model.outputs()[0].name, map.name});
        gaze::draw(map, results[1], &image, model.name().c_str()).save(argv[3]);
        print_best(model.classes(), results[0]);
        print_place(map, results[1]);
        std::printf("%s: %s: %s\n", argv[3], map.name, map.meaning);
    } catch (const gaze::Error &error) {
        std::fprintf(stderr, "look: %s\n", error.what());
        return error.status();
    }
    return 0;
}
