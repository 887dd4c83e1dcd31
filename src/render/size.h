/* size: formats bytes for people. */
#ifndef RENDER_SIZE_H
#define RENDER_SIZE_H

#include "render/render.h"

enum { SIZE_TEXT_MAX = 32, BOUNDS_TEXT_MAX = 2 * SIZE_TEXT_MAX + 2 }; /* including signs */

/* Formats as "1.4G", "312K", "0" with UNITS_AUTO, otherwise as a number with that unit. Units are
 * powers of 1024. */
void size_format(uint64_t bytes, enum units units, char text[SIZE_TEXT_MAX]);

/* The same with a sign, except for 0. */
void change_format(int64_t bytes, enum units units, char text[SIZE_TEXT_MAX]);

/* Formats two sizes, as "160K..300M", or as one if both look the same. */
void bounds_format(uint64_t low, uint64_t high, enum units units, char text[BOUNDS_TEXT_MAX]);

#endif
