/*
 * What a disk may hold when the power goes away, out of what a program did to it.
 *
 * Durable is what a sync has covered and what was written through a descriptor that
 * syncs each write.  Of the rest, any 512 bytes may be there or not, also of the write
 * that was being made, and any change of a name that no sync of the directory covered.
 */
#ifndef DTF_TESTS_IMAGE_H
#define DTF_TESTS_IMAGE_H

#include "record.h"

struct file {
	char *data; /* owned */
	size_t size, room;
};

enum { IMAGE_NAMES = 40, IMAGE_FILES = 64, IMAGE_DIR = -2 };

/* The files of a directory and of those in it; a name without a file is IMAGE_DIR. */
struct image {
	struct file files[IMAGE_FILES];
	size_t nfiles;
	struct {
		char name[32];
		int file;
	} names[IMAGE_NAMES];
};

void image_finish(struct image *image);
/* Into an empty directory, which is made. */
void image_write(const struct image *image, const char *dir);
void image_remove(const char *dir);

/* How much of what is not durable is there. */
enum keep {
	KEEP_NONE,
	KEEP_SOME,   /* any of the sectors */
	KEEP_PREFIX, /* what came first, and the next thing in part */
};

/* Goes through a record; what is durable at the place where it stands. */
struct replay {
	const struct disk_record *record;
	const struct image *base; /* what was there before */
	size_t at;
	struct image durable;
	size_t *pending; /* of what came since: places in the record */
	size_t npending;
	int numbers[IMAGE_FILES]; /* file of the record -> file of the image; -1: not seen */
};

/* `base` NULL: nothing.  Borrowed. */
void replay_begin(
	struct replay *replay, const struct image *base, const struct disk_record *record);
void replay_finish(struct replay *replay);
/* Before the operation `at`; never backwards. */
void replay_go(struct replay *replay, size_t at);
/* One that may be there if the power goes away during the operation that comes next. */
void replay_image(const struct replay *replay, enum keep keep, uint64_t seed, struct image *ret);

#endif
