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

static bool take_date(const char **text, struct tm *tm)
{
	if (!take_digits(text, 4, 9999, &tm->tm_year) || !take(text, '-') ||
	    !take_digits(text, 2, 12, &tm->tm_mon) || !take(text, '-') ||
	    !take_digits(text, 2, 31, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return tm->tm_year >= 70 && tm->tm_mon >= 0 && tm->tm_mday > 0;
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

/* A time of day, on the day of the last sample or the day before. */
static bool parse_clock(const char *text, uint64_t end_ms, struct when *w)
{
	time_t end = (time_t)(end_ms / SECOND_MS), found;
	struct tm tm, clock = {0};

	if (!take_clock(&text, &clock) || *text != '\0' || !localtime_r(&end, &tm))
		return false;
	for (int day = 0; day < 2; day++) {
		struct tm day_tm = tm;

		day_tm.tm_mday -= day;
		day_tm.tm_hour = clock.tm_hour;
		day_tm.tm_min = clock.tm_min;
		day_tm.tm_sec = clock.tm_sec;
		day_tm.tm_isdst = -1;
		found = mktime(&day_tm);
		if (found <= end)
			break;
	}
	return set(w, found);
}

static bool parse_back(const char *text, uint64_t end_ms, struct when *w)
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
			uint64_t ms = (uint64_t)back;

			*w = (struct when){WHEN_TIME, ms < end_ms ? end_ms - ms : 0};
			return true;
		}
	}
	return false;
}

bool when_parse(const char *text, uint64_t end_ms, struct when *w)
{
	*w = (struct when){WHEN_LAST, end_ms};
	if (strcmp(text, "last") == 0)
		return true;
	w->kind = WHEN_FIRST;
	if (strcmp(text, "first") == 0)
		return true;
	if (text[0] == '-')
		return parse_back(text + 1, end_ms, w);
	return parse_clock(text, end_ms, w) || parse_date(text, w);
}
