/*
 * capture: writes what all views need of a moment into an archive, as a tree that is read as /proc
 * is: processes one after the other, each whole or not at all, and the files of the machine.
 */
#ifndef COLLECT_CAPTURE_H
#define COLLECT_CAPTURE_H

#include "collect/options.h"
#include "collect/redact.h"
#include "model/coverage.h"
#include "model/snapshot.h"
#include "source/pack.h"

struct capture_options {
	struct selection selection;
	struct lineage *children; /* as in collect_options */
	struct redact *redact;	  /* or NULL, to redact nothing */
	/* Called now and then, from any thread, with how many processes are done. */
	void (*progress)(void *ctx, size_t done, size_t all, uint64_t bytes);
	void *ctx;
};

struct capture_result {
	uint64_t captured; /* processes, */
	struct coverage coverage;
	struct problems problems; /* freed by the caller */
	bool sharing_unknown;	  /* which of them share an address space */
};

/* 0, or -1 with *e. */
int capture_write(const struct source *source, const struct capture_options *options,
		  struct pack *pack, struct capture_result *result, struct error *e);

#endif
