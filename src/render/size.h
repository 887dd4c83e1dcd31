/* size: bytes as people read them. */
#ifndef RENDER_SIZE_H
#define RENDER_SIZE_H

#include "render/render.h"

enum { SIZE_TEXT_MAX = 32, BOUNDS_TEXT_MAX = 2 * SIZE_TEXT_MAX + 2 }; /* with signs */

/* "1.4G", "312K", "0" in UNITS_AUTO; else a number with its unit. Units are powers of 1024. */
void size_format(uint64_t bytes, enum units units, char text[SIZE_TEXT_MAX]);

/* The same with a sign; 0 has none. */
void change_format(int64_t bytes, enum units units, char text[SIZE_TEXT_MAX]);

/* Two sizes, as "160K..300M"; one of them where both look alike. */
void bounds_format(uint64_t low, uint64_t high, enum units units, char text[BOUNDS_TEXT_MAX]);

#endif
