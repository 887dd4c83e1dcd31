/* `anonmem run` as it is built where there are no heaps, such as for ARM. Nothing is run. */
#include "support.h"

#include "cli/command.h"
#include "cli/say.h"
#include "cli/summary.h"

#include <getopt.h>

static char said[1024];
static bool ran;

void say(const char *text)
{
	snprintf(said, sizeof(said), "%s", text);
}

int summary_run(char **command, bool heaps, struct error *e)
{
	(void)e;
	assert_string_equal(command[0], "true");
	assert_false(heaps);
	ran = true;
	return EXIT_DONE;
}

static enum exit_status run(char *option)
{
	char name[] = "run", summary[] = "--summary", program[] = "true";
	char *words[] = {name, summary, option, program, NULL};

	said[0] = '\0';
	ran = false;
	optind = 0;
	return command_run(4, words);
}

static void heaps_are_refused(void **state)
{
	char heaps[] = "--heaps", caller[] = "--heaps=caller";

	(void)state;
	assert_int_equal(run(heaps), EXIT_USAGE);
	assert_string_equal(said, "run: --heaps: not built into this anonmem; it needs an x86-64 "
				  "processor and jemalloc");
	assert_int_equal(run(caller), EXIT_USAGE);
	assert_contains(said, "not built into this anonmem");
	assert_false(ran);
}

static void all_else_is_not(void **state)
{
	char none[] = "--label=none";

	(void)state;
	run(none);
	assert_null(strstr(said, "not built"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heaps_are_refused),
		cmocka_unit_test(all_else_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
