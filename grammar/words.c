/*
 * Words.  A text has few of them, again and again: each is kept once, in an open hash
 * table that knows what it means.  Those that mean something are there from the start.
 */
#include "words.h"

#include <string.h>

#include "parse.h"

#define WORD(text, kind) \
	{ (text), sizeof(text) - 1, (kind) }

static const struct lex_word known[] = {
	WORD("activity", T_ACTIVITY),
	WORD("after", T_AFTER),
	WORD("and", T_AND),
	WORD("as", T_AS),
	WORD("at", T_AT),
	WORD("backoff", T_BACKOFF),
	WORD("break", T_BREAK),
	WORD("call", T_CALL),
	WORD("capacity", T_CAPACITY),
	WORD("catch", T_CATCH),
	WORD("const", T_CONST),
	WORD("continue", T_CONTINUE),
	WORD("deadline", T_DEADLINE),
	WORD("do", T_DO),
	WORD("else", T_ELSE),
	WORD("enum", T_ENUM),
	WORD("error", T_ERROR),
	WORD("event", T_EVENT),
	WORD("factor", T_FACTOR),
	WORD("fail", T_FAIL),
	WORD("fails", T_FAILS),
	WORD("false", T_FALSE),
	WORD("finally", T_FINALLY),
	WORD("for", T_FOR),
	WORD("forever", T_FOREVER),
	WORD("heartbeat", T_HEARTBEAT),
	WORD("id", T_ID),
	WORD("if", T_IF),
	WORD("import", T_IMPORT),
	WORD("in", T_IN),
	WORD("let", T_LET),
	WORD("limit", T_LIMIT),
	WORD("log", T_LOG),
	WORD("loop", T_LOOP),
	WORD("map", T_MAP),
	WORD("match", T_MATCH),
	WORD("none", T_NONE),
	WORD("not", T_NOT),
	WORD("on", T_ON),
	WORD("or", T_OR),
	WORD("package", T_PACKAGE),
	WORD("parallel", T_PARALLEL),
	WORD("priority", T_PRIORITY),
	WORD("query", T_QUERY),
	WORD("record", T_RECORD),
	WORD("retry", T_RETRY),
	WORD("return", T_RETURN),
	WORD("select", T_SELECT),
	WORD("settle", T_SETTLE),
	WORD("shield", T_SHIELD),
	WORD("sleep", T_SLEEP),
	WORD("spawn", T_SPAWN),
	WORD("status", T_STATUS),
	WORD("tag", T_TAG),
	WORD("timeout", T_TIMEOUT),
	WORD("true", T_TRUE),
	WORD("try", T_TRY),
	WORD("undo", T_UNDO),
	WORD("until", T_UNTIL),
	WORD("var", T_VAR),
	WORD("version", T_VERSION),
	WORD("wait", T_WAIT),
	WORD("while", T_WHILE),
	WORD("with", T_WITH),
	WORD("within", T_WITHIN),
	WORD("workflow", T_WORKFLOW),
	WORD("yield", T_YIELD),
};

const struct lex_word *lex_words(size_t *ret_count) {
	*ret_count = sizeof(known) / sizeof(*known);
	return known;
}

/* Where the word is, or would be. */
static struct lex_word *place_of(const struct words *words, const char *text, size_t size) {
	uint32_t hash = 2166136261;

	for (size_t i = 0; i < size; i++) {
		hash = (hash ^ (unsigned char)text[i]) * 16777619;
	}
	for (size_t i = hash ^ hash >> 15;; i++) {
		struct lex_word *word = &words->items[i & (words->capacity - 1)];
		if (word->text == NULL ||
			(word->size == size && memcmp(word->text, text, size) == 0)) {
			return word;
		}
	}
}

static void put(struct words *words, struct lex_word word) {
	*place_of(words, word.text, word.size) = word;
}

static void resize(struct words *words, size_t capacity) {
	struct lex_word *old = words->items;
	size_t n = words->capacity;

	words->items = mem_alloc(words->arena, capacity * sizeof(*old));
	words->capacity = capacity;
	for (size_t i = 0; i < n; i++) {
		if (old[i].text != NULL) {
			put(words, old[i]);
		}
	}
}

void words_init(struct words *words, struct arena *arena) {
	*words = (struct words){ .arena = arena };
	resize(words, 256);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		put(words, known[i]);
		words->count++;
	}
}

const struct lex_word *words_find(struct words *words, const char *text, size_t size) {
	struct lex_word *word = place_of(words, text, size);

	if (word->text != NULL) {
		return word;
	}
	if (2 * words->count >= words->capacity) {
		resize(words, 2 * words->capacity);
		word = place_of(words, text, size);
	}
	words->count++;
	*word = (struct lex_word){ mem_copy(words->arena, text, size), (uint32_t)size, T_IDENT };
	return word;
}
