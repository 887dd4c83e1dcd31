/* page: html/page.html with its style and program, made at build time by html/embed.cmake; empty if
 * it was built without what that needs. For html.c only. */
#ifndef RENDER_PAGE_H
#define RENDER_PAGE_H

#include <stddef.h>

/* What comes before the data, and behind it. */
extern const unsigned char page_head[], page_tail[];
extern const size_t page_head_size, page_tail_size;

#endif
