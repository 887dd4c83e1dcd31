/* Names of C++ functions as people write them. */
#include "preload/demangle.h"

#include "support.h"

#include <string.h>

static const struct {
	const char *name, *text;
} known[] = {
	{"_Z3foov", "foo"},
	{"_ZL4coldi", "cold"},
	{"_ZN4shop5Cache4growEm", "shop::Cache::grow"},
	{"_ZNK4shop5Cache4sizeEv", "shop::Cache::size"},
	{"_ZN4shop5CacheC2ERKS0_", "shop::Cache::Cache"},
	{"_ZN4shop5CacheD1Ev", "shop::Cache::~Cache"},
	{"_ZN12_GLOBAL__N_14coldEv", "(anonymous)::cold"},
	{"_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc", "std::operator<<<...>"},
	{"_Znwm", "operator new"},
	{"_ZN3AnyaSERKS_", "Any::operator="},
	{"_ZNK3AnycvbEv", "Any::operator (type)"},
	{"_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJRKiEEEvN9__gnu_cxx17__normal_iteratorIPiS1_"
	 "EEDpOT_",
	 "std::vector<...>::_M_realloc_insert<...>"},
	{"_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm",
	 "std::__cxx11::basic_string<...>::_M_create"},
	{"_ZNSs4_Rep9_S_createEmmRKSaIcE", "std::string::_Rep::_S_create"},
	{"_ZN5boost3anyC2IRKNS_10filesystem4pathEEEOT_", "boost::any::any<...>"},
	{"_ZZN4shop5Cache4growEmENKUlvE_clEv", "shop::Cache::grow::(lambda)::operator()"},
	{"_ZZ4mainE3set_0", "main::set"},
	{"_ZN1AIXsr1BIcE1xEE1fEv", NULL}, /* an expression */
	{"_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"},
	{"_ZTV3Any", NULL},
	{"main", NULL},
	{"_Z", NULL},
	{"_Z99foo", NULL},
	{"_ZN", NULL},
	{"_ZN3foo", NULL},
	{"_ZNE", NULL},
	{"", NULL},
};

static void test_known(void **state)
{
	char text[80];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		bool done = demangle(known[i].name, text, sizeof(text));

		if (done != (known[i].text != NULL))
			fail_msg("%s: %s", known[i].name, done ? text : "not understood");
		if (done)
			assert_string_equal(text, known[i].text);
	}
}

/* What does not fit is left out. */
static void test_long(void **state)
{
	char text[8];

	(void)state;
	assert_true(demangle("_ZN4shop5Cache4growEm", text, sizeof(text)));
	assert_string_equal(text, "shop::C");
}

/* Each beginning, and each with a byte changed, ends. */
static void test_hostile(void **state)
{
	char name[256], text[80];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t len = strlen(known[i].name);

		for (size_t at = 0; at < len; at++) {
			for (int c = 0; c < 128; c++) {
				memcpy(name, known[i].name, len + 1);
				name[at] = (char)c;
				demangle(name, text, sizeof(text));
			}
		}
	}
	memset(name, 'P', sizeof(name) - 1);
	memcpy(name, "_Z1fIPP", 7);
	name[sizeof(name) - 1] = '\0';
	assert_false(demangle(name, text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
