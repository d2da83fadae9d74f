/*
 * The power goes away.
 *
 * A first process runs the whole of life.c; what it writes is recorded.  From the
 * record, thousands of disks are made that a power cut could have left, and in each a
 * process goes on: everything that the first was told to be durable must be there, and
 * all must come to the same end.  What some of these write is recorded too, and the
 * power cut again while they recover.
 *
 * With `faults`, each write and sync fails instead, once or from there on: whoever was
 * told that something is durable before or after that must find it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image.h"
#include "life.h"
#include "record.h"

/* Of all processes. */
struct shared {
	struct life_settings settings;
	struct life_ends ends;
	int rc;
	bool failed; /* a fault was met */
	char why[512];
};

static struct shared *shared;
static char root[256];
static unsigned long checked, again, violations;

struct fault {
	unsigned long nth;
	int error;
	bool all;
};

static _Noreturn void die(const char *what) {
	perror(what);
	exit(2);
}

static void path_in_root(char *ret, size_t size, const char *name) {
	(void)snprintf(ret, size, "%s/%s", root, name);
}

/* ---- a record from one process to another ---- */

static void save(const struct disk_record *record, const char *path) {
	FILE *file = fopen(path, "wb");
	bool ok = file != NULL;
	for (size_t i = 0; i < record->count && ok; i++) {
		const struct disk_op *op = &record->ops[i];
		ok = fwrite(op, sizeof(*op), 1, file) == 1 &&
			(op->data == NULL || fwrite(op->data, 1, op->size, file) == op->size);
	}
	if (!ok || fclose(file) != 0) {
		die(path);
	}
}

static void load(struct disk_record *ret, const char *path) {
	FILE *file = fopen(path, "rb");
	struct disk_op op;
	*ret = (struct disk_record){ 0 };
	if (file == NULL) {
		die(path);
	}
	while (fread(&op, sizeof(op), 1, file) == 1) {
		if (ret->count == ret->capacity) {
			ret->capacity = ret->capacity == 0 ? 1024 : 2 * ret->capacity;
			ret->ops = realloc(ret->ops, ret->capacity * sizeof(op));
			if (ret->ops == NULL) {
				die("realloc");
			}
		}
		if (op.data != NULL) {
			op.data = malloc(op.size);
			if (op.data == NULL || fread(op.data, 1, op.size, file) != op.size) {
				die(path);
			}
		}
		ret->ops[ret->count++] = op;
	}
	(void)fclose(file);
}

/* ---- a process that lives in a directory ---- */

enum { SECONDS = 60 };

static void child(const char *dir, const bool *acked, const char *save_to,
	const struct fault *fault, uint64_t seed) {
	struct disk_record record;
	const char *why;
	(void)alarm(SECONDS);
	record_begin(dir, seed);
	if (fault != NULL) {
		record_fail(fault->nth, fault->error, fault->all);
	}
	shared->rc = life_run(dir, &shared->settings, acked, &shared->ends, &why);
	shared->failed = record_failed();
	(void)snprintf(shared->why, sizeof(shared->why), "%s", why);
	record_end(&record);
	if (save_to != NULL) {
		save(&record, save_to);
	}
	record_finish(&record);
}

/* How it went, as life_run() says; 2: it died. */
static int live(const char *dir, const bool *acked, const char *save_to, const struct fault *fault,
	uint64_t seed) {
	int status = 0;
	shared->rc = 2;
	(void)snprintf(shared->why, sizeof(shared->why), "it died");
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		child(dir, acked, save_to, fault, seed);
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		die("fork");
	}
	if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0) {
		(void)snprintf(shared->why, sizeof(shared->why), "it died: %s %d",
			WIFSIGNALED(status) ? "signal" : "exit",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		return 2;
	}
	return shared->rc;
}

/* ---- images ---- */

static void acked_before(
	const struct disk_record *record, size_t at, const bool *base, bool ret[LIFE_MARKS]) {
	memcpy(ret, base, LIFE_MARKS * sizeof(bool));
	for (size_t i = 0; i < at && i < record->count; i++) {
		if (record->ops[i].kind == OP_MARK) {
			ret[record->ops[i].at] = true;
		}
	}
}

struct plan {
	unsigned long count;
	uint64_t seed;
	unsigned long every; /* how many are cut a second time: one of so many; 0: none */
	unsigned long seconds;
	const char *what;
};

static void check_all(const struct image *base, const struct disk_record *record,
	const bool *acked_base, const struct plan *plan);

static void check_again(const struct image *image, const char *saved, const bool *acked,
	const struct plan *plan, uint64_t seed) {
	struct disk_record record;
	struct plan second = { plan->seconds, seed, 0, 0, "a second cut" };
	load(&record, saved);
	check_all(image, &record, acked, &second);
	again += second.count;
	record_finish(&record);
}

static void check_one(const struct replay *replay, const bool *acked_base, const struct plan *plan,
	unsigned long n) {
	char dir[300], saved[300];
	bool acked[LIFE_MARKS];
	struct image image;
	uint64_t seed = plan->seed * 1000003 + n;
	enum keep keep = (enum keep)(n % 3);
	bool twice = plan->every > 0 && n % plan->every == 0;
	path_in_root(dir, sizeof(dir), "db");
	path_in_root(saved, sizeof(saved), "saved");
	replay_image(replay, keep, seed, &image);
	image_write(&image, dir);
	acked_before(replay->record, replay->at, acked_base, acked);
	int rc = live(dir, acked, twice ? saved : NULL, NULL, seed);
	image_remove(dir);
	checked++;
	if (rc != 0) {
		violations++;
		printf("image %lu of %s, seed %llu, before operation %zu of %zu, keep %d: %d %s\n",
			n + 1, plan->what, (unsigned long long)plan->seed, replay->at,
			replay->record->count, (int)keep, rc, shared->why);
	} else if (twice) {
		check_again(&image, saved, acked, plan, seed);
	}
	image_finish(&image);
}

/* An eighth of the images is for the first operations, which make the store. */
static size_t place_of(const struct disk_record *record, const struct plan *plan, unsigned long n) {
	size_t making = 0, count = record->count;
	unsigned long early = plan->count / 8;
	while (making < count && record->ops[making].kind != OP_MARK) {
		making++;
	}
	if (n < early) {
		return making * n / early;
	}
	return count * (n - early) / (plan->count - early);
}

static unsigned long only; /* this image alone; from 1 */

static void check_all(const struct image *base, const struct disk_record *record,
	const bool *acked_base, const struct plan *plan) {
	struct replay replay;
	for (unsigned part = 0; part < 2; part++) {
		unsigned long early = plan->count / 8;
		replay_begin(&replay, base, record);
		for (unsigned long n = part == 0 ? 0 : early; n < (part == 0 ? early : plan->count);
			n++) {
			replay_go(&replay, place_of(record, plan, n));
			if (only == 0 || plan->every == 0 || n + 1 == only) {
				check_one(&replay, acked_base, plan, n);
			}
		}
		replay_finish(&replay);
	}
}

/* ---- what is run ---- */

static void first_life(struct disk_record *ret) {
	static const bool none[LIFE_MARKS];
	char dir[300], saved[300];
	path_in_root(dir, sizeof(dir), "db");
	path_in_root(saved, sizeof(saved), "first");
	if (live(dir, none, saved, NULL, 0) != 0) {
		printf("without a power cut: %d %s\n", shared->rc, shared->why);
		exit(1);
	}
	image_remove(dir);
	load(ret, saved);
}

/*
 * A checkpoint with every commit, timers one by one, snapshots all the time; all often; a
 * checkpoint that takes several commits, of many instances; messages between partitions.
 */
static const struct life_settings variants[] = {
	{ .checkpoint = 1, .window = 1, .snapshot = 3, .crowd = 4 },
	{ .checkpoint = 12, .window = 3, .snapshot = 8, .crowd = 12 },
	{ .checkpoint = 150, .window = 40, .snapshot = 30, .crowd = 150 },
	{ .checkpoint = 12, .window = 3, .snapshot = 8, .crowd = 12, .partitions = 3 },
};
enum { NVARIANTS = sizeof(variants) / sizeof(*variants) };

static void cuts(unsigned long count, uint64_t seed, unsigned long variant) {
	static const bool none[LIFE_MARKS];
	size_t operations = 0;
	for (unsigned long v = 0; v < NVARIANTS; v++) {
		struct plan plan = { count / NVARIANTS, seed * NVARIANTS + v, 24, 6, "the first" };
		struct disk_record record;
		if (variant != 0 && variant != v + 1) {
			continue;
		}
		memset(shared, 0, sizeof(*shared));
		shared->settings = variants[v];
		first_life(&record);
		operations += record.count;
		unsigned long before = violations;
		check_all(NULL, &record, none, &plan);
		if (violations > before) {
			printf("(one alone: t_power cuts %lu %llu %lu NUMBER)\n", count,
				(unsigned long long)seed, v + 1);
		}
		record_finish(&record);
	}
	printf("%lu images of %zu operations, %lu of them cut twice: %lu violations\n", checked,
		operations, again, violations);
}

/* One fault; then the power goes away, with all that no sync has covered. */
static bool fault_at(const struct fault *fault) {
	static const bool none[LIFE_MARKS];
	char dir[300], saved[300];
	bool acked[LIFE_MARKS];
	struct disk_record record;
	struct replay replay;
	struct image image;
	path_in_root(dir, sizeof(dir), "db");
	path_in_root(saved, sizeof(saved), "saved");
	int first = live(dir, none, saved, fault, 0);
	char why[sizeof(shared->why)];
	memcpy(why, shared->why, sizeof(why));
	bool met = shared->failed;
	image_remove(dir);
	load(&record, saved);
	acked_before(&record, record.count, none, acked);
	replay_begin(&replay, NULL, &record);
	replay_go(&replay, record.count);
	replay_image(&replay, KEEP_NONE, 1, &image);
	image_write(&image, dir);
	int rc = live(dir, acked, NULL, NULL, 1);
	image_remove(dir);
	checked++;
	if (first > 0 || rc != 0) {
		violations++;
		printf("fault at %lu, %s%s: first %d %s; then %d %s\n", fault->nth,
			fault->error == 0 ? "half a write" : strerror(fault->error),
			fault->all ? " from there on" : "", first, why, rc, shared->why);
	}
	image_finish(&image);
	replay_finish(&replay);
	record_finish(&record);
	return met;
}

static void faults(unsigned long step, unsigned variant) {
	static const int errors[] = { EIO, ENOSPC, 0 };
	struct disk_record record;
	memset(shared, 0, sizeof(*shared));
	shared->settings = variants[variant];
	first_life(&record);
	record_finish(&record);
	for (unsigned i = 0; i < 6; i++) {
		struct fault fault = { 1 + i, errors[i % 3], i >= 3 };
		while (fault_at(&fault)) {
			fault.nth += step;
		}
	}
}

int main(int argc, char **argv) {
	const char *temporary = getenv("TMPDIR");
	if (argc < 3) {
		fprintf(stderr,
			"usage: t_power cuts COUNT [SEED [VARIANT [ONLY]]] | faults STEP\n");
		return 2;
	}
	bool memory = access("/dev/shm", W_OK | X_OK) == 0;
	(void)snprintf(root, sizeof(root), "%s/dtf-power-XXXXXX",
		memory                      ? "/dev/shm"
			: temporary != NULL ? temporary
					    : "/tmp");
	if (mkdtemp(root) == NULL) {
		die(root);
	}
	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		die("mmap");
	}
	unsigned long count = strtoul(argv[2], NULL, 10);
	if (strcmp(argv[1], "faults") == 0) {
		faults(count, 1);
		faults(3 * count, 3);
		printf("%lu faults: %lu violations\n", checked, violations);
	} else {
		only = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
		cuts(count, argc > 3 ? strtoull(argv[3], NULL, 10) : 1,
			argc > 4 ? strtoul(argv[4], NULL, 10) : 0);
	}
	image_remove(root);
	return violations > 0;
}
