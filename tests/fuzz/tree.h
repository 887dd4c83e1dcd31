/* tree: a folder like /proc with one process in it, which goes when the program ends. */
#ifndef FUZZ_TREE_H
#define FUZZ_TREE_H

enum { TREE_PID = 7 };

/* Its path; made at the first call. */
const char *tree_path(void);

/* Opens a file of the process, empty if it was not there, for reading and writing. */
int tree_open(const char *name);

#endif
