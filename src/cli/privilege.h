/*
 * privilege: gives up rights that anonmem does not need.
 *
 * Reading other users' processes takes CAP_SYS_PTRACE, which comes from root or from the program's
 * file (setcap cap_sys_ptrace=ep). Every other capability is dropped, except root's right to read
 * any file, which is needed for files named on the command line, and for pagemap and mem of
 * processes. Root keeps CAP_SYS_ADMIN only if exclusive memory is requested, since otherwise the
 * kernel does not identify pages. It, too, is not effective until the running system is read. Root
 * keeps CAP_DAC_OVERRIDE only until the file of --output exists, in any folder.
 *
 * A user who has rights only from the program's file must not use them on paths of the user's
 * choice: a path such as /proc/1/cwd/x is accessible only with CAP_SYS_PTRACE. So the capability is
 * not effective until all files named on the command line are open.
 */
#ifndef CLI_PRIVILEGE_H
#define CLI_PRIVILEGE_H

#include "base/error.h"

#include <stdbool.h>

/* What a command may need beyond reading processes. */
enum { PRIVILEGE_ADMIN = 1, PRIVILEGE_WRITING = 2 };

/* Call before anything is opened: drops what is never needed; `may_need` has PRIVILEGE_... 0, or -1
 * with *e, also if the program is setuid or setgid, which dropping capabilities cannot undo. */
int privilege_reduce(unsigned may_need, struct error *e);

/* Call once the options are known, if none of them needs CAP_SYS_ADMIN. 0, or -1 with *e. */
int privilege_drop_admin(struct error *e);

/* Call before the file of --output is created, and once it is there, or if there is none. */
void privilege_raise_writing(void);
void privilege_drop_writing(void);

/* Makes the remaining capabilities effective. From now on, only the running system may be opened,
 * no path of the user's. */
void privilege_raise(void);

/* Drops lent rights: no other user's process will be read, or another program will be executed. */
void privilege_end(void);

/* Drops all capabilities of this thread alone, which reads nothing. */
void privilege_drop_thread(void);

/* Call before curses reads terminal descriptions: with lent rights, files that the user controls
 * are ignored, since a bug in parsing them could be exploited. */
void privilege_distrust_terminfo(void);

/* Whether the program's file gave its user rights (file capabilities). */
bool privilege_is_lent(void);

#endif
