#include "cli/redaction.h"

#include "base/textstream.h"

#include <stdlib.h>

/* What a text of an identity is, and so how to redact it. */
enum form { FORM_NAME, FORM_USER, FORM_PATH, FORM_LABEL, FORM_SUBSYSTEM };

static void write_redacted(struct redact *r, enum form form, struct slice text, FILE *out)
{
	switch (form) {
	case FORM_NAME:
		redact_name(r, text, out);
		break;
	case FORM_USER:
		redact_user(r, text, out);
		break;
	case FORM_PATH:
		redact_path(r, text, out);
		break;
	case FORM_LABEL:
		redact_label(r, text, out);
		break;
	case FORM_SUBSYSTEM:
		redact_subsystem(r, text, out);
		break;
	}
}

/* `kept` owns the new text. False if out of memory. */
static bool replace(struct redact *r, enum form form, struct text *text, char **kept)
{
	char *written = NULL;
	size_t size;
	FILE *out;

	if (!text->known)
		return true;
	out = textstream_open(&written, &size);
	if (!out)
		return false;
	write_redacted(r, form, text->bytes, out);
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
		enum form form;
	} list[REDACTION_TEXTS] = {
		{&id->name, FORM_NAME},	  {&id->user, FORM_USER},
		{&id->cgroup, FORM_PATH}, {&id->container, FORM_PATH},
		{&id->pod, FORM_PATH},	  {&id->unit, FORM_PATH},
		{&id->label, FORM_LABEL}, {&id->subsystem, FORM_SUBSYSTEM},
	};

	for (size_t i = 0; i < REDACTION_TEXTS; i++) {
		if (!replace(r->redact, list[i].form, list[i].text, &r->texts[i]))
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
