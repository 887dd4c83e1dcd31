/*
 * redaction: hashes the names of a recording's groups, as `anonmem capture --redact` does those of
 * a capture. Names are replaced before they reach the writer, so no file of the recording ever has
 * them.
 */
#ifndef CLI_REDACTION_H
#define CLI_REDACTION_H

#include "collect/redact.h"
#include "recording/identity.h"

enum { REDACTION_TEXTS = 8 };

struct redaction {
	struct redact *redact;
	char *texts[REDACTION_TEXTS]; /* what the identity at hand points to */
	struct renaming renaming;     /* for run_facts */
};

/* With a new key, which is forgotten at the end. 0, or -1 with *e; redaction_free() in any case. */
int redaction_init(struct redaction *r, struct error *e);
void redaction_free(struct redaction *r);

#endif
