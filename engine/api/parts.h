/* Parts of maps that were asked for. */
#ifndef GZ_API_PARTS_H
#define GZ_API_PARTS_H
#include "api.h"

/* options->parts by the number of their map, parts [n_maps] all zeros before. Those of maps that are worked
   out from the model are left to gz_parts_cut. GAZE_ERROR_USAGE: there is no such map, or it has two. */
gaze_status gz_parts_match(gaze_model *model, const gaze_run_options *options, gaze_map_part *parts);

/* What is worked out is whole: values [batch, the map's shape] -> their part, in place; all where there is
 * none. */
gaze_status gz_parts_cut(const gaze_run_options *options, const gaze_map_info *map, gaze_array *values);

#endif
