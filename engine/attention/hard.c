/* Hard attention (Xu et al. 2015, "Show, attend and tell", section 4.1): one token, y = h_t. The
   probabilities a are those of token_weights.h. In training t is drawn from a, which learns by REINFORCE
   (gz_reinforce); in prediction t = arg max a, the first of equals. */
#include "token_weights.h"
#include "../base/philox.h"

static gaze_status expose_choice(gz_build *b, const gz_layer *layer, const gz_flow *in, gz_tensor *choice)
{
    const gz_map_note note = {
        .kind = "hard",
        .axes = GAZE_MAP_POSITIONS,
        .meaning = "1 at the token that is taken, 0 elsewhere",
        .sums_to_one = true,
        .field = in->field,
    };
    gz_shape shape = in->x->shape;
    gz_tensor *map;
    shape.rank--;
    GZ_TRY(gz_graph_view(gz_build_graph(b), choice, shape, &map));
    return gz_build_map(b, layer, NULL, map, &note);
}

/* choice [B,N], one-hot */
static gaze_status choose(gz_build *b, const gz_layer *layer, gz_tensor *a, gz_tensor **choice)
{
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *step;
    if (!gz_build_training(b)) {
        GZ_TRY(gz_one_hot_max(graph, a, choice));
        return gz_build_drawn(b, layer, NULL, NULL);
    }
    const gz_key key = gz_key_make(gz_build_seed(b), layer->name);
    GZ_TRY(gz_build_step(b, &step));
    GZ_TRY(gz_draw_one(graph, a, step, key.word, choice));
    return gz_build_drawn(b, layer, a, *choice);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    (void)n_in;
    gz_tokens tokens;
    gz_tensor *choice;
    GZ_TRY(gz_tokens_build(b, layer, options, "hard", "probability", in, &tokens));
    GZ_TRY(choose(b, layer, tokens.a, &choice));
    GZ_TRY(expose_choice(b, layer, in, choice));
    return gz_weighted_sum(gz_build_graph(b), choice, tokens.h, &out->x);
}

const gz_attention_kind gz_attention_hard = {"hard", sizeof(gz_token_options), 1, 1, gz_tokens_read, build};
