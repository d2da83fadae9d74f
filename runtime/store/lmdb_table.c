/*
 * Keys and values in LMDB.
 *
 * A value that takes more than one overflow page must find as many free pages
 * in a row, and finding them in a fragmented file made writing 50 to 100 times
 * slower.  So a value lies in chunks of at most CHUNK bytes, each in a page of
 * its own, under its key and the chunk's number.  The first begins with the
 * value's size and, where the value itself has no checksum, one over key and
 * value: a page that comes back wrong, or another's, is noticed.
 *
 * Keys are compared as bytes, so numbers in them are big-endian; in values
 * they are little-endian.  All are written byte by byte.
 *
 * Nothing read is believed: sizes and keys are compared with what they can be,
 * and what leaves this file is a copy.
 */
#include "lmdb_impl.h"

#include <string.h>
#include <xxhash.h>

#include "../error.h"

#define CHUNK      ((size_t)4064)
#define VALUE_MAX  ((size_t)1 << 30)
#define SIZE_BYTES 4
#define HASH_BYTES 8
#define SCAN_BYTES ((size_t)256 * 1024)

void dtf__lmdb_store32(unsigned char *to, uint32_t value) {
	for (int i = 0; i < 4; i++) {
		to[i] = (unsigned char)(value >> (8 * i));
	}
}

uint32_t dtf__lmdb_load32(const void *from) {
	const unsigned char *bytes = from;
	uint32_t value = 0;
	for (int i = 3; i >= 0; i--) {
		value = value << 8 | bytes[i];
	}
	return value;
}

/* ---- keys ---- */

void dtf__lmdb_store_big(unsigned char *to, uint64_t value, int size) {
	for (int i = 0; i < size; i++) {
		to[i] = (unsigned char)(value >> (8 * (size - 1 - i)));
	}
}

uint64_t dtf__lmdb_load_big(const void *from, size_t size) {
	const unsigned char *bytes = from;
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++) {
		value = value << 8 | bytes[i];
	}
	return value;
}

struct lmdb_key dtf__lmdb_number_key(uint64_t number) {
	struct lmdb_key key = { .size = 8 };
	dtf__lmdb_store_big(key.bytes, number, 8);
	return key;
}

struct lmdb_key dtf__lmdb_text_key(const char *text) {
	struct lmdb_key key = { .size = strlen(text) };
	dtf__assert(key.size <= STORE_ID_MAX);
	memcpy(key.bytes, text, key.size);
	return key;
}

static MDB_val chunk_key(struct lmdb_key *key, uint32_t chunk) {
	dtf__lmdb_store_big(key->bytes + key->size, chunk, 4);
	return (MDB_val){ key->size + 4, key->bytes };
}

/* ---- values ---- */

static bool is_checked(enum lmdb_table table) {
	return table != TABLE_LOG && table != TABLE_INST && table != TABLE_SNAPSHOT;
}

static size_t header_size(enum lmdb_table table) {
	return is_checked(table) ? SIZE_BYTES + HASH_BYTES : SIZE_BYTES;
}

static uint64_t checksum(const struct lmdb_key *key, const void *bytes, size_t size) {
	return XXH3_64bits_withSeed(bytes, size, XXH3_64bits(key->bytes, key->size));
}

int dtf__lmdb_damaged(struct lmdb_env *env, enum lmdb_table table, const struct lmdb_key *key) {
	static const char *const names[NTABLES] = { "log record", "instance row", "name", "mark",
		"journal entry", "index", "position in the trash", "message", "mark of messages",
		"inbox entry", "answer", "manifest", "snapshot", "row of the store itself" };
	if (key->size == 8) {
		return dtf__fail(DTF_ECORRUPT, "%s: a damaged %s (%llu)", env->dir, names[table],
			(unsigned long long)dtf__lmdb_load_big(key->bytes, 8));
	}
	return dtf__fail(DTF_ECORRUPT, "%s: a damaged %s", env->dir, names[table]);
}

/* Where puts go: a table, or a cursor that stays where it was, for many in a row. */
struct target {
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_cursor *cursor; /* or NULL */
};

/* Writes one chunk: the header if there is one, then the bytes. */
static int put_chunk(const struct target *target, MDB_val key, struct slice header,
	struct slice bytes, unsigned flags) {
	MDB_val data = { header.size + bytes.size, NULL };
	flags |= MDB_RESERVE;
	int rc = target->cursor != NULL ? mdb_cursor_put(target->cursor, &key, &data, flags)
					: mdb_put(target->txn, target->dbi, &key, &data, flags);
	if (rc != 0) {
		return rc;
	}
	if (header.size > 0) {
		memcpy(data.mv_data, header.data, header.size);
	}
	if (bytes.size > 0) {
		memcpy((char *)data.mv_data + header.size, bytes.data, bytes.size);
	}
	return 0;
}

/* Deletes chunks from a number on, until there is none. */
static int delete_chunks(MDB_txn *txn, MDB_dbi dbi, struct lmdb_key *key, uint32_t chunk) {
	int rc = 0;
	while (rc == 0) {
		MDB_val k = chunk_key(key, chunk++);
		rc = mdb_del(txn, dbi, &k, NULL);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* *ret_chunks: how many it took. */
static int put_value(struct lmdb_env *env, const struct target *target, enum lmdb_table table,
	struct lmdb_key *key, struct slice value, unsigned flags, uint32_t *ret_chunks) {
	if (value.size > VALUE_MAX) {
		return dtf__fail(DTF_ETOO_LARGE, "%s: a value of %zu bytes", env->dir, value.size);
	}
	unsigned char header[SIZE_BYTES + HASH_BYTES];
	dtf__lmdb_store32(header, (uint32_t)value.size);
	if (is_checked(table)) {
		dtf__wire_store64(header + SIZE_BYTES, checksum(key, value.data, value.size));
	}
	struct slice head = { (const char *)header, header_size(table) };
	struct slice rest = value;
	uint32_t chunk = 0;
	do {
		size_t room = CHUNK - head.size;
		struct slice part = { rest.data, rest.size < room ? rest.size : room };
		int rc = put_chunk(target, chunk_key(key, chunk), head, part, flags);
		if (rc != 0) {
			return rc;
		}
		rest.size -= part.size;
		if (rest.size > 0) {
			rest.data += part.size;
		}
		head.size = 0;
		chunk++;
	} while (rest.size > 0);
	*ret_chunks = chunk;
	return 0;
}

int dtf__lmdb_put(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key,
	struct slice value, unsigned flags) {
	const struct target target = { txn, env->tables[table], NULL };
	uint32_t chunks = 0;
	int rc = put_value(env, &target, table, key, value, flags, &chunks);
	/* The value before may have been longer. */
	return rc != 0 || (flags & MDB_APPEND) != 0 ? rc
						    : delete_chunks(txn, target.dbi, key, chunks);
}

int dtf__lmdb_append(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t number,
	const struct slice *values, size_t count) {
	struct target target = { txn, env->tables[table], NULL };
	uint32_t chunks = 0;
	int rc = count == 0 ? 0 : mdb_cursor_open(txn, target.dbi, &target.cursor);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct lmdb_key key = dtf__lmdb_number_key(number + i);
		rc = put_value(env, &target, table, &key, values[i], MDB_APPEND, &chunks);
	}
	if (target.cursor != NULL) {
		mdb_cursor_close(target.cursor);
	}
	return rc;
}

/* Copies a value of several chunks; the first is there. */
static int load_chunks(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table,
	struct lmdb_key *key, struct slice first, char *to, size_t size) {
	memcpy(to, first.data, first.size);
	size_t done = first.size;
	uint32_t chunk = 1;
	while (done < size) {
		MDB_val part;
		MDB_val k = chunk_key(key, chunk++);
		int rc = mdb_get(txn, env->tables[table], &k, &part);
		if (rc != 0) {
			return rc == MDB_NOTFOUND ? dtf__lmdb_damaged(env, table, key) : rc;
		}
		if (part.mv_size != (size - done < CHUNK ? size - done : CHUNK)) {
			return dtf__lmdb_damaged(env, table, key);
		}
		memcpy(to + done, part.mv_data, part.mv_size);
		done += part.mv_size;
	}
	return 0;
}

/* A size may be damaged: is the last chunk there?  Asked before memory is. */
static int check_last_chunk(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table,
	struct lmdb_key *key, size_t rest) {
	MDB_val part;
	MDB_val k = chunk_key(key, (uint32_t)((rest + CHUNK - 1) / CHUNK));
	int rc = mdb_get(txn, env->tables[table], &k, &part);
	return rc == MDB_NOTFOUND ? dtf__lmdb_damaged(env, table, key) : rc;
}

/* Copies the value whose first chunk has been found. */
static int load(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key,
	MDB_val first, struct arena *arena, struct slice *ret) {
	size_t header = header_size(table);
	if (first.mv_size < header) {
		return dtf__lmdb_damaged(env, table, key);
	}
	const char *bytes = first.mv_data;
	size_t size = dtf__lmdb_load32(bytes);
	struct slice part = { bytes + header, first.mv_size - header };
	if (size > VALUE_MAX || part.size != (size < CHUNK - header ? size : CHUNK - header)) {
		return dtf__lmdb_damaged(env, table, key);
	}
	if (part.size < size) {
		int rc = check_last_chunk(env, txn, table, key, size - part.size);
		if (rc != 0) {
			return rc;
		}
	}
	char *copy = dtf__arena_alloc(arena, size + 1);
	if (copy == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	int rc = load_chunks(env, txn, table, key, part, copy, size);
	if (rc != 0) {
		return rc;
	}
	if (is_checked(table) &&
		dtf__wire_load64(bytes + SIZE_BYTES) != checksum(key, copy, size)) {
		return dtf__lmdb_damaged(env, table, key);
	}
	*ret = (struct slice){ copy, size };
	return 0;
}

int dtf__lmdb_get(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key,
	struct arena *arena, struct slice *ret) {
	MDB_val first;
	MDB_val k = chunk_key(key, 0);
	int rc = mdb_get(txn, env->tables[table], &k, &first);
	return rc != 0 ? rc : load(env, txn, table, key, first, arena, ret);
}

int dtf__lmdb_peek(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key,
	size_t size, struct slice *ret) {
	MDB_val first;
	MDB_val k = chunk_key(key, 0);
	int rc = mdb_get(txn, env->tables[table], &k, &first);
	size_t header = header_size(table);
	if (rc == 0 && first.mv_size < header + size) {
		rc = dtf__lmdb_damaged(env, table, key);
	}
	if (rc == 0) {
		*ret = (struct slice){ (const char *)first.mv_data + header, size };
	}
	return rc;
}

int dtf__lmdb_del(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key) {
	return delete_chunks(txn, env->tables[table], key, 0);
}

int dtf__lmdb_del_all(
	struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t instance) {
	struct lmdb_key prefix = dtf__lmdb_number_key(instance);
	MDB_cursor *cursor;
	MDB_val data;
	int rc = mdb_cursor_open(txn, env->tables[table], &cursor);
	if (rc != 0) {
		return rc;
	}
	while (rc == 0) {
		MDB_val k = { prefix.size, prefix.bytes };
		rc = mdb_cursor_get(cursor, &k, &data, MDB_SET_RANGE);
		if (rc == 0 &&
			(k.mv_size < prefix.size ||
				memcmp(k.mv_data, prefix.bytes, prefix.size) != 0)) {
			rc = MDB_NOTFOUND;
		}
		rc = rc == 0 ? mdb_cursor_del(cursor, 0) : rc;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* ---- tables whose keys are numbers ---- */

static bool parse_number_key(MDB_val k, uint64_t *number, uint32_t *chunk) {
	if (k.mv_size != 12) {
		return false;
	}
	*number = dtf__lmdb_load_big(k.mv_data, 8);
	*chunk = (uint32_t)dtf__lmdb_load_big((const char *)k.mv_data + 8, 4);
	return true;
}

static int scan(struct lmdb_env *env, MDB_txn *txn, MDB_cursor *cursor, enum lmdb_table table,
	uint64_t after, struct arena *arena, struct lmdb_item *items, size_t room,
	size_t *ret_count) {
	struct lmdb_key key = dtf__lmdb_number_key(after + 1);
	size_t start = arena->used;
	size_t count = 0;
	MDB_val data;
	MDB_val k = chunk_key(&key, 0);
	int rc = mdb_cursor_get(cursor, &k, &data, MDB_SET_RANGE);
	while (rc == 0 && count < room && arena->used - start < SCAN_BYTES) {
		uint64_t number;
		uint32_t chunk;
		if (!parse_number_key(k, &number, &chunk)) {
			return dtf__lmdb_damaged(env, table, &(struct lmdb_key){ 0 });
		}
		if (chunk == 0) {
			key = dtf__lmdb_number_key(number);
			struct lmdb_item *item = &items[count];
			item->number = number;
			rc = load(env, txn, table, &key, data, arena, &item->value);
			if (rc != 0) {
				return rc;
			}
			count++;
		} else if (count == 0 || items[count - 1].number != number) {
			return dtf__lmdb_damaged(
				env, table, &key); /* a value without its beginning */
		}
		rc = mdb_cursor_get(cursor, &k, &data, MDB_NEXT);
	}
	*ret_count = count;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int dtf__lmdb_scan(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t after,
	struct arena *arena, struct lmdb_item *items, size_t room, size_t *ret_count) {
	MDB_cursor *cursor;
	*ret_count = 0;
	if (after == UINT64_MAX) {
		return 0;
	}
	int rc = mdb_cursor_open(txn, env->tables[table], &cursor);
	if (rc == 0) {
		rc = scan(env, txn, cursor, table, after, arena, items, room, ret_count);
		mdb_cursor_close(cursor);
	}
	return rc;
}

/* The key at one end of a table of numbers; MDB_NOTFOUND when it is empty. */
static int end_of(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, MDB_cursor_op end,
	uint64_t *ret) {
	MDB_cursor *cursor;
	MDB_val k, data;
	uint32_t chunk;
	int rc = mdb_cursor_open(txn, env->tables[table], &cursor);
	if (rc != 0) {
		return rc;
	}
	rc = mdb_cursor_get(cursor, &k, &data, end);
	if (rc == 0 && !parse_number_key(k, ret, &chunk)) {
		rc = dtf__lmdb_damaged(env, table, &(struct lmdb_key){ 0 });
	}
	mdb_cursor_close(cursor);
	return rc;
}

int dtf__lmdb_last(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t *ret) {
	*ret = 0;
	int rc = end_of(env, txn, table, MDB_LAST, ret);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int dtf__lmdb_first(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t *ret) {
	*ret = 0;
	int rc = end_of(env, txn, table, MDB_FIRST, ret);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int dtf__lmdb_drop(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t through,
	size_t most, bool *ret_more) {
	MDB_cursor *cursor;
	MDB_val k, data;
	*ret_more = false;
	int rc = mdb_cursor_open(txn, env->tables[table], &cursor);
	if (rc != 0) {
		return rc;
	}
	/* Chunk by chunk: one whose first is missing goes as well. */
	for (;;) {
		uint64_t number = 0;
		uint32_t chunk = 0;
		rc = mdb_cursor_get(cursor, &k, &data, MDB_FIRST);
		if (rc == 0 && !parse_number_key(k, &number, &chunk)) {
			rc = dtf__lmdb_damaged(env, table, &(struct lmdb_key){ 0 });
		}
		*ret_more = rc == 0 && number <= through;
		if (!*ret_more || (chunk == 0 && most-- == 0)) {
			break;
		}
		rc = mdb_cursor_del(cursor, 0);
		if (rc != 0) {
			break;
		}
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* ---- answers ---- */

int dtf__lmdb_sweep(
	struct lmdb_env *env, MDB_txn *txn, struct lmdb_place *place, int64_t through_ms) {
	MDB_cursor *cursor;
	MDB_val data;
	/* The least key behind another is that key and a zero byte. */
	place->bytes[place->size] = 0;
	MDB_val k = { place->size + 1, place->bytes };
	int rc = mdb_cursor_open(txn, env->tables[TABLE_ANSWER], &cursor);
	if (rc != 0) {
		return rc;
	}
	rc = mdb_cursor_get(cursor, &k, &data, MDB_SET_RANGE);
	mdb_cursor_close(cursor);
	if (rc != 0) {
		return rc;
	}
	struct lmdb_key key = { 0 };
	if (k.mv_size < 4 || k.mv_size > STORE_ID_MAX + 4) {
		return dtf__lmdb_damaged(env, TABLE_ANSWER, &key);
	}
	place->size = k.mv_size;
	memcpy(place->bytes, k.mv_data, k.mv_size);
	key.size = k.mv_size - 4;
	memcpy(key.bytes, k.mv_data, k.mv_size);
	size_t header = header_size(TABLE_ANSWER);
	if (dtf__lmdb_load_big(key.bytes + key.size, 4) != 0 || data.mv_size < header + 8) {
		return 0; /* a later chunk */
	}
	int64_t time_ms = (int64_t)dtf__wire_load64((const char *)data.mv_data + header);
	return time_ms <= through_ms ? dtf__lmdb_del(env, txn, TABLE_ANSWER, &key) : 0;
}
