#include "cli/redaction.h"

#include "base/textstream.h"

#include <stdlib.h>

typedef void redact_fn(struct redact *r, struct slice text, FILE *out);

/* `kept` owns the new text. False if out of memory. */
static bool replace(struct redact *r, redact_fn *redact, struct text *text, char **kept)
{
	char *written = NULL;
	size_t size;
	FILE *out;

	if (!text->known)
		return true;
	out = textstream_open(&written, &size);
	if (!out)
		return false;
	redact(r, text->bytes, out);
	if (!textstream_close(out, &written)) {
		free(written);
		return false;
	}
	free(*kept);
	*kept = written;
	text->bytes = (struct slice){written, size};
	return true;
}

static bool rename_group(void *ctx, struct identity *id)
{
	struct redaction *r = ctx;
	const struct {
		struct text *text;
		redact_fn *redact;
	} list[REDACTION_TEXTS] = {
		{&id->name, redact_name},   {&id->user, redact_user},
		{&id->cgroup, redact_path}, {&id->container, redact_path},
		{&id->pod, redact_path},    {&id->unit, redact_path},
		{&id->label, redact_label}, {&id->subsystem, redact_subsystem},
	};

	for (size_t i = 0; i < REDACTION_TEXTS; i++) {
		if (!replace(r->redact, list[i].redact, list[i].text, &r->texts[i]))
			return false;
	}
	return true;
}

int redaction_init(struct redaction *r, struct error *e)
{
	*r = (struct redaction){.renaming = {rename_group, r}};
	r->redact = redact_new(e);
	return r->redact ? 0 : -1;
}

void redaction_free(struct redaction *r)
{
	redact_free(r->redact);
	for (size_t i = 0; i < REDACTION_TEXTS; i++)
		free(r->texts[i]);
}
