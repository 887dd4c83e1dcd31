/*
 * accept: what the headers of a request say about the answer that is wanted.
 *
 * Source: RFC 9110, 12.4.2, 12.5.1 and 12.5.3; parameters other than `q` and `version` are ignored.
 * What is malformed is not wanted.
 */
#ifndef SERVE_ACCEPT_H
#define SERVE_ACCEPT_H

#include "base/slice.h"

/* Whether the header Accept prefers OpenMetrics 1.0.0 to the text format of Prometheus. */
bool accept_openmetrics(struct slice header);

/* Whether the header Accept-Encoding allows gzip. */
bool accept_gzip(struct slice header);

#endif
