/* What the feeder knows: shared by the driver (feed.c) and its messages (expect.c). */
#ifndef GRAMMAR_FEED_H
#define GRAMMAR_FEED_H

#include "build.h"
#include "parse.h"

#define NESTING_MAX 128

enum bracket_kind { BASE, PAREN, SQUARE, BLOCK, LITERAL, INTERPOLATION };

struct bracket {
	enum bracket_kind kind;
	int head;   /* the word whose block is still to come on this level, or 0 */
	int of;     /* of a block: the word whose it is, or 0 */
	bool arrow; /* of a match: behind an arm's => */
	const struct token *token;
};

struct feed {
	struct parse p; /* first: actions get a pointer to it */
	const struct tokens *tokens;
	uint32_t at; /* index of the token being taken */
	struct bracket stack[NESTING_MAX + 1];
	unsigned depth;              /* index of the innermost */
	const struct token *before;  /* last one taken, SEMI included; NULL at first */
	const struct token *first;   /* of this statement */
	const struct token *suspect; /* brace closed by one that is indented otherwise */
	unsigned assumed;            /* closed as forgotten: their '}' may come after all */
	bool quiet;                  /* what is fed was made up: say nothing about it */
};

static inline bool feed_is_word(const struct token *token) {
	return token->text != NULL && token->kind != T_STRING && token->kind != T_STRING_BEGIN &&
		token->kind != T_STRING_MIDDLE && token->kind != T_STRING_END;
}

/* layout.c: what the layout means */
bool layout_is_inner(const struct feed *feed);
bool layout_can_end(const struct token *token);
bool layout_newline_counts(const struct feed *feed, const struct token *token);
bool layout_starts_statement(const struct feed *feed);
bool layout_opens_head(const struct feed *feed, const struct token *token);
enum bracket_kind layout_brace_kind(const struct feed *feed);
void layout_as_name(const struct feed *feed, struct token *token);
bool layout_forgot_closer(const struct feed *feed, const struct token *token);
bool layout_is_brace_below(const struct feed *feed, const struct token *token);
bool layout_is_record_in_head(const struct feed *feed, const struct token *token);
bool layout_begins_declaration(const struct feed *feed, const struct token *token);

/* expect.c: */
/* The token that is about to be fed does not fit. */
void expect_report(struct feed *feed, const struct token *token);
/* The innermost bracket was not closed before the token. */
void expect_closer(struct feed *feed, const struct token *token);
/* A declaration begins where blocks are still open. */
void expect_brace(struct feed *feed, const struct token *token);
/* A block's brace on a line of its own. */
void expect_same_line(struct feed *feed, const struct token *token);

#endif
