#include "failing.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static long left = -1;
static bool failed;

void failing_after(long count) {
	left = count;
	failed = count >= 0 ? false : failed;
}

bool failing_has_failed(void) {
	return failed;
}

static bool fails(void) {
	if (left < 0) {
		return false;
	}
	if (left > 0) {
		left--;
		return false;
	}
	failed = true;
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
