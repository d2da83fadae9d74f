/*
 * From tokens to the parser: where a statement ends, which brace opens a
 * literal, and how to go on behind an error.
 *
 * Newlines.  One ends a statement when the token before it can end one, except
 * inside ( ) and [ ], before `undo` and `with` where the durable call before
 * takes one, and before `else`, `catch`, `finally` behind a brace.  A SEMI is
 * put before every brace that closes a block, so the grammar needs one rule.
 *
 * Braces.  Between a word like `if`, `for` or `workflow` and its block (the
 * word's head) a bare brace is the block's; at the start of a statement too.
 * Elsewhere a brace behind a name or where an expression begins is a literal's.
 *
 * Errors.  Lemon has reduced by the time it calls %syntax_error, so the parser
 * is asked before a token is fed: then the set of what would fit is exact.
 * Behind an error, brackets that a statement opened are read to their end
 * without the parser, since it would take their closers for those of a block.
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

static bool is_inner(const struct feed *feed) {
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	return kind == PAREN || kind == SQUARE || kind == LITERAL || kind == INTERPOLATION;
}

/* Feeds it as `kind`, which is UNFIT when the parser must not recover with it. */
static void put_as(struct feed *feed, const struct token *token, int kind, int kind_if_unfit) {
	struct parse *p = &feed->p;
	if (feed->p.stopped) {
		return;
	}
	p->token = token;
	p->said = !parse_recovering(p->parser) && !parse_would_accept(p->parser, kind);
	if (p->said && !feed->quiet && !was_bad(feed, token)) {
		expect_report(feed, token);
	}
	Parse(p->parser, p->said ? kind_if_unfit : kind, *token, p);
	feed->before = token;
	feed->p.stopped = feed->p.stopped || p->errors >= ERRORS_MAX;
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

/* ---- newlines ---- */

/* Can it end a statement?  Any word can that is not reserved for something else. */
static bool can_end(const struct token *token) {
	switch (token->kind) {
	case T_INT:
	case T_FLOAT:
	case T_DURATION:
	case T_STRING:
	case T_STRING_END:
	case T_TRUE:
	case T_FALSE:
	case T_NONE:
	case T_RPAREN:
	case T_RBRACKET:
	case T_RBRACE:
	case T_QUESTION:
	case T_RETURN:
	case T_BREAK:
	case T_CONTINUE:
	case T_FAIL:
		return true;
	default:
		return token->kind == T_IDENT || parse_is_contextual(token->kind);
	}
}

/* Words that only begin statements; a durable expression may continue one. */
static bool is_statement_word(int kind) {
	switch (kind) {
	case T_LET:
	case T_VAR:
	case T_IF:
	case T_WHILE:
	case T_LOOP:
	case T_FOR:
	case T_MATCH:
	case T_BREAK:
	case T_CONTINUE:
	case T_RETURN:
	case T_YIELD:
	case T_FAIL:
	case T_TRY:
	case T_SELECT:
	case T_SLEEP:
	case T_WITHIN:
	case T_SHIELD:
	case T_STATUS:
	case T_LOG:
		return true;
	default:
		return false;
	}
}

/*
 * Nothing ends a statement here, and the next line does not go on with it: what
 * is wrong is this line.
 */
static bool ends_badly(const struct feed *feed, const struct token *token) {
	const struct token *last = feed->before;
	const struct token *items = feed->tokens->items;
	switch (last->kind) {
	case T_SEMI:
	case T_LBRACE:
	case T_LITERAL_BRACE:
	case T_COMMA:
		return false;
	case T_COLON: /* `price:` and the next field below */
		return token[1].kind == T_COLON;
	case T_MINUS: /* `x--` */
		if (last > items && last[-1].kind == T_MINUS &&
			last[-1].span.at + 1 == last->span.at) {
			return true;
		}
		break;
	default:
		break;
	}
	return token->kind != T_LBRACE && token->kind != T_RBRACE &&
		!parse_would_accept(feed->p.parser, token->kind);
}

static bool newline_counts(const struct feed *feed, const struct token *token) {
	const struct token *before = feed->before;
	bool recovering = parse_recovering(feed->p.parser);
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	if (!token->after_newline || before == NULL || kind == PAREN || kind == SQUARE ||
		kind == INTERPOLATION || (kind == LITERAL && recovering)) {
		return false;
	}
	if (!can_end(before)) {
		return recovering || ends_badly(feed, token);
	}
	bool closed = before->kind == T_RPAREN || before->kind == T_RBRACE;
	if (closed && (token->kind == T_UNDO || token->kind == T_WITH)) {
		return recovering || !parse_would_accept(feed->p.parser, token->kind);
	}
	bool goes_on = token->kind == T_ELSE || token->kind == T_CATCH || token->kind == T_FINALLY;
	return !(goes_on && before->kind == T_RBRACE);
}

static bool starts_statement(const struct feed *feed) {
	const struct token *before = feed->before;
	return before == NULL || before->kind == T_SEMI || before->kind == T_LBRACE ||
		before->kind == T_RBRACE;
}

/* ---- brackets ---- */

static bool opens_head(const struct feed *feed, const struct token *token) {
	switch (token->kind) {
	case T_IF:
	case T_WHILE:
	case T_FOR:
	case T_MATCH:
	case T_WITHIN:
	case T_PARALLEL:
	case T_SELECT:
	case T_CATCH:
		return true;
	case T_AS:
		return (feed->before != NULL && feed->before->kind == T_CATCH) ||
			!parse_would_accept(feed->p.parser, T_IDENT);
	case T_ID:
		return feed->before != NULL && feed->before->kind == T_RPAREN;
	case T_RECORD:
	case T_ENUM:
	case T_ERROR:
	case T_ACTIVITY:
	case T_EVENT:
	case T_WORKFLOW:
		return feed->depth == 0 && starts_statement(feed);
	case T_QUERY:
		return starts_statement(feed) && feed_is_word(token + 1);
	case T_ON:
	case T_AFTER:
	case T_AT:
		return feed->stack[feed->depth].of == T_SELECT && starts_statement(feed);
	default:
		return false;
	}
}

/* Does an expression begin behind it? */
static bool begins_expression(const struct token *token) {
	switch (token->kind) {
	case T_ASSIGN:
	case T_PLUS_ASSIGN:
	case T_MINUS_ASSIGN:
	case T_STAR_ASSIGN:
	case T_LPAREN:
	case T_LBRACKET:
	case T_COMMA:
	case T_COLON:
	case T_RETURN:
	case T_YIELD:
	case T_STATUS:
	case T_COALESCE:
	case T_EQ:
	case T_NE:
	case T_PLUS:
	case T_STRING_BEGIN:
	case T_STRING_MIDDLE:
		return true;
	default:
		return false;
	}
}

static enum bracket_kind brace_kind(const struct feed *feed) {
	const struct bracket *top = &feed->stack[feed->depth];
	const struct token *before = feed->before;
	if (before == NULL || top->head != 0 || (top->of == T_MATCH && !top->arrow)) {
		return BLOCK;
	}
	if (begins_expression(before)) {
		return LITERAL;
	}
	bool named = before->kind == T_IDENT || parse_is_contextual(before->kind);
	bool misspelt = before == feed->first && top->kind == BLOCK; /* `whlie {` */
	return named && !misspelt && before->kind != T_WITH ? LITERAL : BLOCK;
}

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
		end_statement(feed);
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

/* A statement begins or ends inside a bracket: its end was forgotten. */
static bool forgot_closer(const struct feed *feed, const struct token *token) {
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	if (kind != PAREN && kind != SQUARE && kind != LITERAL) {
		return false;
	}
	if (token->kind == T_SEMI || token->kind == T_RBRACE) {
		return kind != LITERAL;
	}
	return token->after_newline && (is_statement_word(token->kind) || token->kind == T_DO);
}

/* A head on one line, its '{' on the next. */
static bool is_brace_below(const struct feed *feed, const struct token *token) {
	return token->kind == T_LBRACE && token->after_newline &&
		feed->stack[feed->depth].head != 0 && !parse_recovering(feed->p.parser) &&
		can_end(feed->before) && parse_would_accept(feed->p.parser, T_LBRACE);
}

static void leave_brackets(struct feed *feed, const struct token *token) {
	if (!parse_recovering(feed->p.parser)) {
		expect_closer(feed, token);
		feed->quiet = true;
		put_new(feed, T_UNFIT);
		feed->quiet = false;
	}
	while (forgot_closer(feed, token)) {
		feed->depth--;
	}
}

/* `workflow NAME` at the start of a statement is no statement: blocks are left open. */
static bool begins_declaration(const struct feed *feed, const struct token *token) {
	switch (token->kind) {
	case T_IMPORT:
	case T_CONST:
	case T_RECORD:
	case T_ENUM:
	case T_ERROR:
	case T_ACTIVITY:
	case T_EVENT:
	case T_WORKFLOW:
		return feed->depth > 0 && token->after_newline && starts_statement(feed) &&
			(feed_is_word(token + 1) || token[1].kind == T_STRING) &&
			!token[1].after_newline;
	default:
		return false;
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

/* Reserved words are names behind a dot, before a colon, in an enum. */
static void as_name(const struct feed *feed, struct token *token) {
	const struct bracket *top = &feed->stack[feed->depth];
	if (!feed_is_word(token) || token->kind == T_PARSE_BRACKET) {
		return;
	}
	int before = feed->before == NULL ? 0 : feed->before->kind;
	bool value = token->kind == T_TRUE || token->kind == T_FALSE || token->kind == T_NONE;
	bool declared = before == T_LET || before == T_VAR || before == T_CONST ||
		before == T_EVENT;
	bool field = token[1].kind == T_COLON && !value && !declared;
	if (before == T_DOT || field || (top->kind == BLOCK && top->of == T_ENUM)) {
		token->kind = T_IDENT;
	}
}

/* `if x == Pair { a: 1 } {`: no statement begins with a name and a colon. */
static bool is_record_in_head(const struct feed *feed, const struct token *token) {
	switch (feed->stack[feed->depth].head) {
	case T_IF:
	case T_WHILE:
	case T_FOR:
	case T_WITHIN:
	case T_PARALLEL:
	case T_AFTER:
	case T_AT:
		return feed->before->kind == T_IDENT && feed_is_word(token + 1) &&
			token[2].kind == T_COLON;
	default:
		return false;
	}
}

static void take_open(struct feed *feed, struct token *token) {
	enum bracket_kind kind = token->kind == T_LPAREN ? PAREN
		: token->kind == T_STRING_BEGIN          ? INTERPOLATION
		: token->kind == T_LBRACE                ? brace_kind(feed)
							 : SQUARE;
	bool recovering = parse_recovering(feed->p.parser);
	if (kind == BLOCK && token->kind == T_LBRACE && is_record_in_head(feed, token)) {
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
	bool inner = is_inner(feed);
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

static void take(struct feed *feed, struct token *token) {
	as_name(feed, token);
	if (forgot_closer(feed, token)) {
		leave_brackets(feed, token);
	}
	if (is_brace_below(feed, token)) {
		expect_same_line(feed, token);
	} else if (newline_counts(feed, token)) {
		put_semi(feed);
	}
	if (begins_declaration(feed, token)) {
		close_blocks(feed, token);
	}
	if (starts_statement(feed)) {
		feed->first = token;
	}
	struct bracket *top = &feed->stack[feed->depth];
	if (opens_head(feed, token)) {
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
	if (is_inner(feed) && parse_recovering(feed->p.parser)) {
		feed->before = token;
	} else {
		put(feed, token);
	}
}

static void take_end(struct feed *feed, const struct token *token) {
	if (feed->depth > 0) {
		if (!parse_recovering(feed->p.parser)) {
			(is_inner(feed) ? expect_closer : expect_brace)(feed, token);
		}
		feed->quiet = true;
	} else if (feed->before != NULL && feed->before->kind != T_SEMI) {
		put_semi(feed);
	}
	put(feed, token);
}

/* ---- all tokens ---- */

/* -9223372036854775808 is one number: its digits alone would not fit. */
static void join_minus(struct tokens *tokens) {
	struct token *items = tokens->items;
	uint32_t n = 0;
	for (uint32_t i = 0; i < tokens->count; i++) {
		struct token *token = &items[n++];
		*token = items[i];
		if (token->kind == T_INT && token->is_min && n >= 2 &&
			items[n - 2].kind == T_MINUS && (n == 2 || !can_end(&items[n - 3]))) {
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
