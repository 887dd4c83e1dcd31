/*
 * folded: rows as lines of frames, for flame graphs: "nginx;[heap] 4096".
 *
 * Frames are the keys, from the outside to the inside; behind them stands the first size of the
 * row, or both sizes of a comparison. Scripts split such lines at ; and take numbers off their
 * ends, so what would split a name, or be taken for a number, is escaped as vis(3) does, like all
 * that is not printable. A row whose size is unknown or zero has no line.
 */
#ifndef RENDER_FOLDED_H
#define RENDER_FOLDED_H

#include "render/render.h"

/* A name as a part of a frame; false if out of memory. */
bool folded_write_name(struct slice name, FILE *out);

#endif
