/* Tokens: the lexer's output, before newlines and braces are decided. */
#ifndef GRAMMAR_LEX_H
#define GRAMMAR_LEX_H

#include "../dtfc/diag.h"

/* As the parser's own token type; fields that a kind does not use are zero. */
struct token {
	int kind; /* T_… of parse.h */
	struct span span;
	bool after_newline; /* a newline stands between it and the token before */
	bool bad;           /* an error was reported about it */
	bool is_min;        /* INT: 9223372036854775808, which only a minus makes sense of */
	const char *text;   /* IDENT and keywords; STRING…: unescaped bytes */
	union {
		const char *doc; /* IDENT and keywords: the /// lines right above it, or NULL */
		uint32_t size;   /* STRING…: of text */
		union {
			int64_t integer; /* INT, DURATION (ms) */
			double real;     /* FLOAT */
		} value;
	};
};

struct tokens {
	struct token *items; /* the last is kind 0, at the end of the text */
	uint32_t count;
	struct comment *comments;
	bool ok;      /* no error was reported */
	bool gave_up; /* because of one, or too many, the rest was not read */
};

struct lex_word {
	const char *text;
	uint32_t size;
	int kind;
};

struct tokens lex_all(struct arena *arena, struct diag *diag, struct source *source);
/* All words that mean something, in alphabetical order. */
const struct lex_word *lex_words(size_t *ret_count);
/* "workflow", "'{'", "a name": for messages. */
const char *lex_kind_name(int kind);

#endif
