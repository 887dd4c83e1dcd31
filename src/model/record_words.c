#include "model/record_words.h"

const char *const record_match_names[MATCH_COUNT] = {
	[MATCH_YES] = "yes", [MATCH_NO] = "no", [MATCH_UNKNOWN] = "unknown"};

const char *const record_how_names[HOW_COUNT] = {
	[HOW_SCANNED] = "scanned",	     [HOW_CANNOT_SCAN] = "cannot_scan",
	[HOW_MAY_NOT_SCAN] = "may_not_scan", [HOW_MARKED] = "marked",
	[HOW_NAMES_KEPT] = "names_kept",     [HOW_NAMES_LOST] = "names_lost",
	[HOW_TIMED_OUT] = "timed_out",	     [HOW_NO_SMAPS] = "no_smaps",
	[HOW_MAYBE_SHARED] = "maybe_shared",
};

const char *const record_answers[2] = {[false] = "no", [true] = "yes"};

#define COUNTER_NAME(id, key, name, header, help) [COUNTER_##id] = (name),
const char *const record_counter_names[COUNTER_COUNT] = {ALL_COUNTERS(COUNTER_NAME)};
#undef COUNTER_NAME
