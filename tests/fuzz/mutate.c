/*
 * A fuzzer for compilers without one: a fixed number of mutations of the
 * target's seeds, from a fixed start, so that a failure comes again.
 *
 * usage: PROGRAM [COUNT [START]]   try COUNT inputs
 *        PROGRAM --seeds DIR       write the seeds as files, for libFuzzer
 */
#include "fuzz.h"

#include <string.h>

#define INPUT_MAX ((size_t)4096)
#define COUNT     20000

static uint64_t state;

static uint64_t next_random(void) {
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static size_t below(size_t n) {
	return n == 0 ? 0 : (size_t)(next_random() % n);
}

/* Bytes that mean something somewhere. */
static char telling_byte(void) {
	static const char bytes[] = "\0\1\x7f\x80\xff\xfe[]{}()\",:;\\u0-+.eE19 /=ntf\n";
	return bytes[below(sizeof(bytes) - 1)];
}

/* Replaces `old` bytes at `at`. */
static void splice(struct buf *buf, size_t at, size_t old, const char *bytes, size_t size) {
	struct buf made = { 0 };
	dtf__buf_add(&made, buf->data, at);
	dtf__buf_add(&made, bytes, size);
	dtf__buf_add(&made, buf->data + at + old, buf->size - at - old);
	dtf__buf_finish(buf);
	*buf = made;
}

static void mutate(struct buf *buf) {
	size_t at = below(buf->size + 1), left = buf->size - at;
	size_t some = 1 + below(left < 16 ? left : 16);
	char byte = telling_byte();
	switch (below(6)) {
	case 0:
		if (left > 0) {
			buf->data[at] = (char)(buf->data[at] ^ (1 << below(8)));
		}
		break;
	case 1:
		if (left > 0) {
			buf->data[at] = byte;
		}
		break;
	case 2:
		splice(buf, at, 0, &byte, 1);
		break;
	case 3:
		splice(buf, at, some < left ? some : left, NULL, 0);
		break;
	case 4: /* twice the same */
		if (some <= left) {
			char piece[16];
			memcpy(piece, buf->data + at, some);
			splice(buf, below(buf->size + 1), 0, piece, some);
		}
		break;
	default: /* cut short */
		if (below(8) == 0) {
			splice(buf, at, left, NULL, 0);
		}
		break;
	}
}

static void try_one(size_t seeds) {
	struct buf buf = { 0 };
	(void)fuzz_seed(below(seeds), &buf);
	for (size_t i = below(8); i > 0 && buf.size < INPUT_MAX; i--) {
		mutate(&buf);
	}
	/* Exactly as many bytes: a sanitizer sees one too many. */
	uint8_t *exact = malloc(buf.size > 0 ? buf.size : 1);
	fuzz_demand(exact != NULL && !buf.failed);
	if (buf.size > 0) {
		memcpy(exact, buf.data, buf.size);
	}
	(void)LLVMFuzzerTestOneInput(exact, buf.size);
	free(exact);
	dtf__buf_finish(&buf);
}

static int write_seeds(const char *dir, size_t seeds) {
	for (size_t i = 0; i < seeds; i++) {
		char path[4096];
		struct buf buf = { 0 };
		(void)fuzz_seed(i, &buf);
		(void)snprintf(path, sizeof(path), "%s/%zu", dir, i);
		FILE *file = fopen(path, "wb");
		if (file == NULL || fwrite(buf.data, 1, buf.size, file) != buf.size ||
			fclose(file) != 0) {
			perror(path);
			return 1;
		}
		dtf__buf_finish(&buf);
	}
	return 0;
}

int main(int argc, char **argv) {
	size_t seeds = 0;
	struct buf buf = { 0 };
	while (fuzz_seed(seeds, &buf)) {
		seeds++;
		dtf__buf_clear(&buf);
	}
	dtf__buf_finish(&buf);
	if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
		return write_seeds(argv[2], seeds);
	}
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : COUNT;
	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	state |= UINT64_C(1) << 63; /* never zero */
	for (long i = 0; i < count; i++) {
		try_one(seeds);
	}
	return 0;
}
