#include "recording/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECOND_MS = 1000 };

/* Takes exactly that many digits. False if there are fewer or the number is too large. */
static bool take_digits(const char **text, int digits, int most, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = 10 * *number + (*(*text)++ - '0');
	}
	return *number <= most;
}

static bool take(const char **text, char byte)
{
	if (**text != byte)
		return false;
	++*text;
	return true;
}

static bool take_clock(const char **text, struct tm *tm)
{
	tm->tm_sec = 0;
	if (!take_digits(text, 2, 23, &tm->tm_hour) || !take(text, ':') ||
	    !take_digits(text, 2, 59, &tm->tm_min))
		return false;
	return !take(text, ':') || take_digits(text, 2, 60, &tm->tm_sec);
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month < 1 || month > 12 ? 0 : days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **text, struct tm *tm)
{
	if (!take_digits(text, 4, 9999, &tm->tm_year) || !take(text, '-') ||
	    !take_digits(text, 2, 12, &tm->tm_mon) || !take(text, '-') ||
	    !take_digits(text, 2, 31, &tm->tm_mday) || tm->tm_year < 1970 || tm->tm_mday < 1 ||
	    tm->tm_mday > days_of(tm->tm_year, tm->tm_mon))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return true;
}

/* Sets a whole second, which includes all samples in it. */
static bool set(struct when *w, time_t seconds)
{
	if (seconds < 0)
		return false;
	*w = (struct when){WHEN_TIME, (uint64_t)seconds * SECOND_MS + SECOND_MS - 1};
	return true;
}

static bool parse_date(const char *text, struct when *w)
{
	struct tm tm = {.tm_isdst = -1};
	bool utc;

	if (!take_date(&text, &tm) || (!take(&text, 'T') && !take(&text, ' ')) ||
	    !take_clock(&text, &tm))
		return false;
	utc = take(&text, 'Z');
	return *text == '\0' && set(w, utc ? timegm(&tm) : mktime(&tm));
}

/* When the clock shows a time, on the day of `near` or so many days after it. */
static time_t on_day(const struct tm *near, const struct tm *clock, int days)
{
	struct tm tm = *near;

	tm.tm_mday += days;
	tm.tm_hour = clock->tm_hour;
	tm.tm_min = clock->tm_min;
	tm.tm_sec = clock->tm_sec;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

static bool parse_clock(const char *text, uint64_t near_ms, struct tm *near, struct tm *clock)
{
	time_t seconds = (time_t)(near_ms / SECOND_MS);

	*clock = (struct tm){0};
	return take_clock(&text, clock) && *text == '\0' && localtime_r(&seconds, near);
}

/* A time of day, on the day of the last sample or the day before. */
static bool parse_last_clock(const char *text, uint64_t end_ms, struct when *w)
{
	struct tm near, clock;
	time_t found;

	if (!parse_clock(text, end_ms, &near, &clock))
		return false;
	found = on_day(&near, &clock, 0);
	return set(w, found > (time_t)(end_ms / SECOND_MS) ? on_day(&near, &clock, -1) : found);
}

/* A time of day, on the day when a span begins or the day after. */
static bool parse_next_clock(const char *text, uint64_t begin_ms, struct when *w)
{
	struct tm near, clock;
	time_t found;

	if (!parse_clock(text, begin_ms, &near, &clock))
		return false;
	found = on_day(&near, &clock, 0);
	return set(w, found < (time_t)(begin_ms / SECOND_MS) ? on_day(&near, &clock, 1) : found);
}

static bool parse_back(const char *text, struct when *w)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 36e5}, {"d", 864e5}};
	char *unit;
	double number = strtod(text, &unit);

	if (unit == text || *text < '0' || *text > '9')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		double back = number * units[i].ms;

		if (strcmp(unit, units[i].unit) == 0 && back <= 1e15) {
			*w = (struct when){WHEN_BACK, (uint64_t)back};
			return true;
		}
	}
	return false;
}

/* What does not depend on any other time. */
static bool parse_fixed(const char *text, struct when *w)
{
	bool first = strcmp(text, "first") == 0;

	if (first || strcmp(text, "last") == 0) {
		*w = (struct when){first ? WHEN_FIRST : WHEN_LAST, 0};
		return true;
	}
	return text[0] == '-' ? parse_back(text + 1, w) : parse_date(text, w);
}

bool when_parse(const char *text, uint64_t end_ms, struct when *w)
{
	return parse_fixed(text, w) || parse_last_clock(text, end_ms, w);
}

bool when_parse_end(const char *text, uint64_t begin_ms, struct when *w)
{
	return parse_fixed(text, w) || parse_next_clock(text, begin_ms, w);
}
