#include "cli/privilege.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITY(number) (UINT64_C(1) << (number))

struct capabilities {
	uint64_t effective, permitted;
};

/* CAP_SYS_ADMIN is permitted, but not effective until privilege_raise(). */
static bool admin_sleeps;

/* CAP_DAC_OVERRIDE is permitted, but not effective until privilege_raise_writing(). */
static bool writing_sleeps;

static bool get(struct capabilities *c)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	c->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	c->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return true;
}

/* Applies to this thread, mostly the only one so far. What is not permitted is not inherited
 * either. */
static bool set(const struct capabilities *c)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = (uint32_t)c->effective, .permitted = (uint32_t)c->permitted},
		{.effective = (uint32_t)(c->effective >> 32),
		 .permitted = (uint32_t)(c->permitted >> 32)},
	};

	return syscall(SYS_capset, &header, data) == 0;
}

bool privilege_is_lent(void)
{
	return getauxval(AT_SECURE) != 0;
}

/* One right to read any file is enough; of the two, CAP_DAC_OVERRIDE also allows writing. */
static uint64_t right_to_read(uint64_t permitted)
{
	uint64_t read = permitted & CAPABILITY(CAP_DAC_READ_SEARCH);

	return read ? read : permitted & CAPABILITY(CAP_DAC_OVERRIDE);
}

/* Lets anonmem examine mapped objects, to find out how much of them is swapped. */
static uint64_t right_to_look(uint64_t permitted)
{
	return permitted & CAPABILITY(CAP_CHECKPOINT_RESTORE);
}

/* What is permitted but not yet effective. */
static uint64_t sleeping(uint64_t permitted, unsigned may_need)
{
	uint64_t admin = may_need & PRIVILEGE_ADMIN ? permitted & CAPABILITY(CAP_SYS_ADMIN) : 0;
	uint64_t writing =
		may_need & PRIVILEGE_WRITING ? permitted & CAPABILITY(CAP_DAC_OVERRIDE) : 0;

	writing &= ~right_to_read(permitted);
	admin_sleeps = admin != 0;
	writing_sleeps = writing != 0;
	return admin | writing;
}

int privilege_reduce(unsigned may_need, struct error *e)
{
	struct capabilities c;
	uint64_t later;

	if (getuid() != geteuid() || getgid() != getegid())
		return error_set(e, ERROR_SYSTEM,
				 "this program is setuid or setgid, so its users could read any "
				 "file; clear that bit and use setcap cap_sys_ptrace=ep instead");
	if (!get(&c) || c.permitted == 0)
		return 0;
	if (privilege_is_lent()) {
		c.permitted =
			(c.permitted & CAPABILITY(CAP_SYS_PTRACE)) | right_to_look(c.permitted);
		c.effective = 0;
	} else if (c.permitted & CAPABILITY(CAP_SYS_PTRACE)) {
		later = sleeping(c.permitted, may_need);
		c.permitted = CAPABILITY(CAP_SYS_PTRACE) | right_to_read(c.permitted) |
			      right_to_look(c.permitted);
		c.effective &= c.permitted;
		c.permitted |= later;
	} else {
		/* Without CAP_SYS_PTRACE, only processes without additional rights can be read, for
		 * example as root in a container. */
		return 0;
	}
	return set(&c) ? 0 : error_errno(e, "cannot give up capabilities");
}

int privilege_drop_admin(struct error *e)
{
	struct capabilities c;

	if (!admin_sleeps)
		return 0;
	admin_sleeps = false;
	if (!get(&c))
		return error_errno(e, "cannot read capabilities");
	c.permitted &= ~CAPABILITY(CAP_SYS_ADMIN);
	return set(&c) ? 0 : error_errno(e, "cannot give up capabilities");
}

void privilege_raise_writing(void)
{
	struct capabilities c;

	if (!writing_sleeps || !get(&c))
		return;
	c.effective |= CAPABILITY(CAP_DAC_OVERRIDE);
	set(&c);
}

void privilege_drop_writing(void)
{
	struct capabilities c;

	if (!writing_sleeps || !get(&c))
		return;
	writing_sleeps = false;
	c.effective &= ~CAPABILITY(CAP_DAC_OVERRIDE);
	c.permitted &= ~CAPABILITY(CAP_DAC_OVERRIDE);
	set(&c);
}

void privilege_raise(void)
{
	struct capabilities c;

	if (!get(&c) || (!privilege_is_lent() && !admin_sleeps))
		return;
	c.effective = c.permitted;
	set(&c);
}

void privilege_drop_thread(void)
{
	const struct capabilities none = {0, 0};

	set(&none);
}

void privilege_distrust_terminfo(void)
{
	static const char *const names[] = {"TERMINFO", "TERMINFO_DIRS", "TERMPATH", "TERMCAP",
					    "HOME"};

	for (size_t i = 0; privilege_is_lent() && i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
}

void privilege_end(void)
{
	const struct capabilities none = {0, 0};

	if (privilege_is_lent())
		set(&none);
}
