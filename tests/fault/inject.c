/*
 * Preloaded into a program by sweep.py: makes one of its calls fail or return short.
 *
 * Calls are counted from main() on: allocations, threads, and system calls of the C library,
 * including internal ones such as a stream's write or a directory's getdents, since they are caught
 * on entry to the kernel (PR_SET_SYSCALL_USER_DISPATCH, Linux 5.11, x86-64). The environment says
 * which call fails, and how:
 *
 *	FAULT_PROGRAM	only in the program of this name, not in what that runs
 *	FAULT_RECORD	file for struct record, which says what happened
 *	FAULT_CALL	number of the call, from 1; 0 for none
 *	FAULT_WAY	which of the ways this call can fail in, from 0; taken modulo their number
 *	FAULT_PATH	only calls on files whose path has this in it
 *	FAULT_CALLER	only calls that this library makes for itself
 *	FAULT_FOLLOW	calls of child processes count too, until they run another program
 *
 * Built with CALLS_ONLY, it leaves malloc() alone, for programs whose malloc() is to be the C
 * library's, and begins before all other libraries.
 *
 * Files and directories are read in small pieces. At the end, memory still allocated and files
 * still open are counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

#define HIDDEN __attribute__((visibility("hidden")))
#define EXPORT __attribute__((visibility("default")))
#ifdef CALLS_ONLY
#define EXPORT_MALLOC HIDDEN
#else
#define EXPORT_MALLOC EXPORT
#endif

/* Must match sweep.py. */
struct record {
	int64_t calls, failures; /* number of calls counted, and of those made to fail */
	int64_t number; /* the system call that failed, -1 for an allocation, -2 for a thread */
	int64_t error, ways;	 /* errno, or 0 if it returned short; number of ways to fail */
	int64_t ended;		 /* main() returned; the rest is valid only then */
	int64_t allocated, open; /* memory blocks and descriptors left */
	char path[256];
};

/* A way for a call to fail. With `stays`, all later calls of the same kind (on the same file) fail
 * too. */
struct way {
	int error;
	bool stays;
};

enum { SHORT = 0, END = -1 };

static const struct way allocation[] = {{ENOMEM, false}, {ENOMEM, true}, {END, false}},
			thread[] = {{EAGAIN, false}, {EAGAIN, true}, {END, false}},
			opening[] = {{EACCES, false}, {EMFILE, false}, {EMFILE, true},
				     {ENOMEM, false}, {EINTR, false},  {END, false}},
			reading[] = {{EIO, false},   {EINTR, false},  {SHORT, false},
				     {ESRCH, false}, {ENOMEM, false}, {END, false}},
			listing[] = {{EIO, false}, {ENOMEM, false}, {END, false}},
			control[] = {{EIO, false}, {EINTR, false}, {ENOMEM, false}, {END, false}},
			memory[] = {{ENOMEM, false}, {ENOMEM, true}, {END, false}},
			writing[] = {{ENOSPC, true}, {EPIPE, false}, {EIO, false},
				     {EINTR, false}, {SHORT, false}, {END, false}},
			process[] = {{EAGAIN, false}, {ENOMEM, false}, {END, false}},
			descriptor[] = {{EMFILE, false},
					{EMFILE, true},
					{ENOMEM, false},
					{END, false}},
			looking[] = {{EACCES, false}, {EIO, false}, {ENOMEM, false}, {END, false}},
			running[] = {{EACCES, false}, {ENOMEM, false}, {END, false}},
			waiting[] = {{EINTR, false}, {END, false}},
			closing[] = {{EIO, false}, {EINTR, false}, {END, false}},
			limiting[] = {{EPERM, false}, {END, false}};

static const struct {
	int number;
	const struct way *ways;
	int file; /* index of the file argument: 0, or 1 after a directory; with PATH, it is a path
		   */
} kinds[] = {
#define PATH   2
#define MAPPED 4
	{SYS_open, opening, PATH},
	{SYS_openat, opening, PATH + 1},
	{SYS_read, reading, 0},
	{SYS_pread64, reading, 0},
	{SYS_getdents64, listing, 0},
	{SYS_ioctl, control, 0},
	{SYS_mmap, memory, MAPPED},
	{SYS_mremap, memory, -1},
	{SYS_mprotect, memory, -1},
	{SYS_madvise, memory, -1},
	{SYS_write, writing, 0},
	{SYS_writev, writing, 0},
	{SYS_pwrite64, writing, 0},
	{SYS_ftruncate, listing, 0},
	{SYS_getrandom, control, -1},
	{SYS_fcntl, descriptor, 0},
	{SYS_dup3, descriptor, 0},
	{SYS_shmctl, limiting, -1},
	{SYS_fork, process, -1},
	{SYS_clone, process, -1},
	{SYS_execve, running, PATH},
	{SYS_memfd_create, descriptor, PATH},
	{SYS_pipe2, descriptor, -1},
	{SYS_fstat, looking, 0},
	{SYS_newfstatat, looking, PATH + 1},
	{SYS_readlink, looking, PATH},
	{SYS_readlinkat, looking, PATH + 1},
	{SYS_access, looking, PATH},
	{SYS_faccessat, looking, PATH + 1},
	{SYS_faccessat2, looking, PATH + 1},
	{SYS_link, looking, PATH},
	{SYS_linkat, looking, PATH + 1},
	{SYS_rename, looking, PATH},
	{SYS_renameat2, looking, PATH + 1},
	{SYS_fsync, looking, 0},
	{SYS_fdatasync, looking, 0},
	{SYS_fchmod, looking, 0},
	{SYS_fchown, looking, 0},
	{SYS_unlink, looking, PATH},
	{SYS_mkdir, looking, PATH},
	{SYS_flock, looking, 0},
	{SYS_lseek, listing, 0},
	{SYS_socket, descriptor, -1},
	{SYS_bind, looking, 0},
	{SYS_listen, looking, 0},
	{SYS_setsockopt, looking, 0},
	{SYS_accept4, descriptor, 0},
	{SYS_eventfd2, descriptor, -1},
	{SYS_signalfd4, descriptor, -1},
	{SYS_epoll_create1, descriptor, -1},
	{SYS_epoll_ctl, listing, 0},
	{SYS_epoll_wait, waiting, 0},
	{SYS_wait4, waiting, -1},
	{SYS_poll, waiting, -1},
	{SYS_ppoll, waiting, -1},
	{SYS_nanosleep, waiting, -1},
	{SYS_clock_nanosleep, waiting, -1},
	{SYS_rt_sigtimedwait, waiting, -1},
	{SYS_close, closing, 0},
	{SYS_prctl, memory, -1},
	{SYS_prlimit64, limiting, -1},
	{SYS_capget, limiting, -1},
};

enum { ALLOCATION = -1, THREAD = -2 };

static struct record unused, *record = &unused;
static int64_t wanted, way_wanted;
static const char *path_wanted, *caller_wanted;
static bool active;  /* during main() of the right program */
static bool follows; /* child processes too */
static int stays_number = INT_MIN, stays_error;
static long stays_file;
static __thread int quiet __attribute__((tls_model("initial-exec")));
static __thread volatile char selector __attribute__((tls_model("initial-exec")));

/* System calls from the code between these two are let through. */
HIDDEN long fault_call(long number, long a, long b, long c, long d, long e, long f);
HIDDEN void fault_return(void);
HIDDEN void fault_return_at(uintptr_t stack);
HIDDEN extern const char fault_begin[], fault_end[];
__asm__(".text\n"
	".globl fault_begin, fault_end, fault_call, fault_return, fault_return_at\n"
	".hidden fault_begin, fault_end, fault_call, fault_return, fault_return_at\n"
	"fault_begin:\n"
	"fault_call:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"	mov 8(%rsp), %r9\n"
	"	syscall\n"
	"	ret\n"
	"fault_return_at:\n"
	"	mov %rdi, %rsp\n"
	"fault_return:\n"
	"	mov $15, %eax\n"
	"	syscall\n"
	"	hlt\n" /* the address checked is the one after the call */
	"fault_end:\n");

/* Address ranges of libraries. */

struct range {
	uintptr_t begin, end;
};
static struct range libc_text, program_text, caller_text, curses_text[2], archive_text, exported[8];
static size_t exported_count;

static bool lies_in(uintptr_t address, const struct range *r)
{
	return address >= r->begin && address < r->end;
}

static int find_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	const char *slash = strrchr(info->dlpi_name, '/'),
		   *name = slash ? slash + 1 : info->dlpi_name;
	struct range *found = NULL;

	(void)size, (void)ctx;
	if (strcmp(name, "libc.so.6") == 0)
		found = &libc_text;
	else if (caller_wanted && strcmp(name, caller_wanted) == 0)
		found = &caller_text;
	else if (name[0] == '\0')
		found = &program_text;
	else if (strncmp(name, "libtinfo.", 9) == 0 || strncmp(name, "libncursesw.", 12) == 0)
		found = &curses_text[name[3] == 'n'];
	else if (strncmp(name, "libarchive.", 11) == 0)
		found = &archive_text;
	for (int i = 0; found && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && p->p_flags & PF_X)
			*found = (struct range){info->dlpi_addr + p->p_vaddr,
						info->dlpi_addr + p->p_vaddr + p->p_memsz};
	}
	return 0;
}

/* Calls that the library makes in these functions are requested by the program. */
static void find_exported(void)
{
	static const char *const names[] = {"prctl",  "mmap",  "munmap",
					    "mremap", "shmat", "dlclose"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		void *function = dlsym(RTLD_DEFAULT, names[i]);
		void *symbol = NULL;
		Dl_info info;

		if (lies_in((uintptr_t)function, &caller_text) &&
		    dladdr1(function, &info, &symbol, RTLD_DL_SYMENT) && symbol)
			exported[exported_count++] = (struct range){
				(uintptr_t)function,
				(uintptr_t)function + ((const ElfW(Sym) *)symbol)->st_size};
	}
}

/* Whether the first return address outside the C library belongs to the wanted caller. */
static bool is_from_caller(const uintptr_t *stack)
{
	enum { DEPTH = 64 };

	if (!caller_wanted)
		return true;
	for (int i = 0; i < DEPTH; i++) {
		if (!lies_in(stack[i], &caller_text))
			continue;
		for (size_t e = 0; e < exported_count; e++) {
			if (lies_in(stack[i], &exported[e]))
				return false;
		}
		return true;
	}
	return false;
}

/* Whether curses requests memory, itself or through a function of the C library. */
static bool is_from_curses(const uintptr_t *stack)
{
	enum { DEPTH = 32 };

	for (int i = 0; i < DEPTH && !lies_in(stack[i], &program_text); i++) {
		if (lies_in(stack[i], &curses_text[0]) || lies_in(stack[i], &curses_text[1]))
			return true;
	}
	return false;
}

/* Whether libarchive does, itself or through a library that compresses. It is loaded late. */
static bool is_from_archive(const uintptr_t *stack)
{
	enum { DEPTH = 256 };

	dl_iterate_phdr(find_library, NULL);
	for (int i = 0; i < DEPTH && !lies_in(stack[i], &program_text); i++) {
		if (lies_in(stack[i], &archive_text))
			return true;
	}
	return false;
}

/* Deciding. */

static bool has_path(const char *path)
{
	return !path_wanted || strstr(path, path_wanted);
}

/* The path of an open file, or a path argument. */
static void find_path(int file, const long *args, char *path, size_t size)
{
	char link[64];
	long n;

	path[0] = '\0';
	if (file >= PATH && file <= PATH + 1)
		snprintf(path, size, "%s",
			 args[file - PATH] ? (const char *)args[file - PATH] : "");
	if (file == PATH + 1 && path[0] == '\0')
		file = 0; /* an empty path means the descriptor */
	if (file == MAPPED || (file >= 0 && file < PATH)) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", (int)args[file]);
		n = fault_call(SYS_readlink, (long)link, (long)path, (long)size - 1, 0, 0, 0);
		path[n > 0 ? n : 0] = '\0';
	}
}

static void note(int number, const struct way *way, int64_t ways, const char *path)
{
	record->number = number;
	record->error = way->error;
	record->ways = ways;
	snprintf(record->path, sizeof(record->path), "%s", path);
	__atomic_fetch_add(&record->failures, 1, __ATOMIC_RELAXED);
}

/* Returns the errno that this call must fail with, SHORT, or END if it must not fail. */
static int decide(int number, const struct way *ways, long file, const char *path)
{
	int64_t call, count = 0;
	const struct way *way;

	if (quiet)
		return END;
	if (stays_number == number && stays_file == file)
		return stays_error;
	if (!has_path(path))
		return END;
	call = __atomic_add_fetch(&record->calls, 1, __ATOMIC_RELAXED);
	if (call != wanted)
		return END;
	while (ways[count].error != END)
		count++;
	way = &ways[way_wanted % count];
	if (way->stays) {
		stays_number = number;
		stays_file = file;
		stays_error = way->error;
	}
	note(number, way, count, path);
	return way->error;
}

/* System calls. */

static long real(long number, const long *a)
{
	return fault_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long come_back_short(long number, long *a)
{
	enum { LEAST = 8 }; /* reads this much, the size of one item */

	if (number == SYS_write)
		a[2] = (a[2] + 1) / 2;
	else if (number != SYS_writev)
		a[2] = a[2] > LEAST ? LEAST : a[2];
	return real(number, a);
}

/* Splits reads into pieces, so that something also fails in the middle. */
static void divide(long number, long *a)
{
	enum { ENTRIES = 128, TEXT = 16384 };

	if (number == SYS_getdents64 && a[2] > ENTRIES)
		a[2] = ENTRIES;
	if (number == SYS_read && a[2] > TEXT)
		a[2] = TEXT;
}

static long do_call(long number, long *args, uintptr_t from, const uintptr_t *stack)
{
	int error = END, file = -1;
	char path[256];

	if (active)
		divide(number, args);
	for (size_t i = 0; active && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (kinds[i].number != number || !lies_in(from, &libc_text) ||
		    !is_from_caller(stack))
			continue;
		file = kinds[i].file;
		find_path(file, args, path, sizeof(path));
		error = decide((int)number, kinds[i].ways, file == 0 ? args[0] : -1, path);
		break;
	}
	if (error == END)
		return real(number, args);
	if (error == SHORT)
		return come_back_short(number, args);
	if (number == SYS_close)
		real(number, args);
	return -error;
}

static void catch_calls(void);

static void on_call(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	greg_t *r = u->uc_mcontext.gregs;
	long args[] = {r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]};

	(void)signal;
	selector = 0;
	if (info->si_syscall == SYS_rt_sigreturn) {
		/* Returns from another handler, whose frame is there. */
		selector = active;
		fault_return_at((uintptr_t)r[REG_RSP]);
	}
	r[REG_RAX] = do_call(info->si_syscall, args, (uintptr_t)info->si_call_addr,
			     (const uintptr_t *)r[REG_RSP]);
	/* The signal mask takes effect on return from this handler; SIGSYS must stay unblocked. */
	if (info->si_syscall == SYS_rt_sigprocmask) {
		fault_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&u->uc_sigmask, args[3], 0, 0);
		sigdelset(&u->uc_sigmask, SIGSYS);
	}
	/* In a new process, dispatch is off, and memory is a copy. */
	if ((info->si_syscall == SYS_clone || info->si_syscall == SYS_fork) && r[REG_RAX] == 0) {
		active = follows;
		if (follows)
			catch_calls();
		return;
	}
	selector = active;
}

static void catch_calls(void)
{
	struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} action = {on_call, SA_SIGINFO | SA_NODEFER | SA_RESTORER, fault_return, 0};

	fault_call(SYS_rt_sigaction, SIGSYS, (long)&action, 0, sizeof(action.mask), 0, 0);
	if (fault_call(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, 1, (long)fault_begin,
		       fault_end - fault_begin, (long)&selector, 0) < 0) {
		fputs("inject: this kernel cannot catch system calls\n", stderr);
		_exit(99);
	}
	selector = 1;
}

/* Memory. Allocations are recorded in a hash table by address. */

enum { SLOTS = 1 << 18 };
static void *slots[SLOTS];
static int slots_lock;
static int64_t allocated;

static size_t slot_of(const void *p)
{
	return ((uintptr_t)p >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 46;
}

static void lock(void)
{
	while (__atomic_exchange_n(&slots_lock, 1, __ATOMIC_ACQUIRE))
		;
}

static void unlock(void)
{
	__atomic_store_n(&slots_lock, 0, __ATOMIC_RELEASE);
}

static void remember(void *p)
{
	size_t i = slot_of(p);

	lock();
	while (slots[i])
		i = (i + 1) % SLOTS;
	slots[i] = p;
	allocated++;
	unlock();
}

static void forget(void *p)
{
	size_t i = slot_of(p), hole;

	lock();
	while (slots[i] && slots[i] != p)
		i = (i + 1) % SLOTS;
	if (slots[i]) {
		allocated--;
		slots[hole = i] = NULL;
		while (slots[i = (i + 1) % SLOTS]) {
			size_t home = slot_of(slots[i]);

			if ((i - home) % SLOTS >= (i - hole) % SLOTS) {
				slots[hole] = slots[i];
				slots[hole = i] = NULL;
			}
		}
	}
	unlock();
}

static bool fails(const uintptr_t *frame)
{
	int error;

	if (!active || caller_wanted)
		return false;
	error = decide(ALLOCATION, allocation, -1, is_from_curses(frame + 1) ? "curses" : "");
	if (error == END)
		return false;
	if (is_from_archive(frame + 1))
		snprintf(record->path, sizeof(record->path), "libarchive");
	errno = error;
	return true;
}

static char early[4096]; /* for dlsym() */
static size_t early_used;
static void *(*next_malloc)(size_t), *(*next_calloc)(size_t, size_t),
	*(*next_realloc)(void *, size_t);
static void (*next_free)(void *);

static bool find_next(void)
{
	static bool finding;

	if (next_free)
		return true;
	if (finding)
		return false;
	finding = true;
	*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&next_free = dlsym(RTLD_NEXT, "free");
	return true;
}

static void *allocate_early(size_t size)
{
	void *p = early + early_used;

	early_used += (size + 15) / 16 * 16;
	return early_used <= sizeof(early) ? p : NULL;
}

/* curses frees nothing at the end, and caches more or less depending on what it draws. */
static void *taken(void *p, const uintptr_t *frame)
{
	if (p && active && !is_from_curses(frame + 1))
		remember(p);
	return p;
}

#define FRAME __builtin_frame_address(0) /* the return address follows it */

EXPORT_MALLOC void *malloc(size_t size)
{
	if (!find_next())
		return allocate_early(size);
	return fails(FRAME) ? NULL : taken(next_malloc(size), FRAME);
}

EXPORT_MALLOC void *calloc(size_t count, size_t size)
{
	if (!find_next())
		return allocate_early(count * size);
	return fails(FRAME) ? NULL : taken(next_calloc(count, size), FRAME);
}

EXPORT_MALLOC void *realloc(void *old, size_t size)
{
	void *p;

	if (!find_next())
		return allocate_early(size);
	if (fails(FRAME))
		return NULL;
	p = next_realloc(old, size);
	if (p && old)
		forget(old);
	return taken(p, FRAME);
}

/* The C library's own would call its internal realloc(). */
EXPORT_MALLOC void *reallocarray(void *old, size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, all);
}

EXPORT_MALLOC void free(void *p)
{
	if ((char *)p >= early && (char *)p < early + sizeof(early))
		return;
	if (p)
		forget(p);
	if (find_next())
		next_free(p);
}

/* Patterns. glibc crashes if memory runs out in the middle of one, so either all of its allocations
 * succeed or none. */

EXPORT int regcomp(regex_t *pattern, const char *text, int flags)
{
	static int (*next)(regex_t *, const char *, int);
	int status;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "regcomp");
	if (active && decide(ALLOCATION, allocation, -1, text) != END)
		return REG_ESPACE;
	quiet++;
	status = next(pattern, text, flags);
	quiet--;
	return status;
}

EXPORT int regexec(const regex_t *pattern, const char *text, size_t count,
		   regmatch_t groups[restrict count], int flags)
{
	static int (*next)(const regex_t *, const char *, size_t, regmatch_t *, int);
	int status;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "regexec");
	if (active && decide(ALLOCATION, allocation, -1, text) != END)
		return REG_ESPACE;
	quiet++;
	status = next(pattern, text, count, groups, flags);
	quiet--;
	return status;
}

/* Users: the same for lookups by the C library. */

static bool lookup_fails(const char *who)
{
	int error = active && !caller_wanted ? decide(ALLOCATION, descriptor, -1, who) : END;

	if (error != END)
		errno = error;
	return error != END;
}

EXPORT struct passwd *getpwnam(const char *name)
{
	static struct passwd *(*next)(const char *);
	struct passwd *found;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "getpwnam");
	if (lookup_fails(name))
		return NULL;
	quiet++;
	found = next(name);
	quiet--;
	return found;
}

EXPORT int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size,
		      struct passwd **found)
{
	static int (*next)(uid_t, struct passwd *, char *, size_t, struct passwd **);
	int status;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "getpwuid_r");
	*found = NULL;
	if (lookup_fails("user"))
		return errno;
	quiet++;
	status = next(uid, entry, buffer, size, found);
	quiet--;
	return status;
}

/* Threads. */

struct beginning {
	void *(*function)(void *);
	void *argument;
};

static void *start_thread(void *p)
{
	struct beginning begin = *(struct beginning *)p;
	void *result;

	next_free(p);
	catch_calls();
	result = begin.function(begin.argument);
	selector = 0;
	return result;
}

EXPORT int pthread_create(pthread_t *id, const pthread_attr_t *attributes,
			  void *(*function)(void *), void *argument)
{
	static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	struct beginning *begin;
	int status;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
	if (!active)
		return next(id, attributes, function, argument);
	status = caller_wanted ? END : decide(THREAD, thread, -1, "");
	if (status != END)
		return status;
	/* All signals are blocked for a while in the new thread, where a caught call would be
	 * fatal. */
	selector = 0;
	active = false;
	begin = next_malloc(sizeof(*begin));
	*begin = (struct beginning){function, argument};
	status = next(id, attributes, start_thread, begin);
	active = true;
	selector = 1;
	return status;
}

/* A spawned child immediately runs on another stack, on which no handler could return. */
EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const *arguments,
		       char *const *environment)
{
	static int (*next)(pid_t *, const char *, const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const *, char *const *);
	int status;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "posix_spawn");
	selector = 0;
	status = next(pid, path, actions, attributes, arguments, environment);
	selector = active;
	return status;
}

/* The beginning and the end. */

static int (*next_main)(int, char **, char **);

static int64_t number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoll(text, NULL, 10) : 0;
}

/* Uses direct system calls: if a library interposes these functions, it would be its first call. */
static void map_record(void)
{
	const char *path = getenv("FAULT_RECORD");
	long fd = path ? fault_call(SYS_open, (long)path, O_RDWR, 0, 0, 0, 0) : -1, shared = -1;

	if (fd >= 0)
		shared = fault_call(SYS_mmap, 0, sizeof(*record), PROT_READ | PROT_WRITE,
				    MAP_SHARED, fd, 0);
	if (shared < 0) {
		fputs("inject: FAULT_RECORD cannot be mapped\n", stderr);
		_exit(99);
	}
	fault_call(SYS_close, fd, 0, 0, 0, 0, 0);
	record = (struct record *)shared;
}

static int64_t count_open(void)
{
	int64_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static bool is_program(const char *path)
{
	const char *slash = strrchr(path, '/'), *program = getenv("FAULT_PROGRAM");

	return program && strcmp(slash ? slash + 1 : path, program) == 0;
}

static void start(void)
{
	map_record();
	wanted = number_of("FAULT_CALL");
	way_wanted = number_of("FAULT_WAY");
	path_wanted = getenv("FAULT_PATH");
	caller_wanted = getenv("FAULT_CALLER");
	follows = getenv("FAULT_FOLLOW") != NULL;
	dl_iterate_phdr(find_library, NULL);
	if (caller_wanted)
		find_exported();
	find_next();
	active = true;
	catch_calls();
}

/* A library may work before main(). */
__attribute__((constructor)) static void start_early(int argc, char **argv, char **environment)
{
	if (!environ) /* the C library was not set up yet */
		environ = environment;
	if (argc > 0 && is_program(argv[0]) && getenv("FAULT_CALLER"))
		start();
}

static int our_main(int argc, char **argv, char **environment)
{
	int status;

	if (!active)
		start();
	status = next_main(argc, argv, environment);
	selector = 0;
	active = false;
	record->allocated = allocated;
	record->open = count_open();
	record->ended = 1;
	return status;
}

EXPORT int __libc_start_main(int (*main_)(int, char **, char **), int argc, char **argv,
			     void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
			     void *stack_end);
EXPORT int __libc_start_main(int (*main_)(int, char **, char **), int argc, char **argv,
			     void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
			     void *stack_end)
{
	__typeof__(&__libc_start_main) next;

	*(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
	next_main = main_;
	if (!is_program(argv[0]))
		return next(main_, argc, argv, init, fini, rtld_fini, stack_end);
	return next(our_main, argc, argv, init, fini, rtld_fini, stack_end);
}
