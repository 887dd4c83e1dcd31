#include "cli/wakeup.h"

#include "base/clock.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "source/stall.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* Groups at their limit change their files all the time, and each sample takes some of the memory
 * that they lack. */
enum { LOOK_NS = SECOND_NS / 5, LOOK_AFTER_SAMPLE_NS = SECOND_NS, POLL_NS = SECOND_NS };

static int open_signals(struct error *e)
{
	sigset_t set;

	sigemptyset(&set);
	signals_add_ends(&set);
	sigaddset(&set, SIGUSR1);
	/* Exceeding the limit on file size is an error, like a full disk, not a signal. */
	signal(SIGXFSZ, SIG_IGN);
	return signals_open(&set, e);
}

/* If the kernel does not count stalls, processes that are killed for lack of memory still cause
 * samples. */
static int open_pressure(struct wakeup *w, struct error *e)
{
	struct source *source;

	if (stall_is_counted()) {
		w->pressure = stall_watch(e);
		if (w->pressure < 0)
			return -1;
	} else {
		say("this kernel has no /proc/pressure/memory; --on-pressure takes samples only "
		    "when a process is killed for lack of memory");
	}
	source = source_open_proc(NULL, NULL, 0, e);
	if (source)
		w->oom = oom_watch_open(source, e);
	source_close(source);
	return w->oom ? 0 : -1;
}

int wakeup_open(struct wakeup *w, bool on_pressure, struct error *e)
{
	*w = (struct wakeup){.signals = -1, .pressure = -1};
	w->signals = open_signals(e);
	if (w->signals < 0)
		return -1;
	return on_pressure ? open_pressure(w, e) : 0;
}

void wakeup_close(struct wakeup *w)
{
	if (w->signals >= 0)
		close(w->signals);
	if (w->pressure >= 0)
		close(w->pressure);
	oom_watch_close(w->oom);
}

/* Reads signals that ask to end, or for a sample. */
static void read_signals(int fd, bool *ends, bool *asks)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		*asks |= info.ssi_signo == SIGUSR1;
		*ends |= info.ssi_signo != SIGUSR1;
	}
}

static struct timespec time_until(uint64_t due)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), left = due > now ? due - now : 0;

	return clock_timespec(left);
}

/* Whether a process was killed or refused memory. */
static bool look(struct wakeup *w)
{
	bool rose = oom_watch_look(w->oom);
	bool polls = oom_watch_fd(w->oom) < 0;

	w->look_at = clock_ns(CLOCK_MONOTONIC) + (rose	  ? LOOK_AFTER_SAMPLE_NS
						  : polls ? POLL_NS
							  : LOOK_NS);
	return rose;
}

bool wakeup_wait(struct wakeup *w, uint64_t due, enum cause *cause)
{
	const uint64_t until = w->ends && w->ends < due ? w->ends : due;
	bool ends = false, asks = false;

	for (;;) {
		bool rests = w->oom && clock_ns(CLOCK_MONOTONIC) < w->look_at;
		bool polls = w->oom && oom_watch_fd(w->oom) < 0;
		struct pollfd fds[] = {
			{.fd = w->signals, .events = POLLIN},
			{.fd = w->pressure, .events = POLLPRI},
			{.fd = w->oom && !rests ? oom_watch_fd(w->oom) : -1, .events = POLLIN}};
		struct timespec left =
			time_until((rests || polls) && w->look_at < until ? w->look_at : until);
		bool ready = ppoll(fds, 3, &left, NULL) > 0, oom;

		if (ready && fds[0].revents)
			read_signals(w->signals, &ends, &asks);
		oom = w->oom && clock_ns(CLOCK_MONOTONIC) >= w->look_at &&
		      (polls || (ready && fds[2].revents)) && look(w);
		*cause = asks				     ? CAUSE_SIGNAL
			 : oom				     ? CAUSE_OOM
			 : ready && fds[1].revents & POLLPRI ? CAUSE_PRESSURE
							     : CAUSE_TIME;
		if (ends || (w->ends && clock_ns(CLOCK_MONOTONIC) >= w->ends))
			return false;
		if (*cause != CAUSE_TIME || clock_ns(CLOCK_MONOTONIC) >= due)
			return true;
	}
}
