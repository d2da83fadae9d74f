#include "failing.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static long left = -1;
static bool failed, once, paused;

void failing_after(long count) {
	left = count;
	once = false;
	failed = count >= 0 ? false : failed;
}

void failing_once_after(long count) {
	failing_after(count);
	once = true;
}

void failing_pause(void) {
	paused = true;
}

void failing_resume(void) {
	paused = false;
}

bool failing_has_failed(void) {
	return failed;
}

static bool fails(void) {
	if (left < 0 || paused) {
		return false;
	}
	if (left > 0) {
		left--;
		return false;
	}
	failed = true;
	left = once ? -1 : 0;
	return true;
}

void *__wrap_malloc(size_t size) {
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
	return fails() ? NULL : __real_realloc(memory, size);
}

void *failing_malloc(size_t size) {
	return __wrap_malloc(size);
}
