/* Where in a value something is wrong: order.items[3].qty */
#ifndef DTF_PATH_H
#define DTF_PATH_H

#include <stddef.h>

/* One step, on the stack of the function that walks there. */
struct path {
	const struct path *up; /* NULL: the root, whose name may be "" */
	const char *name;      /* NULL: an element, by its index */
	size_t index;
};

/* Sets dtf_errmsg() to "path: message" and returns code. */
int dtf__path_fail(int code, const struct path *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
