/*
 * Feeds tokens to the parser, and goes on behind errors.
 *
 * Lemon has reduced by the time it calls %syntax_error, so the parser is asked
 * before a token is fed: then the set of what would fit is exact.
 *
 * Behind an error, brackets that a statement opened are read to their end
 * without the parser, since it would take their closers for those of a block,
 * and a block whose head is wrong is not looked at: one mistake, one message.
 * Where it is clear what was meant, that is fed instead.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "grammar.h"

#define ERRORS_MAX 50

void *ParseAlloc(void *(*allocate)(size_t size));
void ParseFree(void *parser, void (*release)(void *memory));
void Parse(void *parser, int kind, struct token token, struct parse *p);

/* ---- feeding ---- */

/* The lexer has said it. */
static bool was_bad(const struct feed *feed, const struct token *token) {
	return token->bad || (feed->before != NULL && feed->before->bad);
}

void feed_syntax_error(struct parse *p) {
	struct feed *feed = (struct feed *)p;
	if (!p->said && !feed->quiet && !was_bad(feed, p->token)) {
		expect_report(feed, p->token);
	}
}

void feed_too_deep(struct parse *p) {
	if (!p->stopped) {
		build_error(p, DIAG_LIMIT, p->token->span, NULL, "nested too deeply");
	}
	p->stopped = true;
}

/* Feeds it as `kind`, which is UNFIT when the parser must not recover with it. */
static void put_as(struct feed *feed, const struct token *token, int kind, int kind_if_unfit) {
	struct parse *p = &feed->p;
	if (p->stopped) {
		return;
	}
	p->token = token;
	p->said = !parse_recovering(p->parser) && !parse_would_accept(p->parser, kind);
	if (p->said && !feed->quiet && !was_bad(feed, token)) {
		expect_report(feed, token);
	}
	Parse(p->parser, p->said ? kind_if_unfit : kind, *token, p);
	feed->before = token;
	p->stopped = p->stopped || p->errors >= ERRORS_MAX;
}

static void put(struct feed *feed, const struct token *token) {
	put_as(feed, token, token->kind, token->kind);
}

static void put_new(struct feed *feed, int kind) {
	struct token *token = mem_new(feed->p.arena, struct token);
	token->kind = kind;
	token->span.at = feed->before == NULL ? 0 : feed->before->span.at + feed->before->span.len;
	put(feed, token);
}

static void end_statement(struct feed *feed) {
	feed->stack[feed->depth].head = 0;
	feed->stack[feed->depth].arrow = false;
}

static void put_semi(struct feed *feed) {
	end_statement(feed);
	put_new(feed, T_SEMI);
}

/* ---- brackets ---- */

static void open_bracket(struct feed *feed, const struct token *token, enum bracket_kind kind) {
	if (feed->depth >= NESTING_MAX) {
		build_error(&feed->p, DIAG_LIMIT, token->span, NULL, "nested too deeply (limit %d)",
			NESTING_MAX);
		feed->p.stopped = true;
		return;
	}
	struct bracket *outer = &feed->stack[feed->depth];
	struct bracket *bracket = &feed->stack[++feed->depth];
	*bracket = (struct bracket){ .kind = kind, .token = token };
	if (kind == BLOCK) {
		bracket->of = outer->head;
		outer->head = 0;
		outer->arrow = false;
	}
}

static unsigned indentation(const struct feed *feed, const struct token *token) {
	uint32_t len;
	const struct source *source = feed->p.source;
	const char *line = src_line(source, src_position(source, token->span.at).line, &len);
	unsigned n = 0;
	while (n < len && (line[n] == ' ' || line[n] == '\t')) {
		n++;
	}
	return n;
}

static void close_bracket(struct feed *feed, const struct token *token) {
	/* A closer closes what it can: what is open inside was forgotten. */
	for (unsigned depth = feed->depth; depth > 0; depth--) {
		const struct bracket *bracket = &feed->stack[depth];
		bool brace = bracket->kind == BLOCK || bracket->kind == LITERAL;
		bool fits = token->kind == T_RPAREN   ? bracket->kind == PAREN
			: token->kind == T_RBRACKET   ? bracket->kind == SQUARE
			: token->kind == T_STRING_END ? bracket->kind == INTERPOLATION
						      : brace;
		if (fits) {
			if (bracket->kind == BLOCK && token->after_newline &&
				feed->suspect == NULL &&
				indentation(feed, bracket->token) != indentation(feed, token)) {
				feed->suspect = bracket->token;
			}
			feed->depth = depth - 1;
			return;
		}
		if (brace) {
			break;
		}
	}
	/* `[1, 2)`: the wrong one, for the parser to say so, but meant to close. */
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	if (token->kind != T_RBRACE && (kind == PAREN || kind == SQUARE)) {
		feed->depth--;
	}
}

/* ---- going on behind errors ---- */

static void leave_brackets(struct feed *feed, const struct token *token) {
	if (!parse_recovering(feed->p.parser)) {
		expect_closer(feed, token);
		feed->quiet = true;
		put_new(feed, T_UNFIT);
		feed->quiet = false;
	}
	while (layout_forgot_closer(feed, token)) {
		feed->depth--;
	}
}

static void close_blocks(struct feed *feed, const struct token *token) {
	expect_brace(feed, token);
	feed->quiet = true;
	while (feed->depth > 0) {
		if (feed->before->kind != T_SEMI) {
			put_semi(feed);
		}
		feed->depth--;
		feed->assumed++;
		put_new(feed, T_RBRACE);
	}
	put_semi(feed);
	feed->quiet = false;
	feed->suspect = NULL;
}

/* What stands in a block that an error has taken the meaning of is not looked
 * at.  Goes on behind the brace that closes it. */
static void skip_block(struct feed *feed) {
	unsigned open = 0;
	for (; feed->at + 1 < feed->tokens->count; feed->at++) {
		int kind = feed->tokens->items[feed->at].kind;
		open += kind == T_LBRACE ? 1 : 0;
		open -= kind == T_RBRACE ? 1 : 0;
		if (open == 0) {
			break;
		}
	}
	if (open > 0) {
		feed->at--; /* the loop over all goes on with the end of the text */
	}
	feed->before = &feed->tokens->items[feed->at];
	end_statement(feed);
}

/* ---- one token ---- */

static void take_open(struct feed *feed, struct token *token) {
	enum bracket_kind kind = token->kind == T_LPAREN ? PAREN
		: token->kind == T_STRING_BEGIN          ? INTERPOLATION
		: token->kind == T_LBRACE                ? layout_brace_kind(feed)
							 : SQUARE;
	bool recovering = parse_recovering(feed->p.parser);
	if (kind == BLOCK && token->kind == T_LBRACE && layout_is_record_in_head(feed, token)) {
		build_error(&feed->p, DIAG_SYNTAX, token->span, NULL,
			"a record here stands in parentheses: (%s { … })", feed->before->text);
		kind = LITERAL;
	}
	if (recovering && token->kind == T_LBRACE) {
		skip_block(feed);
		return;
	}
	if (kind == LITERAL) {
		token->kind = T_LITERAL_BRACE;
	}
	if (!recovering && kind == BLOCK && !parse_would_accept(feed->p.parser, T_LBRACE)) {
		put_as(feed, token, T_LBRACE, T_UNFIT);
		skip_block(feed);
		return;
	}
	open_bracket(feed, token, kind);
	if (recovering) {
		feed->before = token;
		return;
	}
	put_as(feed, token, token->kind, T_UNFIT);
}

static void take_close(struct feed *feed, struct token *token) {
	bool inner = layout_is_inner(feed);
	if (token->kind == T_RBRACE && feed->depth == 0 && feed->assumed > 0) {
		feed->assumed--; /* a declaration stood in a block: that was said */
		return;
	}
	if (token->kind == T_RBRACE && !inner && feed->before != NULL &&
		feed->before->kind != T_SEMI && feed->before->kind != T_LBRACE) {
		put_semi(feed);
	}
	close_bracket(feed, token);
	if (inner && parse_recovering(feed->p.parser)) {
		feed->before = token;
		return;
	}
	put_as(feed, token, token->kind, inner ? T_UNFIT : token->kind);
}

/* `const x = …` among the statements of a block is meant as a `let`: no brace is missing. */
static bool is_local_const(const struct feed *feed, const struct token *token) {
	return token->kind == T_CONST && feed->depth > 0 &&
		indentation(feed, token) > indentation(feed, feed->stack[1].token);
}

static void take(struct feed *feed, struct token *token) {
	layout_as_name(feed, token);
	if (layout_forgot_closer(feed, token)) {
		leave_brackets(feed, token);
	}
	if (layout_is_brace_below(feed, token)) {
		expect_same_line(feed, token);
	} else if (layout_newline_counts(feed, token)) {
		put_semi(feed);
	}
	if (layout_begins_declaration(feed, token) && !is_local_const(feed, token)) {
		close_blocks(feed, token);
	}
	if (layout_starts_statement(feed)) {
		feed->first = token;
	}
	struct bracket *top = &feed->stack[feed->depth];
	if (layout_opens_head(feed, token)) {
		top->head = token->kind;
	}
	switch (token->kind) {
	case T_LPAREN:
	case T_LBRACKET:
	case T_PARSE_BRACKET:
	case T_STRING_BEGIN:
	case T_LBRACE:
		take_open(feed, token);
		return;
	case T_RBRACE:
	case T_RPAREN:
	case T_RBRACKET:
	case T_STRING_END:
		take_close(feed, token);
		return;
	case T_SEMI:
		end_statement(feed);
		break;
	case T_FAT_ARROW:
		top->arrow = true;
		break;
	default:
		break;
	}
	if (layout_is_inner(feed) && parse_recovering(feed->p.parser)) {
		feed->before = token;
	} else {
		put(feed, token);
	}
}

static void take_end(struct feed *feed, const struct token *token) {
	if (feed->depth > 0) {
		if (!parse_recovering(feed->p.parser)) {
			(layout_is_inner(feed) ? expect_closer : expect_brace)(feed, token);
		}
		feed->quiet = true;
	} else if (feed->before != NULL && feed->before->kind != T_SEMI) {
		put_semi(feed);
	}
	put(feed, token);
}

/* ---- all tokens ---- */

/* Is a minus at the token a sign, as nothing is before it to subtract from? */
static bool is_sign(const struct token *first, const struct token *minus) {
	if (minus == first || minus->after_newline) {
		return true;
	}
	switch (minus[-1].kind) {
	case T_RETURN:
	case T_RBRACE: /* the match arm before */
		return true;
	default:
		return !layout_can_end(minus - 1);
	}
}

/* -9223372036854775808 is one number: its digits alone would not fit. */
static void join_minus(struct tokens *tokens) {
	struct token *items = tokens->items;
	uint32_t n = 0;
	for (uint32_t i = 0; i < tokens->count; i++) {
		struct token *token = &items[n++];
		*token = items[i];
		if (token->kind == T_INT && token->is_min && n >= 2 &&
			items[n - 2].kind == T_MINUS && is_sign(items, &items[n - 2])) {
			struct token number = *token;
			number.is_min = false;
			number.value.integer = INT64_MIN;
			number.span = build_join(items[n - 2].span, number.span);
			number.after_newline = items[n - 2].after_newline;
			n--;
			items[n - 1] = number;
		}
	}
	tokens->count = n;
}

static void check_package(struct feed *feed) {
	struct parse *p = &feed->p;
	if (p->errors == 0 && p->file->package.text == NULL) {
		build_error(p, DIAG_SYNTAX, feed->tokens->items[0].span,
			"write `package NAME` first", "the file does not say its package");
	}
}

struct file *grammar_parse(struct arena *arena, struct diag *diag, struct source *source) {
	struct file *file = mem_new(arena, struct file);
	struct tokens tokens = lex_all(arena, diag, source);
	struct feed *feed = mem_new(arena, struct feed);
	file->source = source;
	file->comments = tokens.comments;
	join_minus(&tokens);
	feed->tokens = &tokens;
	feed->p = (struct parse){ .arena = arena, .diag = diag, .source = source, .file = file };
	feed->p.decls_tail = &file->decls;
	feed->p.parser = ParseAlloc(malloc);
	if (feed->p.parser == NULL) {
		bug("out of memory for the parser");
	}
	for (feed->at = 0; feed->at + 1 < tokens.count && !feed->p.stopped; feed->at++) {
		take(feed, &tokens.items[feed->at]);
	}
	if (!tokens.gave_up && !feed->p.stopped) {
		take_end(feed, &tokens.items[tokens.count - 1]);
	}
	ParseFree(feed->p.parser, free);
	if (tokens.ok && !feed->p.stopped) {
		check_package(feed);
	}
	file->ok = tokens.ok && feed->p.errors == 0 && !feed->p.failed;
	return file;
}

void grammar_dump_tokens(struct arena *arena, struct diag *diag, struct source *source, FILE *out) {
	struct tokens tokens = lex_all(arena, diag, source);
	for (uint32_t i = 0; i < tokens.count; i++) {
		const struct token *token = &tokens.items[i];
		struct position at = src_position(source, token->span.at);
		fprintf(out, "%u:%u\t%s\t%.*s\n", at.line, at.column, lex_kind_name(token->kind),
			(int)token->span.len, source->text + token->span.at);
	}
}
