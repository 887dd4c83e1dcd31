/* Calls the library of libshop.cc: functions WHAT, where WHAT is fill or much. */
#include <stdio.h>
#include <string.h>

void fill(void);
void ask_for_much(void);

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "much") == 0)
		ask_for_much();
	else
		fill();
	puts("ready");
	fflush(stdout);
	return getchar() == EOF ? 0 : 1;
}
