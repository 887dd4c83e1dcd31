/*
 * A process with as few mappings as possible (statically linked): reading its smaps is cheap, so it
 * does not hide what a tool adds per process.
 */
#include <unistd.h>

int main(void)
{
	for (;;)
		pause();
}
