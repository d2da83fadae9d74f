/*
 * A path costs nothing until an error asks for it: each level of the walk keeps
 * its own step on the C stack.  A long path loses its front, because its end
 * tells more.
 */
#include "path.h"

#include <stdarg.h>
#include <stdio.h>

#include "buf.h"
#include "error.h"

#define PATH_MAX_TEXT 120

static void put(struct buf *buf, const struct path *path) {
	if (path->up != NULL) {
		put(buf, path->up);
	}
	if (path->name == NULL) {
		dtf__buf_printf(buf, "[%zu]", path->index);
	} else if (path->name[0] != '\0') {
		dtf__buf_printf(buf, "%s%s", buf->size > 0 ? "." : "", path->name);
	}
}

int dtf__path_fail(int code, const struct path *path, const char *format, ...) {
	struct buf where = { 0 };
	if (path != NULL) {
		put(&where, path);
	}
	char message[256];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (where.size == 0) {
		code = dtf__fail(code, "%s", message);
	} else if (where.size <= PATH_MAX_TEXT) {
		code = dtf__fail(code, "%s: %s", where.data, message);
	} else {
		size_t skip = where.size - PATH_MAX_TEXT;
		while (((unsigned char)where.data[skip] & 0xc0) == 0x80) {
			skip++; /* not into the middle of a character */
		}
		code = dtf__fail(code, "…%s: %s", where.data + skip, message);
	}
	dtf__buf_finish(&where);
	return code;
}
