/*
 * server: answers requests over HTTP from a thread of its own, with the metrics that were published
 * last.
 *
 *	libraries_load()
 *	s = server_start(options)
 *	server_publish(s, metrics)	after each reading
 *	server_stop(s)
 *
 * A request never waits for a reading, and a reading never for a request. Requests have no body; a
 * connection is closed after one answer, and after CONNECTION_S in any case.
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include "base/error.h"
#include "render/metrics.h"

enum {
	CONNECTIONS = 256,	/* at once; others wait in the socket's queue */
	REQUEST_MAX = 8 * 1024, /* bytes of a request, including what libmicrohttpd needs to keep
				   track of it */
	IDLE_S = 5,		/* until a silent connection is closed */
	CONNECTION_S = 20,
};

struct server_options {
	int socket;		       /* listens; the server closes it */
	const char *version;	       /* of anonmem */
	uint64_t delay_ns;	       /* between readings */
	void (*restrict_thread)(void); /* called once in the thread that answers; or NULL */
};

struct server;

/* Returns once the thread is restricted, which would be impossible inside the sandbox. NULL with
 * *e. */
struct server *server_start(const struct server_options *options, struct error *e);
void server_stop(struct server *s);

/* Makes the pages that requests get from now on. 0, or -1 with *e; then requests get the previous
 * pages. */
int server_publish(struct server *s, const struct metrics *m, struct error *e);

/* How many requests were answered, and how many were refused or cut off. */
void server_count(const struct server *s, uint64_t *answered, uint64_t *refused);

#endif
