#include "cli/sandbox.h"

#include "source/cachestat.h"
#include "source/meminfo.h"
#include "source/pagescan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <wchar.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* Allowed with any arguments. */
static const int allowed[] = {
	/* reading */
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(fstatfs),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(fcntl),
	SCMP_SYS(fadvise64),
	SCMP_SYS(memfd_create),
	SYS_CACHESTAT,
	/* writing to open files */
	SCMP_SYS(write),
	SCMP_SYS(writev),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	/* threads */
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(gettid),
	SCMP_SYS(exit),
	/* time */
	SCMP_SYS(clock_getres), /* for glibc's clock_getcpuclockid() */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(restart_syscall),
	/* signals, and waiting for keys */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	/* information */
	SCMP_SYS(getpid),
	SCMP_SYS(getpgrp),
	SCMP_SYS(getpgid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrusage),
	SCMP_SYS(getrandom),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(capget),
	/* exit */
	SCMP_SYS(exit_group),
};

/* Pages and terminals; but not TIOCSTI, which injects input. */
static const unsigned long requests[] = {
	PAGEMAP_SCAN, FIONREAD, TCGETS, TCSETS,	    TCSETSW,
	TCSETSF,      TCFLSH,	TCSBRK, TIOCGWINSZ, TIOCGPGRP,
};

/* For accepting and answering connections; none can be opened. */
static const int serving[] = {
	SCMP_SYS(accept4),    SCMP_SYS(recvfrom),    SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),    SCMP_SYS(shutdown),    SCMP_SYS(setsockopt),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl),
};

enum { OPENING = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC };

/* Keeps the first error of libseccomp in *status. */
static void allow(scmp_filter_ctx filter, int *status, int number, unsigned count,
		  const struct scmp_arg_cmp *arguments)
{
	if (*status == 0)
		*status = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, arguments);
}

static void allow_with(scmp_filter_ctx filter, int *status, int number,
		       struct scmp_arg_cmp argument)
{
	allow(filter, status, number, 1, &argument);
}

static struct scmp_arg_cmp equals(unsigned argument, uint64_t value)
{
	return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

static struct scmp_arg_cmp masked(unsigned argument, uint64_t mask, uint64_t value)
{
	return (struct scmp_arg_cmp){
		.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static void allow_files(scmp_filter_ctx filter, int *status, const struct sandbox *box)
{
	allow_with(filter, status, SCMP_SYS(openat), masked(2, OPENING & ~O_EXCL, O_RDONLY));
	if (box->creates) {
		allow_with(filter, status, SCMP_SYS(openat),
			   masked(2, OPENING, O_WRONLY | O_CREAT | O_EXCL | O_TRUNC));
		allow(filter, status, SCMP_SYS(ftruncate), 0, NULL);
	}
	if (box->records) {
		allow(filter, status, SCMP_SYS(pwrite64), 0, NULL);
		allow(filter, status, SCMP_SYS(ftruncate), 0, NULL);
		allow(filter, status, SCMP_SYS(fsync), 0, NULL);
		allow(filter, status, SCMP_SYS(fdatasync), 0, NULL);
		/* for control groups that are created later */
		allow(filter, status, SCMP_SYS(inotify_add_watch), 0, NULL);
	}
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		allow_with(filter, status, SCMP_SYS(ioctl), equals(1, requests[i]));
}

/* Memory that is not executable; threads, but not processes. */
static void allow_work(scmp_filter_ctx filter, int *status)
{
	const struct scmp_arg_cmp no_code = masked(2, PROT_EXEC, 0);

	allow_with(filter, status, SCMP_SYS(mmap), no_code);
	allow_with(filter, status, SCMP_SYS(mprotect), no_code);
	allow_with(filter, status, SCMP_SYS(prctl), equals(0, PR_SET_VMA));
	allow_with(filter, status, SCMP_SYS(kcmp), equals(2, KCMP_VM));
	allow_with(filter, status, SCMP_SYS(prlimit64), equals(2, 0));
	allow_with(filter, status, SCMP_SYS(clone), masked(0, CLONE_THREAD, CLONE_THREAD));
	/* The filter cannot see clone3()'s flags; if that is missing, glibc uses clone(). */
	if (*status == 0)
		*status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* Signals to this process, so that it stops and ends like other programs, and to the child that it
 * watches. */
static void allow_signals(scmp_filter_ctx filter, int *status, const struct sandbox *box)
{
	const struct scmp_arg_cmp self = equals(0, (uint64_t)getpid());

	allow_with(filter, status, SCMP_SYS(kill), self);
	allow_with(filter, status, SCMP_SYS(tgkill), self);
	if (box->child == 0)
		return;
	allow_with(filter, status, SCMP_SYS(kill), equals(0, (uint64_t)box->child));
	allow(filter, status, SCMP_SYS(wait4), 0, NULL);
	/* To disable core dumps before dying by the child's signal. */
	allow_with(filter, status, SCMP_SYS(prlimit64), equals(0, 0));
}

static int fill(scmp_filter_ctx filter, const struct sandbox *box)
{
	int status = 0;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		allow(filter, &status, allowed[i], 0, NULL);
	for (size_t i = 0; box->serves && i < sizeof(serving) / sizeof(*serving); i++)
		allow(filter, &status, serving[i], 0, NULL);
	allow_files(filter, &status, box);
	allow_work(filter, &status);
	allow_signals(filter, &status, box);
	return status;
}

int sandbox_enter(const struct sandbox *box, struct error *e)
{
	scmp_filter_ctx filter;
	struct error ignored;
	int status;

	if (!ANONMEM_SANDBOX)
		return 0;
	/* Loads the locale's character converter, which may be a library that is loaded on first
	 * use. */
	btowc('a');
	/* Without it, the machine's memory is unknown. */
	meminfo_load(&ignored);
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return error_memory(e);
	/* If this fails, there are no seccomp filters, or this is not a real kernel (valgrind). */
	status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (status < 0) {
		seccomp_release(filter);
		return 0;
	}
	status = fill(filter, box);
	if (status == 0)
		status = seccomp_load(filter);
	seccomp_release(filter);
	errno = -status;
	return status < 0 ? error_errno(e, "cannot restrict system calls") : 0;
}
