/*
 * A process of as few mappings as a C program can have (linked statically): reading its smaps costs
 * little, so what a tool adds for each process is not lost in it.
 */
#include <unistd.h>

int main(void)
{
	for (;;)
		pause();
}
