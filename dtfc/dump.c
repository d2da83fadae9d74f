/*
 * The syntax tree, a node a line, children indented.
 *
 * For people who want to see how a file was understood and for tests of the
 * parser; nothing reads it back.
 */
#include "dump.h"

#include <inttypes.h>
#include <stdarg.h>

#include "src.h"

struct dump {
	FILE *out;
	const struct source *source;
	int depth;
};

static void line(struct dump *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(struct dump *d, const char *format, ...) {
	va_list args;

	fprintf(d->out, "%*s", 2 * d->depth, "");
	va_start(args, format);
	vfprintf(d->out, format, args);
	va_end(args);
	fputc('\n', d->out);
}

/* The name, or nothing. */
static const char *text(struct name name) {
	return name.text != NULL ? name.text : "";
}

static const char *dot(struct name package) {
	return package.text != NULL ? "." : "";
}

/* From where to where, and what the source says there, its first line. */
static void source_line(struct dump *d, const char *what, struct span span) {
	struct position p = src_position(d->source, span.at);
	struct position end = src_position(d->source, span.at + span.len);
	uint32_t len = 0;

	while (len < span.len && d->source->text[span.at + len] != '\n') {
		len++;
	}
	line(d, "%s %" PRIu32 ":%" PRIu32 "-%" PRIu32 ":%" PRIu32 " %.*s", what, p.line, p.column,
		end.line, end.column, (int)len, d->source->text + span.at);
}

static void dump_type(struct dump *d, const struct type_syntax *type) {
	static const char *const names[] = {
		[TYPE_SYNTAX_NAME] = "type",
		[TYPE_SYNTAX_LIST] = "list type",
		[TYPE_SYNTAX_MAP] = "map type",
		[TYPE_SYNTAX_OPTIONAL] = "optional type",
	};

	d->depth++;
	if (type != NULL) {
		source_line(d, names[type->kind], type->span);
		dump_type(d, type->of);
	}
	d->depth--;
}

/* ---- expressions ---- */

static void dump_expr(struct dump *d, const char *role, const struct expr *expr);
static void dump_block(struct dump *d, const char *role, const struct block *block);

static void dump_args(struct dump *d, const struct argument *args) {
	for (; args != NULL; args = args->next) {
		if (args->key != NULL) {
			dump_expr(d, "key", args->key);
		}
		dump_expr(d, args->name.text != NULL ? args->name.text : "value", args->value);
	}
}

static const char *expr_name(const struct expr *expr) {
	static const char *const names[] = {
		[EXPR_ERROR] = "error",
		[EXPR_NAME] = "name",
		[EXPR_BOOL] = "bool",
		[EXPR_INT] = "int",
		[EXPR_FLOAT] = "float",
		[EXPR_NONE] = "none",
		[EXPR_DURATION] = "duration",
		[EXPR_STRING] = "string",
		[EXPR_LIST] = "list",
		[EXPR_MAP] = "map",
		[EXPR_RECORD] = "record",
		[EXPR_FIELD] = "field",
		[EXPR_INDEX] = "index",
		[EXPR_CALL] = "function",
		[EXPR_UNARY] = "unary",
		[EXPR_BINARY] = "binary",
		[EXPR_CONVERT] = "convert",
		[EXPR_DO] = "do",
		[EXPR_CALL_WORKFLOW] = "call",
		[EXPR_SPAWN] = "spawn",
		[EXPR_WAIT] = "wait",
		[EXPR_PARALLEL] = "parallel",
	};

	return names[expr->kind];
}

static void dump_undo(struct dump *d, const struct undo *undo) {
	if (undo == NULL) {
		return;
	}
	source_line(d, "undo", undo->span);
	d->depth++;
	dump_expr(d, "call", undo->call);
	dump_block(d, "block", undo->block);
	d->depth--;
}

static void dump_attributes(struct dump *d, const struct attribute *a) {
	for (; a != NULL; a = a->next) {
		source_line(d, "attribute", a->span);
		d->depth++;
		dump_expr(d, "value", a->value);
		dump_expr(d, "times", a->times);
		dump_expr(d, "from", a->backoff_min);
		dump_expr(d, "to", a->backoff_max);
		dump_expr(d, "factor", a->factor);
		d->depth--;
	}
}

static void dump_parallel(struct dump *d, const struct expr *expr) {
	dump_expr(d, "limit", expr->u.parallel->limit);
	dump_expr(d, "until", expr->u.parallel->until);
	dump_expr(d, "in", expr->u.parallel->list);
	dump_block(d, "body", expr->u.parallel->body);
	for (const struct branch *b = expr->u.parallel->branches; b != NULL; b = b->next) {
		const struct block body = { .span = b->body->span, .first = b->body };
		dump_block(d, "branch", &body);
	}
}

static void dump_parts(struct dump *d, const struct string_part *part) {
	for (; part != NULL; part = part->next) {
		if (part->expr != NULL) {
			dump_expr(d, "part", part->expr);
		} else {
			line(d, "text of %" PRIu32 " bytes", part->len);
		}
	}
}

static void dump_children(struct dump *d, const struct expr *expr) {
	switch (expr->kind) {
	case EXPR_STRING:
		dump_parts(d, expr->u.parts);
		break;
	case EXPR_LIST:
	case EXPR_MAP:
		dump_args(d, expr->u.items);
		break;
	case EXPR_RECORD:
		dump_args(d, expr->u.record.fields);
		break;
	case EXPR_FIELD:
		dump_expr(d, "of", expr->u.field.base);
		break;
	case EXPR_INDEX:
		dump_expr(d, "of", expr->u.index.base);
		dump_expr(d, "at", expr->u.index.index);
		break;
	case EXPR_CALL:
		dump_type(d, expr->u.call.type);
		dump_args(d, expr->u.call.args);
		break;
	case EXPR_UNARY:
	case EXPR_BINARY:
		dump_expr(d, "left", expr->u.operation.left);
		dump_expr(d, "right", expr->u.operation.right);
		break;
	case EXPR_CONVERT:
		dump_expr(d, "of", expr->u.converted);
		break;
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
		dump_args(d, expr->u.step->args);
		dump_attributes(d, expr->u.step->with);
		dump_expr(d, "id", expr->u.step->id);
		dump_undo(d, expr->u.step->undo);
		break;
	case EXPR_PARALLEL:
		dump_parallel(d, expr);
		break;
	case EXPR_ERROR:
	case EXPR_NAME:
	case EXPR_BOOL:
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_NONE:
	case EXPR_DURATION:
	case EXPR_WAIT:
		break;
	}
}

static void dump_expr(struct dump *d, const char *role, const struct expr *expr) {
	if (expr == NULL) {
		return;
	}
	fprintf(d->out, "%*s%s: ", 2 * d->depth, "", role);
	int depth = d->depth;
	d->depth = 0;
	source_line(d, expr_name(expr), expr->span);
	d->depth = depth + 1;
	dump_children(d, expr);
	d->depth = depth;
}

/* ---- statements ---- */

static const char *const stmt_names[] = {
	[STMT_ERROR] = "error",
	[STMT_LET] = "let",
	[STMT_ASSIGN] = "assign",
	[STMT_EXPR] = "expression",
	[STMT_BLOCK] = "block",
	[STMT_IF] = "if",
	[STMT_WHILE] = "while",
	[STMT_LOOP] = "loop",
	[STMT_FOR] = "for",
	[STMT_MATCH] = "match",
	[STMT_BREAK] = "break",
	[STMT_CONTINUE] = "continue",
	[STMT_RETURN] = "return",
	[STMT_YIELD] = "yield",
	[STMT_FAIL] = "fail",
	[STMT_TRY] = "try",
	[STMT_UNDO] = "undo",
	[STMT_SELECT] = "select",
	[STMT_SLEEP] = "sleep",
	[STMT_WITHIN] = "within",
	[STMT_SHIELD] = "shield",
	[STMT_CONTINUE_WITH] = "continue with",
	[STMT_STATUS] = "status",
	[STMT_LOG] = "log",
};

static void dump_stmt(struct dump *d, const struct stmt *stmt);

static void dump_try(struct dump *d, const struct stmt *stmt) {
	dump_block(d, "body", stmt->u.attempt.body);
	for (const struct catch_arm *c = stmt->u.attempt.catches; c != NULL; c = c->next) {
		source_line(d, "catch", c->span);
		for (const struct catch_name *n = c->names; n != NULL; n = n->next) {
			line(d, "error %s%s%s", text(n->package), dot(n->package), text(n->name));
		}
		if (c->binder.text != NULL) {
			line(d, "as %s", c->binder.text);
		}
		dump_block(d, "body", c->body);
	}
	dump_block(d, "finally", stmt->u.attempt.finally);
}

static void dump_arms(struct dump *d, const struct select_arm *arm) {
	for (; arm != NULL; arm = arm->next) {
		source_line(d, "arm", arm->span);
		d->depth++;
		dump_expr(d, "trigger", arm->trigger);
		if (arm->binder.text != NULL) {
			line(d, "as %s", arm->binder.text);
		}
		dump_expr(d, "if", arm->condition);
		dump_block(d, "body", arm->body);
		d->depth--;
	}
}

static void dump_match(struct dump *d, const struct stmt *stmt) {
	dump_expr(d, "value", stmt->u.match.value);
	for (const struct match_arm *a = stmt->u.match.arms; a != NULL; a = a->next) {
		source_line(d, "arm", a->span);
		d->depth++;
		dump_args(d, a->values);
		dump_block(d, "body", a->body);
		d->depth--;
	}
}

static void dump_if(struct dump *d, const struct stmt *stmt) {
	if (stmt->u.branch.let.text != NULL) {
		line(d, "let %s", stmt->u.branch.let.text);
	}
	dump_expr(d, "condition", stmt->u.branch.condition);
	dump_block(d, "then", stmt->u.branch.then);
	if (stmt->u.branch.otherwise != NULL) {
		dump_stmt(d, stmt->u.branch.otherwise);
	}
}

static void dump_parts_of(struct dump *d, const struct stmt *stmt) {
	switch (stmt->kind) {
	case STMT_LET:
		dump_type(d, stmt->u.let.type);
		dump_expr(d, "value", stmt->u.let.value);
		break;
	case STMT_ASSIGN:
		dump_expr(d, "target", stmt->u.assign.target);
		dump_expr(d, "value", stmt->u.assign.value);
		break;
	case STMT_SLEEP:
	case STMT_EXPR:
	case STMT_RETURN:
	case STMT_YIELD:
	case STMT_STATUS:
		dump_expr(
			d, "value", stmt->kind == STMT_SLEEP ? stmt->u.sleep.value : stmt->u.expr);
		break;
	case STMT_BLOCK:
	case STMT_LOOP:
	case STMT_SHIELD:
		dump_block(d, "body", stmt->u.block);
		break;
	case STMT_IF:
		dump_if(d, stmt);
		break;
	case STMT_WHILE:
		dump_expr(d, "condition", stmt->u.loop.condition);
		dump_block(d, "body", stmt->u.loop.body);
		break;
	case STMT_FOR:
		dump_expr(d, "over", stmt->u.each.over);
		dump_expr(d, "end", stmt->u.each.end);
		dump_block(d, "body", stmt->u.each.body);
		break;
	case STMT_MATCH:
		dump_match(d, stmt);
		break;
	case STMT_FAIL:
		dump_args(d, stmt->u.fail.args);
		break;
	case STMT_TRY:
		dump_try(d, stmt);
		break;
	case STMT_UNDO:
		dump_undo(d, stmt->u.undo);
		break;
	case STMT_SELECT:
		dump_arms(d, stmt->u.arms);
		break;
	case STMT_WITHIN:
		dump_expr(d, "limit", stmt->u.within.limit);
		dump_block(d, "body", stmt->u.within.body);
		dump_block(d, "else", stmt->u.within.otherwise);
		break;
	case STMT_CONTINUE_WITH:
		dump_args(d, stmt->u.args);
		break;
	case STMT_LOG:
		dump_expr(d, "text", stmt->u.log.text);
		break;
	case STMT_ERROR:
	case STMT_BREAK:
	case STMT_CONTINUE:
		break;
	}
}

static void dump_stmt(struct dump *d, const struct stmt *stmt) {
	source_line(d, stmt_names[stmt->kind], stmt->span);
	d->depth++;
	dump_parts_of(d, stmt);
	d->depth--;
}

static void dump_block(struct dump *d, const char *role, const struct block *block) {
	if (block == NULL) {
		return;
	}
	line(d, "%s", role);
	d->depth++;
	for (const struct stmt *s = block->first; s != NULL; s = s->next) {
		dump_stmt(d, s);
	}
	d->depth--;
}

/* ---- declarations ---- */

static void dump_decl(struct dump *d, const struct decl *decl) {
	source_line(d, "declaration", decl->span);
	d->depth++;
	if (decl->doc != NULL) {
		line(d, "doc %s", decl->doc);
	}
	if (decl->version_written) {
		line(d, "version %" PRId64, decl->version);
	}
	for (const struct field *f = decl->fields; f != NULL; f = f->next) {
		source_line(d, "field", f->span);
		dump_type(d, f->syntax);
		if (f->doc != NULL) {
			line(d, "doc %s", f->doc);
		}
	}
	dump_type(d, decl->result);
	for (const struct error_name *e = decl->fails; e != NULL; e = e->next) {
		line(d, "fails %s%s%s", text(e->package), dot(e->package), text(e->name));
	}
	dump_attributes(d, decl->attributes);
	for (const struct query *q = decl->queries; q != NULL; q = q->next) {
		line(d, "query %s", text(q->name));
		dump_type(d, q->syntax);
		d->depth++;
		dump_expr(d, "value", q->value);
		d->depth--;
	}
	dump_expr(d, "value", decl->value);
	dump_expr(d, "deadline", decl->deadline);
	dump_block(d, "body", decl->body);
	d->depth--;
}

void dump_file(const struct file *file, FILE *out) {
	struct dump d = { .out = out, .source = file->source };

	line(&d, "package %s", text(file->package));
	for (const struct decl *decl = file->decls; decl != NULL; decl = decl->next) {
		dump_decl(&d, decl);
	}
}
