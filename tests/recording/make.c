/*
 * make FILE: writes a recording that is the same wherever it is made, with all that one can have:
 * groups that come and go, unknown counters and bounds, names of any bytes, a gap, another boot,
 * and runs that tell apart processes and containers. fixtures/recordings/ has what each version
 * made of it.
 */
#include "samples.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600000 };

static struct error error;

static struct writer *begin(const char *path, const char *boot, const struct grouping *by)
{
	static const struct recording_limits limits = {
		.tiers = {.list = {{3 * HOUR_MS, 60000}}, .count = 1}};
	static struct run_facts facts;
	struct writer *w;

	facts = (struct run_facts){.version = "0.1.0",
				   .host = "example",
				   .kernel = "6.18.0",
				   .boot_id = boot,
				   .page_size = 4096,
				   .keeps_labels = ANSWER_NO,
				   .by = by,
				   .options = "-d 10s",
				   .guesses = true};
	w = writer_open(path, &limits, &facts, &error);
	if (!w)
		errx(1, "%s", error.text);
	return w;
}

static void add(struct samples *s, struct writer *w)
{
	if (samples_add(s, w) != WRITING_DONE)
		errx(1, "%s", s->error.text);
}

/* A shop with a leak, a database that swaps, and what comes and goes. */
static void put_services(struct samples *s, unsigned i)
{
	const struct slice shop = SLICE("/system.slice/shop.service");
	const struct slice database = SLICE("/system.slice/database.service");
	const struct slice jobs = SLICE("/system.slice/jobs.service");
	struct group *g;

	samples_put(s, SLICE("shop"), shop, SLICE("[heap]"), 4, 40000 + 100 * i);
	samples_put(s, SLICE("shop"), shop, SLICE("[anon:shop: cache]"), 4, 30000);
	samples_put(s, SLICE("shop"), shop, SLICE("[file]"), 4, 9000 + i % 3);
	g = samples_put(s, SLICE("postgres"), database, SLICE("[anon]"), 9, 150000 - 10 * (i % 60));
	g->counters.bytes[COUNTER_SWAP] = (20000 + UINT64_C(50) * i) * 1024;
	g->counters.bytes[COUNTER_SWAP_PSS] = g->counters.bytes[COUNTER_SWAP] / 3;
	g = samples_put(s, SLICE("postgres"), database, SLICE("[sysv_shm]"), 6, 66000);
	g->counters.known &= ~COUNTER_BIT(COUNTER_SWAP_PSS);
	g->counters.bytes[COUNTER_SWAP_PSS] = 4096;
	g->counters.known &= ~COUNTER_BIT(COUNTER_LOCKED);
	if (i % 90 < 4)
		samples_put(s, SLICE("\033[31mjob\xff"), jobs, SLICE("[heap]"), 1, 70000);
}

static void put_processes(struct samples *s, unsigned i)
{
	samples_put_process(s, 31, 500, SLICE("[heap]"), 4000 + 10 * i);
	samples_put_process(s, 31, 500, SLICE("[stack]"), 132);
	/* The same pid again. */
	samples_put_process(s, 77, i < 20 ? 900 : 950, SLICE("[heap]"), 9000 - 100 * i);
}

static void record_services(const char *path)
{
	struct writer *w = begin(path, "11111111-boot", &samples_by_name);
	struct samples s;

	samples_init(&s, &samples_by_name);
	for (unsigned i = 0; i < 5 * 360; i++) {
		s.read = i % 90 < 4 ? 14 : 13;
		if (i == 700) { /* suspended, or nobody recorded */
			s.time_ms += HOUR_MS / 2;
			s.uptime_ms += HOUR_MS / 2;
		}
		put_services(&s, i);
		add(&s, w);
	}
	writer_close(w);
	samples_free(&s);
}

static void record_processes(const char *path)
{
	struct writer *w = begin(path, "22222222-boot", &samples_by_process);
	struct samples s;

	samples_init(&s, &samples_by_process);
	s.time_ms += 6 * HOUR_MS;
	s.uptime_ms = 60000;
	s.read = 2;
	for (unsigned i = 0; i < 30; i++) {
		put_processes(&s, i);
		add(&s, w);
	}
	writer_close(w);
	samples_free(&s);
}

static void record_places(const char *path)
{
	const struct grouping *by = &samples_by_place;
	struct writer *w = begin(path, "22222222-boot", by);
	struct samples s;

	samples_init(&s, by);
	s.time_ms += 7 * HOUR_MS;
	s.uptime_ms = HOUR_MS;
	s.read = 6;
	for (unsigned i = 0; i < 30; i++) {
		samples_put_place(&s, "shop-api", "default/shop", "containerd.service",
				  5000 + 20 * i);
		samples_put_place(&s, "mail", NULL, "docker.service", 9000);
		samples_put_place(&s, NULL, NULL, "cron.service", 400);
		samples_put_place(&s, NULL, NULL, NULL, 70);
		add(&s, w);
	}
	writer_close(w);
	samples_free(&s);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: make FILE");
	record_services(argv[1]);
	record_processes(argv[1]);
	record_places(argv[1]);
	return 0;
}
