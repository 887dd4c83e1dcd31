/*
 * privilege: the rights that anonmem has beyond those of its user, and how it gives them up.
 *
 * Reading processes of others takes CAP_SYS_PTRACE. Root has it, or the file of the program
 * (setcap cap_sys_ptrace=ep). Then every other capability goes, but root's right to read files of
 * others, which it needs for those that it names, and for pagemap and mem of processes. Root keeps
 * CAP_SYS_ADMIN only where exclusive memory is asked for: without it the kernel does not say which
 * page is which. It sleeps until the running system is read, too.
 *
 * A user whose rights the file has raised must not read with them what he names himself: a path
 * such as /proc/1/cwd/x leads where only CAP_SYS_PTRACE lets in. So the capability sleeps until all
 * files that he named are open.
 */
#ifndef CLI_PRIVILEGE_H
#define CLI_PRIVILEGE_H

#include "base/error.h"

#include <stdbool.h>

/* Before anything is opened: gives up what is never needed. 0, or -1 with *e, if the program is
 * setuid or setgid, which no capability undoes. */
int privilege_reduce(bool may_need_admin, struct error *e);

/* Once the options are known, and do not ask for what CAP_SYS_ADMIN is for. 0, or -1 with *e. */
int privilege_drop_admin(struct error *e);

/* From now on the running system is read, and nothing that the user names. */
void privilege_raise(void);

/* No process of others is read, or the program becomes another one. */
void privilege_end(void);

/* Before curses reads what terminals can do: with rights that are lent, not from files of the
 * user's own making, since a mistake in reading them would be his gain. */
void privilege_distrust_terminfo(void);

/* Whether the file of the program gave its user rights. */
bool privilege_is_lent(void);

#endif
