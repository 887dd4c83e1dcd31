/* renderers: lists the renderers. */
#ifndef RENDER_RENDERERS_H
#define RENDER_RENDERERS_H

#include "render/render.h"

/* All of them, the default first; ends with NULL. */
extern const struct renderer *const renderers[];

#endif
