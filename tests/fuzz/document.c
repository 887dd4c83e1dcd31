/* A JSON report, or the runs of a check, that is read back: the first byte says by which keys. */
#include "model/document.h"
#include "report/measured.h"

#include "fuzz.h"

static void fold(const struct document *d, size_t run, unsigned which, size_t size)
{
	struct error e = {.code = ERROR_NONE};
	struct snapshot s;

	for (unsigned k = 0; k < KEY_COUNT; k++) {
		struct grouping by = {.keys = {(enum key)k, (enum key)which},
				      .count = k == which ? 1 : 2};

		if (!document_gives(d, (enum key)k) || !document_gives(d, (enum key)which))
			continue;
		if (document_fold(d, run, &by, &s, &e) == 0)
			CHECK(aggregate_count(&s.groups) <= size);
		snapshot_free(&s);
	}
}

/* What was measured is not more than was written. */
static void measure(const struct document *d, size_t run, size_t size)
{
	struct budget_rule rules[] = {
		{.scope = (char[]){"--by label"}, .column = column_find(SLICE("pss"))},
		{.scope = (char[]){""}, .column = column_find(SLICE("pss"))},
	};
	const struct budget b = {rules, sizeof(rules) / sizeof(*rules)};
	struct budget_runs runs = {NULL, 0};
	struct judgement j;
	struct error e;

	CHECK(budget_runs_add(&runs, &b) && measured_read(document_run(d, run), &b, runs.list[0]));
	for (size_t i = 0; i < b.count; i++) {
		CHECK(runs.list[0][i].names.count <= size);
		CHECK(budget_judge(&b, i, &runs, &runs, &j, &e) == 0);
		judgement_free(&j);
	}
	budget_runs_free(&runs, &b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};
	struct error e = {.code = ERROR_NONE};
	unsigned which = take_u8(&in) % KEY_COUNT;
	struct document *d;

	/* What is in the corpus begins with a brace. */
	if (which == '{' % KEY_COUNT)
		in = (struct slice){(const char *)data, size};
	d = document_parse(in, &e);
	CHECK(d || (e.code == ERROR_MALFORMED && strlen(e.text) > 0));
	if (d)
		fold(d, 0, which, size);
	for (size_t run = 0; d && run < document_runs(d); run++) {
		if (run > 0)
			fold(d, run, which, size);
		measure(d, run, size);
	}
	document_free(d);
	return 0;
}
