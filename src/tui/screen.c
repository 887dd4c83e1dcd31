#include "tui/screen.h"

#include "base/textstream.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include <ncurses.h>
#include <term.h>

static SCREEN *terminal;
static struct mouse last_mouse; /* the event of the last mouse key */
static struct termios before;
static volatile sig_atomic_t caught, stopping;
static sigset_t unblocked; /* signals are only unblocked while screen_wait() waits, so that none is
			      missed */
/* The sequences that restore the terminal when curses cannot be used for it; NULL if the terminal
 * is not in use. */
static char *leave;

/* Signals that terminate a program properly, */
static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
/* and those of a crash. */
static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

enum { ENDINGS = sizeof(endings) / sizeof(*endings), CRASHES = sizeof(crashes) / sizeof(*crashes) };

static void on_ending(int number)
{
	caught = number;
}

static void on_stop(int number)
{
	(void)number;
	stopping = 1;
}

/* Restores the terminal; async-signal-safe. */
static void give_back(void)
{
	ssize_t n = leave ? write(STDOUT_FILENO, leave, strlen(leave)) : 0;

	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* The handler is reset, so the signal takes its default action. */
static void on_crash(int number)
{
	give_back();
	raise(number);
}

/* curses itself exits if it is out of memory. */
static void on_exit_of_curses(void)
{
	if (leave)
		give_back();
}

static void catch (const int *numbers, int count, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	for (int i = 0; i < count; i++)
		sigaction(numbers[i], &action, NULL);
}

/* Leaves the alternate screen, shows the cursor and turns mouse reports off. */
static char *leave_text(void)
{
	static const char *const names[] = {"sgr0", "cnorm", "rmcup", "rmkx"};
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);
	const char *mouse = tigetstr("kmous");

	if (!out)
		return NULL;
	/* Without tiparm(): if memory is short, del_curterm() cannot free what that caches. */
	if (mouse && mouse != (char *)-1)
		fputs("\033[?1006;1000l", out);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *part = tigetstr(names[i]);

		if (part && part != (char *)-1)
			fputs(part, out);
	}
	return textstream_close(out, &text) ? text : NULL;
}

static void block(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < ENDINGS; i++)
		sigaddset(&set, endings[i]);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &unblocked);
}

/* Handles the stop key. curses would handle it too, but ignores it while drawing. */
static void catch_stop(void)
{
	const int number = SIGTSTP;
	struct sigaction action;

	if (sigaction(SIGTSTP, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
		catch (&number, 1, on_stop, 0);
}

void screen_leave(void)
{
	const int number = SIGTSTP;
	struct winsize size;
	sigset_t set;

	endwin();
	catch (&number, 1, SIG_DFL, 0);
	raise(SIGTSTP);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* the process stops here */
	sigprocmask(SIG_BLOCK, &set, NULL);
	catch_stop();
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
}

/* Whether the terminal has cursor addressing. Also finds out how to leave such a terminal. */
static int can_hold_a_screen(struct error *e)
{
	const char *address = NULL;
	int result, status = 0;

	if (setupterm(NULL, STDOUT_FILENO, &result) == OK) {
		address = tigetstr("cup");
		leave = leave_text();
		if (!leave)
			status = error_memory(e);
		del_curterm(cur_term);
	}
	if (status == 0 && (!address || address == (char *)-1))
		status = error_set(e, ERROR_SYSTEM,
				   "unknown terminal or one without a screen (TERM=%s); use -b",
				   getenv("TERM"));
	return status;
}

/* NOFLSH keeps a signal key from discarding earlier input. That could happen after curses has seen
 * that there is input; reading would then block, with signals blocked. */
static void keep_keys(void)
{
	struct termios mode;

	if (tcgetattr(STDIN_FILENO, &mode) < 0)
		return;
	mode.c_lflag |= NOFLSH;
	tcsetattr(STDIN_FILENO, TCSANOW, &mode);
	def_prog_mode();
}

static void set_colors(bool color)
{
	if (!color || !has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(1, COLOR_GREEN, -1);
	init_pair(2, COLOR_RED, -1);
}

static void catch_signals(void)
{
	static bool at_exit;

	if (!at_exit)
		at_exit = atexit(on_exit_of_curses) == 0;
	caught = 0;
	catch (endings, ENDINGS, on_ending, 0);
	block();
	catch (crashes, CRASHES, on_crash, (int)SA_RESETHAND | SA_NODEFER);
	signal(SIGXFSZ, SIG_IGN); /* make exceeding the file size limit a write error */
}

static void leave_signals(void)
{
	catch (endings, ENDINGS, SIG_DFL, 0);
	catch (crashes, CRASHES, SIG_DFL, 0);
	sigprocmask(SIG_SETMASK, &unblocked, NULL);
}

static void set_modes(bool color)
{
	set_colors(color);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	keep_keys();
	set_escdelay(25);
	mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
}

static void forget_leave(void)
{
	free(leave);
	leave = NULL;
}

int screen_start(bool color, struct error *e)
{
	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return error_errno(e, "cannot read the mode of the terminal");
	catch_stop();
	if (can_hold_a_screen(e) < 0) {
		forget_leave();
		return -1;
	}
	catch_signals(); /* before newterm(), which changes the terminal, and may crash or exit */
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal) {
		give_back();
		forget_leave();
		leave_signals();
		return error_set(e, ERROR_SYSTEM,
				 "cannot start the screen: out of memory, or TERM=%s is unknown",
				 getenv("TERM"));
	}
	set_modes(color);
	return 0;
}

void screen_stop(void)
{
	if (!terminal)
		return;
	endwin();
	tcsetattr(STDIN_FILENO, TCSANOW, &before); /* curses does not retry this */
	/* No delscreen(): it crashes if memory was short before, and the program ends anyway. */
	terminal = NULL;
	forget_leave();
	leave_signals();
}

int screen_signal(void)
{
	return caught;
}

int screen_height(void)
{
	return LINES;
}

int screen_width(void)
{
	return COLS;
}

void screen_clear(void)
{
	erase();
}

static attr_t attributes(enum style style)
{
	switch (style) {
	case STYLE_PLAIN:
		break;
	case STYLE_BOLD:
		return A_BOLD;
	case STYLE_DIM:
		return A_DIM;
	case STYLE_CURSOR:
		return A_REVERSE;
	case STYLE_HEADER:
		return A_BOLD | A_UNDERLINE;
	case STYLE_NEW:
		return A_BOLD | (attr_t)COLOR_PAIR(1);
	case STYLE_GONE:
		return A_DIM | (attr_t)COLOR_PAIR(2);
	}
	return A_NORMAL;
}

void screen_line(int y, const char *text, enum style style)
{
	int used = 0, width = COLS;
	mbstate_t state = {0};
	size_t n;
	wchar_t c;

	if (y < 0 || y >= LINES)
		return;
	move(y, 0);
	attrset((int)attributes(style));
	while ((n = mbrtowc(&c, text, MB_CUR_MAX, &state)) != 0 && n < (size_t)-2) {
		int w = wcwidth(c);

		if (w < 0 || used + w > width)
			break;
		addnwstr(&c, 1);
		used += w;
		text += n;
	}
	for (; used < width; used++)
		addch(' ');
	attrset(A_NORMAL);
}

void screen_show(int y, int x)
{
	curs_set(y >= 0);
	move(y >= 0 ? y : LINES - 1, y >= 0 ? x : COLS - 1);
	refresh();
}

/* Input that is readable but has no bytes is at its end. */
static bool is_gone(const struct pollfd *input)
{
	struct pollfd again = {.fd = STDIN_FILENO, .events = POLLIN};
	int bytes = 0;

	if (input->revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return poll(&again, 1, 0) > 0 && ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 && bytes == 0;
}

/* Whether the first button was clicked. curses reports press and release separately, or both at
 * once; if a key follows immediately, only the release. */
static bool is_click(mmask_t state)
{
	static bool down;
	bool was_down = down;

	down = state & BUTTON1_PRESSED;
	return state & (BUTTON1_PRESSED | BUTTON1_CLICKED) ||
	       (state & BUTTON1_RELEASED && !was_down);
}

/* Takes the event of a mouse key at once; left in curses' queue, it would be taken for the event of
 * a later key. */
static void take_mouse(void)
{
	MEVENT event;

	last_mouse = (struct mouse){.what = MOUSE_NOTHING};
	if (getmouse(&event) != OK)
		return;
	last_mouse.y = event.y;
	last_mouse.x = event.x;
	if (is_click(event.bstate))
		last_mouse.what = MOUSE_CLICK;
	else if (event.bstate & BUTTON4_PRESSED)
		last_mouse.what = MOUSE_WHEEL_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		last_mouse.what = MOUSE_WHEEL_DOWN;
}

static int next_key(void)
{
	int key = getch();

	if (key == KEY_MOUSE)
		take_mouse();
	return key;
}

int screen_wait(int64_t milliseconds)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	struct timespec time = {.tv_sec = (time_t)(milliseconds / 1000),
				.tv_nsec = (long)(milliseconds % 1000) * 1000000};
	int key = next_key(), n;

	if (key != ERR)
		return key;
	n = ppoll(&input, 1, milliseconds < 0 ? NULL : &time, &unblocked);
	if (caught || (n < 0 && errno != EINTR))
		return SCREEN_GONE;
	if (stopping) {
		stopping = 0;
		return SCREEN_STOP;
	}
	key = next_key();
	if (key != ERR)
		return key;
	return n > 0 && is_gone(&input) ? SCREEN_GONE : SCREEN_TIMEOUT;
}

struct mouse screen_mouse(void)
{
	return last_mouse;
}
