/* Tokens: the lexer's output, before newlines and braces are decided. */
#ifndef GRAMMAR_LEX_H
#define GRAMMAR_LEX_H

#include "../dtfc/diag.h"

/* As the parser's own token type; fields that a kind does not use are zero. */
struct token {
	int kind; /* T_… of parse.h */
	struct span span;
	bool after_newline; /* a newline stands between it and the token before */
	int64_t integer;    /* INT, DURATION (ms) */
	bool is_min;        /* INT: 9223372036854775808, which only a minus makes sense of */
	double real;        /* FLOAT */
	const char *text;   /* IDENT and keywords; STRING…: unescaped bytes */
	uint32_t size;      /* of text */
	const char *doc;    /* the /// lines right above it */
};

struct tokens {
	struct token *items; /* the last is kind 0, at the end of the text */
	uint32_t count;
	struct comment *comments;
	bool ok; /* no error was reported */
};

struct tokens lex_all(struct arena *arena, struct diag *diag, struct source *source);
/* "workflow", "'{'", "a name": for messages. */
const char *lex_kind_name(int kind);

#endif
