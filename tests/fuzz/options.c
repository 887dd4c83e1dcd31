/* A command line: the first byte selects the command, then one word per line. */
#include "cli/options.h"
#include "cli/arguments.h"

#include "fuzz.h"

#include <getopt.h>

enum { WORDS_MAX = 64 };

static int split(char *text, char **words)
{
	static char program[] = "anonmem";
	int count = 0;
	char *word;

	words[count++] = program;
	while (count < WORDS_MAX && (word = strsep(&text, "\n")))
		words[count++] = word;
	words[count] = NULL;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};
	enum option_command command = take_u8(&in) % 2 ? FOR_TOP : FOR_REPORT;
	char *text = copy_string(in), *words[WORDS_MAX + 1];
	struct error e = {.code = ERROR_NONE};
	struct options o;

	if (!is_costly(in)) {
		optind = 0; /* restarts getopt */
		if (arguments_parse(command, split(text, words), words, &o, &e) < 0)
			CHECK(e.code == ERROR_USAGE && strlen(e.text) > 0);
		else
			CHECK(o.action != ACTION_REPORT || o.by.count > 0);
		arguments_free(&o);
	}
	free(text);
	return 0;
}
