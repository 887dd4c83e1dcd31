/* Runs a program for which the kernel does not have some system calls: refuse CALL... -- COMMAND...
 */
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		seccomp_rule_add(filter,
				 SCMP_ACT_ERRNO(strcmp(argv[i], "memfd_create") ? EPERM : ENOSYS),
				 seccomp_syscall_resolve_name(argv[i]), 0);
	if (seccomp_load(filter) < 0)
		return 77;
	execvp(argv[i + 1], argv + i + 1);
	return 127;
}
