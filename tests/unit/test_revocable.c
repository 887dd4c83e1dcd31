/* gate: what a reader says goes through until nobody wants to hear it any more. */
#include "support.h"

#include "collect/revocable.h"

static struct recorder recorder;
static struct gate gate;
static char nowhere[] = "";

static int set_up(void **state)
{
	(void)state;
	recorder_init(&recorder, nowhere);
	gate_init(&gate, &recorder.sink);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	recorder_free(&recorder);
	return 0;
}

/* As a reader calls its sink; what that says of a mapping is returned. */
static int say_all(void)
{
	const struct process process = {.known = PROCESS_PID, .pid = 7};
	const struct mapping m = {
		.start = 0x1000, .end = 0x2000, .perms = "rw-p", .name = SLICE("/x")};
	const struct counters none = {0};
	const struct sink *s = &gate.sink;
	struct error e;
	int status;

	s->begin(s->ctx, &process);
	status = s->mapping(s->ctx, &m, &e);
	s->rollup(s->ctx, &none, &none);
	s->cancel(s->ctx);
	s->end(s->ctx, OUTCOME_READ, NULL);
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
	assert_int_equal(gate.passages, 10);
}

TEST(shut)
{
	assert_true(gate_shut(&gate, 0));
	assert_int_equal(say_all(), -1);
	assert_string_equal(recorder_text(&recorder), "");
	assert_false(gate_enter(&gate));
}

TEST(somebody_is_inside)
{
	assert_true(gate_enter(&gate));
	assert_false(gate_shut(&gate, gate.passages));
	gate_leave(&gate);
	assert_false(gate_shut(&gate, 0));
	assert_true(gate_shut(&gate, gate.passages));
}

TEST(a_process_from_begin_to_end)
{
	const struct process process = {.known = PROCESS_PID, .pid = 7};
	const struct sink *s = &gate.sink;

	gate_next(&gate, 7);
	assert_int_equal(gate.at_hand.pid, 7);
	assert_false(gate.at_hand.begun || gate.at_hand.ended);
	s->begin(s->ctx, &process);
	assert_true(gate.at_hand.begun && !gate.at_hand.ended);
	s->end(s->ctx, OUTCOME_READ, NULL);
	assert_true(gate.at_hand.ended);
	gate_next(&gate, 8);
	assert_false(gate.at_hand.begun || gate.at_hand.ended);
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
	gate_next(&gate, 7);
	assert_false(gate.sink.begin(gate.sink.ctx, &process));
	assert_true(gate.at_hand.ended && !gate.at_hand.begun);
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
