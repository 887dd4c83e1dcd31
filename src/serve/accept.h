/*
 * accept: which form of the answer the headers of a request ask for.
 *
 * Source: RFC 9110, 12.4.2, 12.5.1 and 12.5.3. Parameters other than `q` and `version` are ignored.
 * A malformed header asks for nothing.
 */
#ifndef SERVE_ACCEPT_H
#define SERVE_ACCEPT_H

#include "base/slice.h"

/* Whether the header Accept prefers OpenMetrics 1.0.0 to the text format of Prometheus. */
bool accept_openmetrics(struct slice header);

/* Whether the header Accept-Encoding allows gzip. */
bool accept_gzip(struct slice header);

#endif
