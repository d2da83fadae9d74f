/*
 * What the layout of a text means: where a statement ends, which brace opens a
 * literal, which word is a name.  Questions only: the answers are feed.c's to use.
 *
 * Newlines.  One ends a statement when the token before it can end one, except
 * inside ( ) and [ ], before `undo` and `with` where the durable call before
 * takes one, and before `else`, `catch`, `finally` behind a brace; but `else =>`
 * begins an arm.
 *
 * Braces.  Between a word like `if`, `for` or `workflow` and its block (the
 * word's head) a bare brace is the block's; at the start of a statement too.
 * Elsewhere a brace behind a name or where an expression begins is a literal's.
 */
#include "feed.h"

/* ---- newlines ---- */

bool layout_is_inner(const struct feed *feed) {
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	return kind == PAREN || kind == SQUARE || kind == LITERAL || kind == INTERPOLATION;
}

/* Can it end a statement?  Any word can that is not reserved for something else. */
bool layout_can_end(const struct token *token) {
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

bool layout_newline_counts(const struct feed *feed, const struct token *token) {
	const struct token *before = feed->before;
	bool recovering = parse_recovering(feed->p.parser);
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	if (!token->after_newline || before == NULL || kind == PAREN || kind == SQUARE ||
		kind == INTERPOLATION || (kind == LITERAL && recovering)) {
		return false;
	}
	if (!layout_can_end(before)) {
		return recovering || ends_badly(feed, token);
	}
	bool closed = before->kind == T_RPAREN || before->kind == T_RBRACE;
	if (closed && (token->kind == T_UNDO || token->kind == T_WITH)) {
		return recovering || !parse_would_accept(feed->p.parser, token->kind);
	}
	bool is_arm = token->kind == T_ELSE && token[1].kind == T_FAT_ARROW;
	bool goes_on = (token->kind == T_ELSE && !is_arm) || token->kind == T_CATCH ||
		token->kind == T_FINALLY;
	return !(goes_on && before->kind == T_RBRACE);
}

/* ---- braces ---- */

bool layout_starts_statement(const struct feed *feed) {
	const struct token *before = feed->before;
	return before == NULL || before->kind == T_SEMI || before->kind == T_LBRACE ||
		before->kind == T_RBRACE;
}

bool layout_opens_head(const struct feed *feed, const struct token *token) {
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
		return feed->depth == 0 && layout_starts_statement(feed);
	case T_QUERY:
		return layout_starts_statement(feed) && feed_is_word(token + 1);
	case T_ON:
	case T_AFTER:
	case T_AT:
		return feed->stack[feed->depth].of == T_SELECT && layout_starts_statement(feed);
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

enum bracket_kind layout_brace_kind(const struct feed *feed) {
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

/* ---- words ---- */

/* Reserved words are names behind a dot, before a colon, in an enum. */
void layout_as_name(const struct feed *feed, struct token *token) {
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

/* ---- what was probably meant ---- */

/* A statement begins or ends inside a bracket: its end was forgotten. */
bool layout_forgot_closer(const struct feed *feed, const struct token *token) {
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
bool layout_is_brace_below(const struct feed *feed, const struct token *token) {
	return token->kind == T_LBRACE && token->after_newline &&
		feed->stack[feed->depth].head != 0 && !parse_recovering(feed->p.parser) &&
		layout_can_end(feed->before) && parse_would_accept(feed->p.parser, T_LBRACE);
}

/* `if x == Pair { a: 1 } {`: no statement begins with a name and a colon. */
bool layout_is_record_in_head(const struct feed *feed, const struct token *token) {
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

/* `workflow NAME` at the start of a statement is no statement: blocks are left open. */
bool layout_begins_declaration(const struct feed *feed, const struct token *token) {
	switch (token->kind) {
	case T_IMPORT:
	case T_CONST:
	case T_RECORD:
	case T_ENUM:
	case T_ERROR:
	case T_ACTIVITY:
	case T_EVENT:
	case T_WORKFLOW:
		return feed->depth > 0 && token->after_newline && layout_starts_statement(feed) &&
			(feed_is_word(token + 1) || token[1].kind == T_STRING) &&
			!token[1].after_newline;
	default:
		return false;
	}
}
