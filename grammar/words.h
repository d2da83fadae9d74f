/* The words of a text, each once. */
#ifndef GRAMMAR_WORDS_H
#define GRAMMAR_WORDS_H

#include "lex.h"

struct words {
	struct arena *arena;
	struct lex_word *items;
	size_t capacity; /* a power of two */
	size_t count;
};

void words_init(struct words *words, struct arena *arena);
/* What it is: T_IDENT if it means nothing.  Good until the next call; its text for good. */
const struct lex_word *words_find(struct words *words, const char *text, size_t size);

#endif
