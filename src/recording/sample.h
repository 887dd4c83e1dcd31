/*
 * sample: the columns of a sample of a recording, without the memory of its groups.
 */
#ifndef RECORDING_SAMPLE_H
#define RECORDING_SAMPLE_H

#include "model/coverage.h"
#include "recording/database.h"
#include "source/machine.h"

/* Why a sample was taken. */
enum cause { CAUSE_START, CAUSE_TIME, CAUSE_SIGNAL, CAUSE_PRESSURE, CAUSE_OOM, CAUSE_COUNT };

extern const char *const cause_names[CAUSE_COUNT];

struct sample {
	uint64_t number, run;
	uint64_t base;	     /* the sample with the whole state that this one changes, or itself */
	uint64_t time_ms;    /* wall clock, since 1970 */
	uint64_t uptime_ms;  /* since boot, including suspension */
	uint64_t elapsed_ms; /* since the recording began, by clocks that nobody can set */
	uint64_t span_ms;    /* until the next sample, as planned or after thinning */
	enum cause cause;
	uint64_t by_outcome[OUTCOME_COUNT];
	uint64_t unmatched, timed_out, scanned, names_kept, names_lost;
	uint64_t lost;	     /* how many samples just before this one could not be written */
	uint64_t reading_us; /* duration of the reading */
	uint64_t cpu_us;     /* CPU time of the recorder since the previous sample */
	bool stall_known;
	uint64_t stall_some_us, stall_full_us; /* since boot, from /proc/pressure/memory */
	struct meminfo meminfo;
};

void sample_take_coverage(struct sample *s, const struct coverage *c);
void sample_give_coverage(const struct sample *s, struct coverage *c);

/* Sets the time and memory of a machine from a sample. */
void sample_give_machine(const struct sample *s, struct machine *m);

/* How long a sample holds if there is no later one. */
uint64_t sample_reach_ms(const struct sample *s);

uint64_t sample_checksum(const struct sample *s);

extern const char sample_insert[];

/* `rows` is the sum of the checksums of the sample's rows of usage. */
int sample_write(const struct database *d, sqlite3_stmt *insert, const struct sample *s,
		 uint64_t rows, struct error *e);

/* A SELECT, to which a condition is appended; and its current row, with the expected sum of the
 * checksums of its rows of usage. */
#define SAMPLE_SELECT                                                                              \
	"SELECT sample, run, base, time_ms, uptime_ms, elapsed_ms, span_ms, cause, read, "         \
	"no_memory, denied, vanished, truncated, malformed, unmatched, timed_out, scanned, "       \
	"names_kept, names_lost, lost_samples, reading_us, cpu_us, stall_some_us, "                \
	"stall_full_us, mem_total, mem_free, mem_available, mem_cache, anon_pages, "               \
	"shared_memory, mapped_files, swap_total, swap_free, checksum FROM sample "
int sample_read(const struct database *d, sqlite3_stmt *row, struct sample *s, uint64_t *rows,
		struct error *e);

/* The first row of a SELECT with up to two parameters. 1, 0 if there is none, -1 with *e. */
int sample_find(const struct database *d, const char *select, uint64_t first, uint64_t second,
		struct sample *s, uint64_t *rows, struct error *e);

#endif
