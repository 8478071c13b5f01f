/* What flows between ONNX's nodes.

   A computed value is what a layer makes, and how ONNX's axes read it. The sample that the layer makes is cut
   into atoms, in the order in which they lie in memory; atom 0 is the batch. Each of ONNX's axes is a run of
   atoms (none for a size of 1) in `order`. An image [N,C,H,W] of ONNX is so read from [H,W,C], and Reshape,
   Transpose, Squeeze, Flatten make another reading and no layer. A layer that needs its input in a certain
   order asks gz_arrange for it. */
#ifndef GZ_ONNX_VALUE_H
#define GZ_ONNX_VALUE_H
#include "constant.h"
#include "net.h"

enum { GZ_ATOMS = 16 };

/* A product of queries and keys on its way to becoming attention. */
typedef struct gz_scores {
    const struct gz_value *q, *k;
    double factor;
    bool causal, weights; /* the softmax was taken */
} gz_scores;

struct gz_moment; /* import.h */

typedef struct gz_value {
    size_t rank, dim[GZ_ONNX_RANK]; /* as ONNX has it */
    gz_constant *constant;          /* known without running; else: */
    gz_net_at at;
    size_t n_atoms, atom[GZ_ATOMS]; /* sizes, as they lie in memory */
    size_t order[GZ_ATOMS];         /* the atoms as ONNX's axes read them, row by row */
    size_t n_of[GZ_ONNX_RANK];      /* how many of them each axis has */
    double factor, offset;          /* the value is factor * what the layer makes + offset */
    gz_scores *scores;              /* not NULL: no layer makes it yet */
    const struct gz_value *erf;     /* not NULL: factor * erf(this value) + offset */
    const struct gz_moment *moment; /* not NULL: which part of a layer normalization it is as well */
    size_t uses;                    /* nodes and outputs that read it */
} gz_value;

/* The n_of[axis] atoms of an axis. */
const size_t *gz_value_axis(const gz_value *v, size_t axis);
/* The place of an atom in the list that row by row reading gives. */
size_t gz_value_size(const gz_value *v, size_t axis);

/* A reading of what a layer makes as it is: one atom for each of its dimensions, the batch first. */
void gz_value_of_layer(gz_value *v, gz_net_at at, size_t batch);
/* The sample's shape that the layer makes. */
size_t gz_value_sample(const gz_value *v);

/* Cuts atom number i into `first` and what is left (which must divide). */
gaze_status gz_value_split(gz_value *v, size_t i, size_t first);

/* Other readings; *to may be the same as v. reshape: false where the atoms can't be cut like that. */
bool gz_value_reshape(const gz_value *v, size_t rank, const size_t *dim, gz_value *to);
void gz_value_transpose(const gz_value *v, const size_t *axes, gz_value *to);

/* The axis that holds the batch, and nothing else; SIZE_MAX: none does. A batch of 1 in an axis with others,
   or behind the wrong one, is put where `wish` says if that axis is empty. */
size_t gz_value_batch_axis(const gz_value *v);
bool gz_value_place_batch(gz_value *v, size_t wish);
/* A batch of 1 goes behind what an axis has; false where there are more samples. */
bool gz_value_move_batch(gz_value *v, size_t to);

#endif
