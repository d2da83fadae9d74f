/*
 * The text of an error belongs to the thread that met it, not to a handle:
 * two threads that share a handle would overwrite each other's (SQLite's own
 * documentation of sqlite3_errmsg warns of it).
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dtf/version.h>

#include "utf8.h"

static _Thread_local char text[ERROR_TEXT_MAX];

int dtf__fail(int code, const char *format, ...) {
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dtf__utf8_repair(text); /* it can become a workflow's e.message */
	return code;
}

void dtf__error_put(const char *kept) {
	size_t size = strnlen(kept, sizeof(text) - 1);
	memmove(text, kept, size);
	text[size] = '\0';
}

void dtf__error_clear(void) {
	text[0] = '\0';
}

const char *dtf_errmsg(void) {
	return text;
}

const char *dtf_version(void) {
	return DTF_VERSION;
}

const char *dtf_strerror(int code) {
	static const char *const meaning[] = {
		[-DTF_EINVAL] = "an argument makes no sense",
		[-DTF_ENOMEM] = "out of memory",
		[-DTF_ESTORE] = "the store failed",
		[-DTF_ECORRUPT] = "the store's content is damaged",
		[-DTF_EFORMAT] = "the store was written by another dtf, or is none",
		[-DTF_EOWNED] = "the directory is owned by another engine",
		[-DTF_EFULL] = "the disk or the store is full",
		[-DTF_EUNKNOWN_INSTANCE] = "no such instance",
		[-DTF_EUNKNOWN_WORKFLOW] = "no such workflow",
		[-DTF_EUNKNOWN_EVENT] = "the workflow waits for no such event",
		[-DTF_EPAYLOAD] = "the payload does not fit its type",
		[-DTF_ETOO_LARGE] = "the payload is too large",
		[-DTF_EEXISTS] = "an instance of that id exists",
		[-DTF_EENDED] = "the instance has ended",
		[-DTF_EMAILBOX] = "the mailbox is full",
		[-DTF_ETIMEOUT] = "timed out",
		[-DTF_ECLOSED] = "the engine is not running",
		[-DTF_EFORK] = "the handle was inherited by fork",
		[-DTF_EABI] = "the module was generated for another dtf",
		[-DTF_EVERSION] = "the versions of a workflow do not go together",
		[-DTF_EQUEUED] = "recorded; no engine is up to answer",
		[-DTF_EQUERY] = "the query cannot be computed",
		[-DTF_EBUSY] = "the engine is busy",
	};
	if (code == 0) {
		return "no error";
	}
	if (code > 0 || (size_t)-code >= sizeof(meaning) / sizeof(*meaning)) {
		return "unknown error";
	}
	return meaning[-code];
}

noreturn void dtf__assert_failed(const char *file, int line, const char *what) {
	fprintf(stderr, "dtf: %s:%d: invariant broken: %s\n", file, line, what);
	abort();
}
