/* sandbox: everything except reading and printing fails; each call in its own process. */
#include "support.h"

#include "cli/sandbox.h"
#include "source/pagescan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Makes a call; returns 0 or its errno. */
typedef int attempt(void);

static int result(long status)
{
	return status == -1 ? errno : 0;
}

/* The errno of a call in the sandbox, made by a child that must survive it. */
static int in_sandbox(const struct sandbox *box, attempt *try)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct error e;

		if (sandbox_enter(box, &e) < 0)
			_exit(255);
		_exit(try());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int write_file(void)
{
	return result(open("/dev/null", O_WRONLY));
}

static int write_and_read_file(void)
{
	return result(open("/dev/null", O_RDWR));
}

static int cut_file(void)
{
	return result(open("/dev/null", O_RDONLY | O_TRUNC));
}

static int make_file(void)
{
	return result(open("/dev/null", O_RDONLY | O_CREAT, 0600));
}

static int replace_file(void)
{
	return result(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600));
}

/* Like fopen() with "wx". The file exists. */
static int make_new_file(void)
{
	return result(open("/dev/null", O_WRONLY | O_CREAT | O_EXCL | O_TRUNC, 0600));
}

static int remove_file(void)
{
	return result(unlink("/nonexistent/file"));
}

static int change_mode(void)
{
	return result(chmod("/nonexistent/file", 0600));
}

static int connect_somewhere(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int run_program(void)
{
	char *none[] = {NULL};

	return result(execve("/nonexistent/program", none, none));
}

static int start_process(void)
{
	return result(fork());
}

static int start_by_clone3(void)
{
	return result(syscall(SYS_clone3, NULL, 0));
}

static int trace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int read_memory_of_another(void)
{
	return result(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0));
}

static int signal_another(void)
{
	return result(kill(1, 0));
}

static int signal_all(void)
{
	return result(kill(-1, 0));
}

static int map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? errno
		       : 0;
}

static int make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int type_keys(void)
{
	return result(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static int allow_tracers(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1));
}

static int change_limit(void)
{
	const struct rlimit64 {
		uint64_t soft, hard;
	} limit = {0, 0};

	return result(syscall(SYS_prlimit64, 0, 4, &limit, NULL));
}

static int make_namespace(void)
{
	return result(syscall(SYS_unshare, 0x10000000)); /* of users */
}

/* Whether two processes share memory may be asked; nothing else about them. */
static int compare_memories(void)
{
	return result(syscall(SYS_kcmp, getpid(), getpid(), KCMP_VM, 0, 0));
}

static int compare_files(void)
{
	return result(syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILES, 0, 0));
}

TEST(memories_are_compared)
{
	const struct sandbox box = {.creates = false};
	int outside = compare_memories(); /* a kernel without kcmp() says so inside and outside */

	assert_true(outside == 0 || outside == ENOSYS);
	assert_int_equal(in_sandbox(&box, compare_memories), outside);
}

TEST(what_is_refused)
{
	static attempt *const attempts[] = {
		write_file,	write_and_read_file, cut_file,
		make_file,	replace_file,	     make_new_file,
		remove_file,	change_mode,	     connect_somewhere,
		run_program,	start_process,	     trace,
		signal_another, signal_all,	     map_code,
		make_code,	type_keys,	     allow_tracers,
		change_limit,	make_namespace,	     read_memory_of_another,
		compare_files,
	};
	const struct sandbox box = {.creates = false};

	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		int number = in_sandbox(&box, attempts[i]);

		if (number != EPERM)
			print_error("attempt %zu: %s\n", i, strerror(number));
		assert_int_equal(number, EPERM);
	}
	assert_int_equal(in_sandbox(&box, start_by_clone3), ENOSYS);
}

TEST(a_file_to_create)
{
	const struct sandbox box = {.creates = true};

	assert_int_equal(in_sandbox(&box, make_new_file), EEXIST);
	assert_int_equal(in_sandbox(&box, replace_file), EPERM);
	assert_int_equal(in_sandbox(&box, write_file), EPERM);
}

static pid_t watched; /* not really a child, but an existing process */

static int signal_child(void)
{
	return result(kill(watched, 0));
}

TEST(a_child_to_watch)
{
	const struct sandbox box = {.child = watched = getpid()};

	assert_int_equal(in_sandbox(&box, signal_child), 0);
	assert_int_equal(in_sandbox(&box, signal_another), EPERM);
	assert_int_equal(in_sandbox(&box, change_limit), 0);
	assert_int_equal(in_sandbox(&box, start_process), EPERM);
}

static void *say_hello(void *arg)
{
	*(int *)arg = 42;
	return NULL;
}

static int start_thread(void)
{
	pthread_t thread;
	int answer = 0;

	if (pthread_create(&thread, NULL, say_hello, &answer) != 0)
		return EAGAIN;
	pthread_join(thread, NULL);
	return answer == 42 ? 0 : EINVAL;
}

static int read_file(void)
{
	return result(open("/proc/self/smaps", O_RDONLY | O_CLOEXEC));
}

static int take_memory(void)
{
	free(malloc(64 * 1024 * 1024));
	return 0;
}

static int scan_pages(void)
{
	int number = result(ioctl(open("/proc/self/pagemap", O_RDONLY), PAGEMAP_SCAN, NULL));

	return number == EFAULT || number == ENOTTY ? 0 : number; /* the kernel's own answer */
}

static int signal_itself(void)
{
	signal(SIGUSR1, SIG_IGN);
	return raise(SIGUSR1) == 0 ? 0 : errno;
}

TEST(what_is_needed)
{
	static attempt *const attempts[] = {start_thread, read_file, take_memory, scan_pages,
					    signal_itself};
	const struct sandbox box = {.creates = false};

	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++)
		assert_int_equal(in_sandbox(&box, attempts[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memories_are_compared), cmocka_unit_test(what_is_refused),
		cmocka_unit_test(a_file_to_create),	 cmocka_unit_test(a_child_to_watch),
		cmocka_unit_test(what_is_needed),
	};

	return RUN(tests);
}
