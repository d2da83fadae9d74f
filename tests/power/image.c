/*
 * The record is gone through once, from front to back: each image starts from what is
 * durable where the power goes away, and adds some of what was pending there.
 *
 * Names are more than a file system's journal would let happen: each change that the
 * directory's sync has not covered may be there without those before it.
 */
#include "image.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512 };

static _Noreturn void die(const char *what) {
	perror(what);
	abort();
}

/* ---- numbers ---- */

static uint64_t next_number(uint64_t *state) { /* splitmix64 */
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static bool chance(uint64_t *state, unsigned of_100) {
	return next_number(state) % 100 < of_100;
}

/* ---- images ---- */

void image_finish(struct image *image) {
	for (size_t i = 0; i < image->nfiles; i++) {
		free(image->files[i].data);
	}
	*image = (struct image){ 0 };
}

static void set_size(struct file *file, size_t size) {
	if (size > file->room) {
		file->room = 2 * size;
		file->data = realloc(file->data, file->room);
		if (file->data == NULL) {
			die("realloc");
		}
	}
	if (size > file->size) {
		memset(file->data + file->size, 0, size - file->size);
	}
	file->size = size;
}

static void put(struct file *file, uint64_t at, const char *data, size_t size) {
	if (at + size > file->size) {
		set_size(file, (size_t)at + size);
	}
	memcpy(file->data + at, data, size);
}

static void copy(struct image *to, const struct image *from) {
	*to = (struct image){ .nfiles = from->nfiles };
	memcpy(to->names, from->names, sizeof(to->names));
	for (size_t i = 0; i < from->nfiles; i++) {
		if (from->files[i].size > 0) {
			put(&to->files[i], 0, from->files[i].data, from->files[i].size);
		}
	}
}

static void drop_name(struct image *image, const char *name) {
	for (size_t i = 0; i < IMAGE_NAMES; i++) {
		if (strcmp(image->names[i].name, name) == 0) {
			image->names[i].name[0] = '\0';
		}
	}
}

static void set_name(struct image *image, const char *name, int file) {
	size_t i = 0;
	drop_name(image, name);
	while (i < IMAGE_NAMES && image->names[i].name[0] != '\0') {
		i++;
	}
	if (i == IMAGE_NAMES) {
		die("too many names");
	}
	(void)snprintf(image->names[i].name, sizeof(image->names[i].name), "%s", name);
	image->names[i].file = file;
}

/* What is in a directory that is not there is not there. */
static bool is_reachable(const struct image *image, const char *name) {
	const char *slash = strchr(name, '/');
	bool found = slash == NULL;
	for (size_t i = 0; !found && i < IMAGE_NAMES; i++) {
		found = image->names[i].file == IMAGE_DIR &&
			strncmp(image->names[i].name, name, (size_t)(slash - name)) == 0 &&
			image->names[i].name[slash - name] == '\0';
	}
	return found;
}

static int find_name(const struct image *image, const char *name) {
	for (size_t i = 0; i < IMAGE_NAMES; i++) {
		if (strcmp(image->names[i].name, name) == 0) {
			return image->names[i].file;
		}
	}
	return -1;
}

void image_write(const struct image *image, const char *dir) {
	char path[512];
	if (mkdir(dir, 0700) != 0) {
		die(dir);
	}
	for (size_t i = 0; i < IMAGE_NAMES; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, image->names[i].name);
		if (image->names[i].name[0] != '\0' && image->names[i].file == IMAGE_DIR &&
			mkdir(path, 0700) != 0) {
			die(path);
		}
	}
	for (size_t i = 0; i < IMAGE_NAMES; i++) {
		const char *name = image->names[i].name;
		if (name[0] == '\0' || image->names[i].file == IMAGE_DIR ||
			!is_reachable(image, name)) {
			continue;
		}
		const struct file *file = &image->files[image->names[i].file];
		(void)snprintf(path, sizeof(path), "%s/%s", dir, image->names[i].name);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		for (size_t done = 0; fd >= 0 && done < file->size;) {
			ssize_t n = write(fd, file->data + done, file->size - done);
			if (n <= 0) {
				die(path);
			}
			done += (size_t)n;
		}
		if (fd < 0 || close(fd) != 0) {
			die(path);
		}
	}
}

void image_remove(const char *dir) {
	DIR *stream = opendir(dir);
	for (struct dirent *e; stream != NULL && (e = readdir(stream)) != NULL;) {
		char path[512];
		(void)snprintf(path, sizeof(path), "%.250s/%.250s", dir, e->d_name);
		bool is_dir = e->d_type == DT_DIR && e->d_name[0] != '.';
		if (is_dir) {
			image_remove(path);
		} else {
			(void)unlinkat(dirfd(stream), e->d_name, 0);
		}
	}
	if (stream != NULL) {
		(void)closedir(stream);
		(void)rmdir(dir);
	}
}

/* ---- operations ---- */

static struct file *file_of(
	const struct replay *replay, struct image *image, const struct disk_op *op) {
	return &image->files[replay->numbers[op->file]];
}

static void change_name(
	const struct replay *replay, struct image *image, const struct disk_op *op) {
	if (op->kind == OP_CREATE) {
		set_name(image, op->name, replay->numbers[op->file]);
	} else if (op->kind == OP_RENAME) {
		if (find_name(image, op->name) == replay->numbers[op->file]) {
			drop_name(image, op->name);
		}
		set_name(image, op->to, replay->numbers[op->file]);
	} else if (op->kind == OP_MKDIR) {
		set_name(image, op->name, IMAGE_DIR);
	} else {
		drop_name(image, op->name);
	}
}

static bool is_name(const struct disk_op *op) {
	return op->kind == OP_CREATE || op->kind == OP_RENAME || op->kind == OP_UNLINK ||
		op->kind == OP_MKDIR;
}

/* Is it a name in the directory whose names begin so? */
static bool is_in(const struct disk_op *op, const char *below) {
	size_t size = strlen(below);
	return is_name(op) && strncmp(op->name, below, size) == 0 &&
		strchr(op->name + size, '/') == NULL;
}

static void apply(const struct replay *replay, struct image *image, const struct disk_op *op) {
	if (is_name(op)) {
		change_name(replay, image, op);
	} else if (op->kind == OP_TRUNCATE) {
		set_size(file_of(replay, image, op), (size_t)op->at);
	} else if (op->kind == OP_WRITE) {
		put(file_of(replay, image, op), op->at, op->data, op->size);
	}
}

/* Those of its sectors that `keep` out of 100 have the luck to be there. */
static void apply_part(const struct replay *replay, struct image *image, const struct disk_op *op,
	unsigned keep, uint64_t *state) {
	if (op->kind != OP_WRITE) {
		if (chance(state, keep)) {
			apply(replay, image, op);
		}
		return;
	}
	for (size_t done = 0; done < op->size;) {
		size_t size = SECTOR - (size_t)((op->at + done) % SECTOR);
		size = size < op->size - done ? size : op->size - done;
		if (chance(state, keep)) {
			put(file_of(replay, image, op), op->at + done, op->data + done, size);
		}
		done += size;
	}
}

/* ---- replay ---- */

void replay_begin(
	struct replay *replay, const struct image *base, const struct disk_record *record) {
	*replay = (struct replay){ .record = record, .base = base };
	replay->pending = calloc(record->count + 1, sizeof(*replay->pending));
	if (replay->pending == NULL) {
		die("calloc");
	}
	if (base != NULL) {
		copy(&replay->durable, base);
	}
	for (size_t i = 0; i < IMAGE_FILES; i++) {
		replay->numbers[i] = -1;
	}
}

void replay_finish(struct replay *replay) {
	free(replay->pending);
	image_finish(&replay->durable);
}

/* What a sync of a file, or of the directory, makes durable, or did not. */
static void sync_pending(struct replay *replay, const struct disk_op *sync) {
	size_t left = 0;
	for (size_t i = 0; i < replay->npending; i++) {
		const struct disk_op *op = &replay->record->ops[replay->pending[i]];
		bool covered = sync->kind == OP_SYNC_DIR ? is_in(op, sync->name)
							 : !is_name(op) && op->file == sync->file;
		if (covered && (sync->kind != OP_LOST || op->durable)) {
			apply(replay, &replay->durable, op);
		} else if (!covered) {
			replay->pending[left++] = replay->pending[i];
		}
	}
	replay->npending = left;
}

static void number(struct replay *replay, const struct disk_op *op) {
	int file = op->kind == OP_FOUND ? find_name(&replay->durable, op->name) : -1;
	if (file < 0) {
		if (replay->durable.nfiles == IMAGE_FILES) {
			die("too many files");
		}
		file = (int)replay->durable.nfiles++;
	}
	replay->numbers[op->file] = file;
}

void replay_go(struct replay *replay, size_t at) {
	for (; replay->at < at && replay->at < replay->record->count; replay->at++) {
		const struct disk_op *op = &replay->record->ops[replay->at];
		if (op->kind == OP_FOUND || op->kind == OP_CREATE) {
			number(replay, op);
		}
		if (op->kind == OP_SYNC || op->kind == OP_SYNC_DIR || op->kind == OP_LOST) {
			sync_pending(replay, op);
		} else if (op->kind != OP_MARK && op->kind != OP_FOUND) {
			replay->pending[replay->npending++] = replay->at;
		}
	}
}

void replay_image(const struct replay *replay, enum keep keep, uint64_t seed, struct image *ret) {
	static const unsigned shares[] = { 10, 50, 90 };
	const struct disk_record *record = replay->record;
	uint64_t state = seed;
	unsigned share = shares[next_number(&state) % 3];
	size_t first = (size_t)(next_number(&state) % (replay->npending + 1));
	copy(ret, &replay->durable);
	for (size_t i = 0; i < replay->npending; i++) {
		const struct disk_op *op = &record->ops[replay->pending[i]];
		if (op->durable || (keep == KEEP_PREFIX && i < first)) {
			apply(replay, ret, op);
		} else if (keep == KEEP_SOME || (keep == KEEP_PREFIX && i == first)) {
			apply_part(replay, ret, op, share, &state);
		}
	}
	/* the one that was being made */
	const struct disk_op *op = replay->at < record->count ? &record->ops[replay->at] : NULL;
	bool all_before = keep != KEEP_PREFIX || first == replay->npending;
	if (op != NULL && keep != KEEP_NONE && all_before &&
		(op->kind == OP_WRITE || op->kind == OP_TRUNCATE) &&
		replay->numbers[op->file] >= 0) {
		apply_part(replay, ret, op, share, &state);
	}
}
