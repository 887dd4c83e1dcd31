/* revocable: a reader's calls go through until the sink is revoked. */
#include "support.h"

#include "collect/revocable.h"

static struct recorder recorder;
static struct revocable revocable;
static char nowhere[] = "";

static int set_up(void **state)
{
	(void)state;
	recorder_init(&recorder, nowhere);
	revocable_init(&revocable, &recorder.sink);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	recorder_free(&recorder);
	return 0;
}

/* Calls the sink like a reader; returns its answer to the mapping. */
static int say_all(void)
{
	const struct process process = {.known = PROCESS_PID, .pid = 7};
	const struct mapping m = {
		.start = 0x1000, .end = 0x2000, .perms = "rw-p", .name = SLICE("/x")};
	const struct counters none = {0};
	const struct sink *s = &revocable.sink;
	struct error e;
	int status;

	s->begin(s->ctx, &process);
	status = s->mapping(s->ctx, &m, &e);
	s->rollup(s->ctx, &none, &none);
	s->cancel(s->ctx);
	s->end(s->ctx, &(struct ending){.outcome = OUTCOME_READ});
	return status;
}

TEST(open)
{
	char *direct;

	assert_int_equal(say_all(), 0);
	direct = strdup(recorder_text(&recorder));
	assert_contains(direct, "begin pid=7\nmapping 1000 /x\n");
	assert_contains(direct, "end read\n");
	free(direct);
	assert_int_equal(revocable.sequence, 10);
}

TEST(shut)
{
	assert_true(revocable_revoke(&revocable, 0));
	assert_int_equal(say_all(), -1);
	assert_string_equal(recorder_text(&recorder), "");
	assert_false(revocable_enter(&revocable));
}

TEST(somebody_is_inside)
{
	assert_true(revocable_enter(&revocable));
	assert_false(revocable_revoke(&revocable, revocable.sequence));
	revocable_leave(&revocable);
	assert_false(revocable_revoke(&revocable, 0));
	assert_true(revocable_revoke(&revocable, revocable.sequence));
}

TEST(a_process_from_begin_to_end)
{
	const struct process process = {.known = PROCESS_PID, .pid = 7};
	const struct sink *s = &revocable.sink;

	revocable_next(&revocable, 7);
	assert_int_equal(revocable.at_hand.pid, 7);
	assert_false(revocable.at_hand.begun || revocable.at_hand.ended);
	s->begin(s->ctx, &process);
	assert_true(revocable.at_hand.begun && !revocable.at_hand.ended);
	s->end(s->ctx, &(struct ending){.outcome = OUTCOME_READ});
	assert_true(revocable.at_hand.ended);
	revocable_next(&revocable, 8);
	assert_false(revocable.at_hand.begun || revocable.at_hand.ended);
}

static bool refuse(unsigned n, const struct process *process)
{
	(void)n, (void)process;
	return false;
}

TEST(a_process_that_is_not_wanted)
{
	const struct process process = {.known = PROCESS_PID, .pid = 7};

	recorder.begin = refuse;
	revocable_next(&revocable, 7);
	assert_false(revocable.sink.begin(revocable.sink.ctx, &process));
	assert_true(revocable.at_hand.ended && !revocable.at_hand.begun);
}

#define GATE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GATE_TEST(open),
		GATE_TEST(shut),
		GATE_TEST(somebody_is_inside),
		GATE_TEST(a_process_from_begin_to_end),
		GATE_TEST(a_process_that_is_not_wanted),
	};

	return RUN(tests);
}
