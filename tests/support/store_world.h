/* A store of either kind in a place of its own, for tests that must hold for both. */
#ifndef DTF_TESTS_STORE_WORLD_H
#define DTF_TESTS_STORE_WORLD_H

#include "../../runtime/store/store.h"

/* WORLD_CHECKPOINTED: LMDB, where a checkpoint is due after every put. */
enum world_kind { WORLD_MEMORY, WORLD_LMDB, WORLD_CHECKPOINTED, NWORLDS };

struct world {
	enum world_kind kind;
	char dir[128];       /* of LMDB: fresh, removed by world_finish */
	struct store *store; /* owned: the owner's handle */
	struct arena arena;  /* for what is read */
};

/* Everything here fails the test when it does not work. */
void world_init(struct world *world, enum world_kind kind);
void world_finish(struct world *world);
/* The owner goes and the next one comes. */
void world_reopen(struct world *world);
/* Another handle that shares; the caller closes it. */
struct store *world_share(struct world *world);

/* A store on disk, opened or refused with this code and text. */
extern const struct store_options store_defaults;
struct store *store_open(
	const char *dir, enum store_mode mode, const struct store_options *options);
void assert_refused(const char *dir, enum store_mode mode, int code, const char *text);

/* Commits nothing, until all that was put is in its table. */
void store_settle(struct store *store);

/* Commits that only do one thing. */
int commit_record(struct store *store, const void *bytes, size_t size);
int commit_row(struct store *store, uint64_t instance, const char *value);
int commit_mark(struct store *store, uint64_t instance, const char *event, const char *event_id);
int commit_answer(struct store *store, const char *request, const char *value, int64_t time_ms);

/* A store with something of everything, and the first error of reading it all. */
void store_fill(struct store *store);
int store_read_all(struct store *store);
void assert_text_record(struct store *store, uint64_t position, const char *want);

/* n bytes that depend on the seed, in the arena. */
struct slice pattern(struct arena *arena, size_t size, unsigned seed);

/* A fresh directory's name in ret, and its removal with all that is in it. */
void temp_dir(char *ret, size_t size);
void temp_dir_remove(const char *dir);
void write_file(const char *dir, const char *name, const void *bytes, size_t size);
void remove_file(const char *dir, const char *name);

#endif
