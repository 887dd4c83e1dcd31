/* record_words: the words of a record's text; for src/model/record_*.c only. */
#ifndef MODEL_RECORD_WORDS_H
#define MODEL_RECORD_WORDS_H

#include "model/record.h"

#define RECORD_FIRST_LINE "anonmem-record 1\n"
#define RECORD_LAST_LINE  "end\n"

enum {
	MATCH_COUNT = MATCH_UNKNOWN + 1,
	PERMS_MAX = sizeof(((struct mapping *)NULL)->perms) - 1,
};

extern const char *const record_match_names[MATCH_COUNT], *const record_how_names[HOW_COUNT];
extern const char *const record_answers[2], *const record_counter_names[COUNTER_COUNT];

#endif
