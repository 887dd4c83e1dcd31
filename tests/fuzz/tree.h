/* tree: a directory like /proc with one process in it, removed when the program ends. */
#ifndef FUZZ_TREE_H
#define FUZZ_TREE_H

enum { TREE_PID = 7 };

/* Its path; created by the first call. */
const char *tree_path(void);

/* Opens a file of the process for reading and writing, creating it if necessary. */
int tree_open(const char *name);

#endif
