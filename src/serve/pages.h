/* pages: the metrics in each form that a request may ask for; for server.c only. */
#ifndef SERVE_PAGES_H
#define SERVE_PAGES_H

#include "render/metrics.h"
#include "serve/libraries.h"

enum { PAGE_PROMETHEUS, PAGE_PROMETHEUS_GZIP, PAGE_OPENMETRICS, PAGE_OPENMETRICS_GZIP, PAGES };

struct pages {
	struct MHD_Response *list[PAGES]; /* holds one reference to each */
};

/* 0, or -1 with *e and no page made. */
int pages_make(struct pages *p, const struct metrics *m, struct error *e);
void pages_free(struct pages *p);

/* Makes a page of bytes from malloc(), and takes them over even if it fails: NULL if out of memory.
 */
struct MHD_Response *page_make(char *text, size_t size, const char *type);

#endif
