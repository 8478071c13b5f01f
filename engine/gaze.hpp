/* Gaze in C++17: gaze.h with owners that free, vectors, and exceptions. One header, nothing to link but the
   library.

   gaze::Context context;                                   // GAZE_DEVICE, else auto
   gaze::Model model(context, "models/000-fashion-attention.json");
   gaze::Array x = model.read("picture.png");
   std::vector<gaze::Array> y = model.run(x, {model.outputs()[0].name, "attention"});
   gaze::draw(model.map("attention"), y[1], &x).save("map.png");

   Whatever fails throws gaze::Error, whose what() is gaze_message(). What is not here is called as in C, with
   get(). Objects move and don't copy; a Context outlives its models, and both belong to one thread at a time.
 */
#ifndef GAZE_HPP
#define GAZE_HPP

#include "gaze.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gaze
{

class Error : public std::runtime_error
{
  public:
    explicit Error(gaze_status status) : std::runtime_error(gaze_message()), status_(status) {}
    gaze_status status() const noexcept { return status_; } /* also the programs' exit status */

  private:
    gaze_status status_;
};

/* For calls of gaze.h that have no wrapper: check(gaze_train(model.get(), ...)); */
inline void check(gaze_status status)
{
    if (status != GAZE_OK) throw Error(status);
}

namespace detail
{
template <auto destroy> struct Destroy {
    template <class T> void operator()(T *pointer) const noexcept { destroy(pointer); }
};
template <class T, auto destroy> using Owner = std::unique_ptr<T, Destroy<destroy>>;
inline void release(void *memory) noexcept { std::free(memory); }
} // namespace detail

/* A device, its programs, its queue. */
class Context
{
  public:
    explicit Context(const gaze_context_options &options = {})
    {
        gaze_context *made = nullptr;
        check(gaze_context_create(&options, &made));
        owner_.reset(made);
    }
    explicit Context(const char *device) : Context(with_device(device)) {}
    gaze_context *get() const noexcept { return owner_.get(); }
    gaze_device_info device() const
    {
        gaze_device_info info;
        gaze_context_device(get(), &info);
        return info;
    }

  private:
    static gaze_context_options with_device(const char *device)
    {
        gaze_context_options options{};
        options.device = device;
        return options;
    }
    detail::Owner<gaze_context, gaze_context_destroy> owner_;
};

/* float32 or int32, dense, row-major; owns its values. */
class Array
{
  public:
    Array() = default;
    explicit Array(const gaze_array &taken) : array_(taken), owner_(taken.data) { array_.name = nullptr; }

    std::vector<std::size_t> shape() const { return {array_.shape, array_.shape + array_.rank}; }
    std::size_t size() const noexcept
    {
        std::size_t count = array_.data ? 1 : 0;
        for (std::size_t i = 0; i < array_.rank; i++) count *= array_.shape[i];
        return count;
    }
    bool is_float() const noexcept { return array_.dtype == GAZE_FLOAT32; }
    const float *floats() const { return static_cast<const float *>(typed(GAZE_FLOAT32)); }
    const std::int32_t *ints() const { return static_cast<const std::int32_t *>(typed(GAZE_INT32)); }
    const gaze_array &get() const noexcept { return array_; }

    static Array read(const std::string &path)
    {
        gaze_array array{};
        check(gaze_array_read(path.c_str(), &array));
        return Array(array);
    }
    void save(const std::string &path) const { check(gaze_array_write(path.c_str(), &array_)); }

  private:
    const void *typed(gaze_dtype type) const
    {
        if (array_.dtype != type) throw std::logic_error("the array's values are of the other type");
        return array_.data;
    }
    gaze_array array_{};
    detail::Owner<void, detail::release> owner_;
};

/* RGB, 8 bits. */
class Picture
{
  public:
    explicit Picture(const gaze_picture &taken) : picture_(taken), owner_(taken.rgb) {}
    std::size_t height() const noexcept { return picture_.height; }
    std::size_t width() const noexcept { return picture_.width; }
    const std::uint8_t *rgb() const noexcept { return picture_.rgb; }
    void save(const std::string &path) const { check(gaze_picture_write(path.c_str(), &picture_)); }

  private:
    gaze_picture picture_;
    detail::Owner<std::uint8_t, detail::release> owner_;
};

class Model
{
  public:
    /* weights: "" takes the run's, or the file beside the model file, or initial ones. */
    Model(const Context &context, const std::string &path, const std::string &weights = {})
    {
        gaze_model_options options{};
        gaze_model *opened = nullptr;
        if (!weights.empty()) options.weights = weights.c_str();
        check(gaze_model_open(context.get(), path.c_str(), &options, &opened));
        owner_.reset(opened);
    }
    gaze_model *get() const noexcept { return owner_.get(); }

    std::string name() const { return gaze_model_name(get()); }
    std::vector<std::string> classes() const
    {
        std::vector<std::string> names;
        const char *const *list = gaze_model_classes(get());
        for (; list && *list; list++) names.emplace_back(*list);
        return names;
    }
    std::vector<gaze_array> inputs() const { return listed(gaze_model_inputs); }
    std::vector<gaze_array> outputs() const { return listed(gaze_model_outputs); }
    std::vector<gaze_map_info> maps() const
    {
        const gaze_map_info *list = nullptr;
        const std::size_t count = gaze_model_maps(get(), &list);
        return {list, list + count};
    }
    /* Also gradcam[:LAYER[:CLASS]] and rollout. */
    gaze_map_info map(const std::string &name) const
    {
        const gaze_map_info *info = nullptr;
        check(gaze_find_map(get(), name.c_str(), &info));
        return *info;
    }

    /* A picture of any size, or an .npy, for input number `at`. */
    Array read(const std::string &path, std::size_t at = 0) const
    {
        gaze_array array{};
        check(gaze_input_read(get(), nullptr, at, path.c_str(), &array));
        return Array(array);
    }

    /* Outputs and maps by name, in one run. */
    std::vector<Array> run(const Array &x, const std::vector<std::string> &names) const
    {
        return run(std::vector<gaze_array>{x.get()}, names);
    }
    std::vector<Array> run(const std::vector<gaze_array> &x, const std::vector<std::string> &names) const
    {
        std::vector<gaze_array> results(names.size());
        std::vector<Array> owned;
        owned.reserve(names.size());
        for (std::size_t i = 0; i < names.size(); i++) results[i].name = names[i].c_str();
        check(gaze_run(get(), x.data(), x.size(), results.data(), results.size(), 0));
        for (const gaze_array &result : results) owned.emplace_back(result);
        return owned;
    }

  private:
    std::vector<gaze_array> listed(std::size_t (*ask)(const gaze_model *, const gaze_array **)) const
    {
        const gaze_array *list = nullptr;
        const std::size_t count = ask(get(), &list);
        return {list, list + count};
    }
    detail::Owner<gaze_model, gaze_close> owner_;
};

/* A struct that a call fills and a function of gaze.h frees, for calls that have no wrapper here:
   gaze::Decoded answers; check(gaze_decode(model.get(), ..., answers.fill())); answers->lengths[0] */
template <class T, void (*destroy)(T *)> class Filled
{
  public:
    Filled() = default;
    Filled(Filled &&other) noexcept : value_(std::exchange(other.value_, T{})) {}
    Filled &operator=(Filled &&other) noexcept
    {
        std::swap(value_, other.value_);
        return *this;
    }
    ~Filled() { destroy(&value_); }
    T *fill() noexcept { return &value_; }
    const T *operator->() const noexcept { return &value_; }
    const T &operator*() const noexcept { return value_; }

  private:
    T value_{};
};
using Metrics = Filled<gaze_metrics, gaze_metrics_free>;
using Decoded = Filled<gaze_decoded, gaze_decoded_free>;
using Faithful = Filled<gaze_faithful_result, gaze_faithful_free>;
using Comparison = Filled<gaze_comparison, gaze_comparison_free>;
using Bench = Filled<gaze_bench_result, gaze_bench_free>;

/* The train and the test part of one data set. */
class Data
{
  public:
    /* spec: "TYPE:PATH" as --data takes it; "" takes the run's, or the model's own. */
    explicit Data(const Model &model, const std::string &spec = {}, std::uint64_t seed = 0)
    {
        gaze_data *opened = nullptr;
        check(gaze_data_open(model.get(), spec.empty() ? nullptr : spec.c_str(), seed, &opened));
        owner_.reset(opened);
    }
    gaze_data *get() const noexcept { return owner_.get(); }
    std::size_t count(bool test) const { return gaze_data_count(get(), test); }

  private:
    detail::Owner<gaze_data, gaze_data_close> owner_;
};

/* In place; what the last epoch came to. */
inline Metrics train(const Model &model, const Data &data, const gaze_train_options &options = {})
{
    Metrics last;
    check(gaze_train(model.get(), data.get(), &options, last.fill()));
    return last;
}

/* Over the test part, or the training part if there is no other. */
inline Metrics evaluate(const Model &model, const Data &data, std::size_t batch_size = 0)
{
    bool test = false;
    Metrics metrics;
    check(gaze_evaluate(model.get(), data.get(), batch_size, &test, metrics.fill()));
    return metrics;
}

/* Everything that OpenCL offers here; range-for goes over it. */
class Devices
{
  public:
    Devices()
    {
        gaze_device_info *list = nullptr;
        check(gaze_devices(&list, &count_));
        owner_.reset(list);
    }
    const gaze_device_info *begin() const noexcept { return owner_.get(); }
    const gaze_device_info *end() const noexcept { return owner_.get() + count_; }

  private:
    std::size_t count_ = 0;
    detail::Owner<gaze_device_info, gaze_devices_free> owner_;
};

/* As dump_attention draws it. image: the input, or nullptr; options nullptr: the view that fits, usual
 * colours. */
inline Picture draw(const gaze_map_info &map, const Array &values, const Array *image = nullptr,
                    const char *title = nullptr, const gaze_dump_options *options = nullptr)
{
    gaze_picture picture{};
    check(gaze_draw(&map, &values.get(), image ? &image->get() : nullptr, title, options, &picture));
    return Picture(picture);
}

} // namespace gaze

#endif
