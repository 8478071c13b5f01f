/* The list of attention kinds. A kind is one file: it composes ops and exposes its map or maps. */
#include "../layers/layer.h"

#define ENTRY(name) &gz_attention_##name,
const gz_attention_kind *const gz_attention_kinds[] = {GZ_ATTENTION_LIST(ENTRY) NULL};
#undef ENTRY

#define WORD(name) #name,
const char *const gz_attention_words[] = {GZ_ATTENTION_LIST(WORD) NULL};
#undef WORD
