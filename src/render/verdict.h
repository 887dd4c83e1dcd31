/* verdict: the judgement of a budget, for people, programs, CI and pull requests. */
#ifndef RENDER_VERDICT_H
#define RENDER_VERDICT_H

#include "render/render.h"
#include "render/runs.h"
#include "report/budget.h"

struct verdict_view {
	const struct budget *budget;
	const struct judgement *judgements; /* of each rule */
	const struct delta *delta;	    /* from the baseline, or from nothing, to now */
	bool has_baseline;
	bool quiet; /* only rules that are not within their limit */
	bool color;
	enum units units;
	const char *version;
	const struct run_view *runs; /* of what is judged */
	size_t run_count;
	uint64_t readings; /* of the program; 0 without one */
	int program;	   /* its exit status, 128 and the signal if it was killed; or -1 */
};

/* The worst of all rules. */
enum verdict verdict_of_all(const struct verdict_view *v);

struct verdict_format {
	const char *name;
	/* 0, or -1 with *e if out of memory. */
	int (*write)(const struct verdict_view *v, FILE *out, struct error *e);
};

/* Ends with a format without a name; the first is the default. */
extern const struct verdict_format verdict_formats[];

#endif
