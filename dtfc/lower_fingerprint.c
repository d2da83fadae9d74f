/*
 * The fingerprint of a workflow: LANGUAGE.md section 13.
 *
 * XXH3-64 of a canonical text of all that replay depends on: the statements
 * that decide what is done, the commands with their names and options, and the
 * types by content.  Lines, comments, logs and the names of variables are left
 * out; so is everything of how the C looks, so that a newer dtfc gives the same
 * fingerprint for the same source.  Variables are numbered by first use.
 */
#include "format.h"
#include "lower_in.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <xxhash.h>

struct print {
	struct lower *l;
	XXH3_state_t *hash;
	char text[2048]; /* not yet hashed */
	size_t size;
	struct map vars; /* var -> its number */
	uintptr_t nvars;
	struct map decls; /* seen: a record's fields are told once */
};

static void add(struct print *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void flush(struct print *p) {
	XXH3_64bits_update(p->hash, p->text, p->size);
	p->size = 0;
}

static void add_bytes(struct print *p, const char *text, size_t size) {
	if (size > sizeof(p->text) - p->size) {
		flush(p);
		if (size > sizeof(p->text)) {
			XXH3_64bits_update(p->hash, text, size);
			return;
		}
	}
	memcpy(p->text + p->size, text, size);
	p->size += size;
}

/* The NUL ends the token. */
static inline void add_word(struct print *p, const char *text) {
	add_bytes(p, text, strlen(text) + 1);
}

static void add(struct print *p, const char *format, ...) {
	char small[256];
	va_list args;

	va_start(args, format);
	size_t size = format_text(small, sizeof(small), format, args);
	va_end(args);
	if (size < sizeof(small)) {
		add_bytes(p, small, size + 1);
		return;
	}
	va_start(args, format);
	add_word(p, mem_vprintf(p->l->arena, format, args));
	va_end(args);
}

static void add_type(struct print *p, const struct type *type) {
	add(p, "type %s", type_text(p->l->arena, type));
	while (type->of != NULL) {
		type = type->of;
	}
	struct decl *decl = type->decl;
	if (decl == NULL || map_get(&p->decls, decl) != NULL) {
		return;
	}
	map_put(p->l->arena, &p->decls, decl, decl);
	for (struct field *f = decl->fields; f != NULL; f = f->next) {
		add(p, "field %s", f->name.text);
		if (f->type != NULL && decl->kind != DECL_ENUM) {
			add_type(p, f->type);
		}
	}
	add_word(p, "end");
}

static void add_fields(struct print *p, const struct field *fields) {
	for (; fields != NULL; fields = fields->next) {
		add_type(p, fields->type);
	}
	add_word(p, "end");
}

static void add_var(struct print *p, const struct var *var) {
	if (var == NULL) {
		add_word(p, "no var");
		return;
	}
	uintptr_t number = (uintptr_t)map_get(&p->vars, var);
	if (number == 0) {
		number = ++p->nvars;
		map_put(p->l->arena, &p->vars, var, (void *)number);
	}
	add(p, "var %" PRIuPTR, number);
}

static void add_decl(struct print *p, const struct decl *decl) {
	add_word(p, decl == NULL ? "none" : lower_full_name(p->l, decl));
}

static void add_expr(struct print *p, const struct expr *expr);
static void add_block(struct print *p, const struct block *block);

static void add_args(struct print *p, const struct argument *args) {
	for (; args != NULL; args = args->next) {
		if (args->field != NULL) {
			add(p, "argument %u", args->field->index);
		}
		if (args->key != NULL) {
			add_expr(p, args->key);
		}
		add_expr(p, args->value);
	}
	add_word(p, "end");
}

static void add_undo(struct print *p, const struct undo *undo) {
	if (undo == NULL) {
		add_word(p, "no undo");
		return;
	}
	add_word(p, "undo");
	for (const struct capture *c = undo->captures; c != NULL; c = c->next) {
		add_var(p, c->outer);
		add_var(p, c->inner);
	}
	add_expr(p, undo->call);
	add_block(p, undo->block);
}

static void add_policy(struct print *p, const struct expr *step) {
	const struct policy *policy = step->u.step->policy;

	if (step->u.step->with != NULL) { /* else it is the activity's, recorded with each step */
		add(p,
			"with %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
			" %.17g %" PRId64 " %s",
			policy->timeout_ms, policy->deadline_ms, policy->heartbeat_ms,
			policy->attempts, policy->backoff_min_ms, policy->backoff_max_ms,
			policy->factor, policy->priority, policy->tag);
	}
}

static void add_step(struct print *p, const struct expr *expr) {
	add_decl(p, expr->decl);
	add_fields(p, expr->decl->fields);
	add_type(p, expr->decl->type);
	add_args(p, expr->u.step->args);
	if (expr->kind == EXPR_DO) {
		add_policy(p, expr);
	}
	add_undo(p, expr->u.step->undo);
	add_expr(p, expr->u.step->id);
	if (expr->kind == EXPR_CALL_WORKFLOW) { /* they decide what its end raises */
		for (const struct error_name *f = expr->decl->fails; f != NULL; f = f->next) {
			add_decl(p, f->error);
		}
		add_word(p, "end");
	}
}

static void add_parallel(struct print *p, const struct expr *expr) {
	add(p, expr->u.parallel->mode == PARALLEL_SETTLE ? "settle" : "fail fast");
	add_expr(p, expr->u.parallel->until);
	add_expr(p, expr->u.parallel->limit);
	add_expr(p, expr->u.parallel->list);
	add_block(p, expr->u.parallel->body);
	for (const struct branch *b = expr->u.parallel->branches; b != NULL; b = b->next) {
		struct block body = { .first = b->body };
		add_word(p, "branch");
		add_block(p, &body);
	}
	add_word(p, "end");
}

/* Words of the format: never renamed, whatever the enums become. */
static const char *const expr_names[] = {
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
	[EXPR_CALL] = "builtin",
	[EXPR_UNARY] = "unary",
	[EXPR_BINARY] = "binary",
	[EXPR_CONVERT] = "convert",
	[EXPR_DO] = "do",
	[EXPR_CALL_WORKFLOW] = "call",
	[EXPR_SPAWN] = "spawn",
	[EXPR_WAIT] = "wait",
	[EXPR_PARALLEL] = "parallel",
};

static const char *const op_names[] = {
	[OP_NOT] = "not",
	[OP_NEGATE] = "negate",
	[OP_OR] = "or",
	[OP_AND] = "and",
	[OP_EQ] = "==",
	[OP_NE] = "!=",
	[OP_LT] = "<",
	[OP_LE] = "<=",
	[OP_GT] = ">",
	[OP_GE] = ">=",
	[OP_COALESCE] = "\?\?",
	[OP_ADD] = "+",
	[OP_SUB] = "-",
	[OP_MUL] = "*",
	[OP_DIV] = "/",
	[OP_MOD] = "%",
};

static void add_string(struct print *p, const struct string_part *part) {
	for (; part != NULL; part = part->next) {
		if (part->expr != NULL) {
			add_expr(p, part->expr);
		} else {
			add(p, "text %.*s", (int)part->len, part->text);
		}
	}
	add_word(p, "end");
}

static bool is_const(const struct expr *expr) {
	return expr->decl != NULL && expr->decl->kind == DECL_CONST;
}

static void add_field(struct print *p, const struct expr *expr) {
	add(p, "member %s", expr->u.field.name.text);
	if (expr->type->kind == TYPE_ENUM) {
		add_type(p, expr->type);
	}
	if (expr->u.field.base->type != NULL) {
		add_expr(p, expr->u.field.base);
	}
}

/* Those that are made of others. */
static void add_composite(struct print *p, const struct expr *expr) {
	if (expr->kind == EXPR_RECORD) {
		add_type(p, expr->type);
		add_args(p, expr->u.record.fields);
	} else if (expr->kind == EXPR_INDEX) {
		add_expr(p, expr->u.index.base);
		add_expr(p, expr->u.index.index);
	} else if (expr->kind == EXPR_CALL) {
		add_word(p, expr->u.call.name.text);
		add_type(p, expr->type);
		add_args(p, expr->u.call.args);
	} else {
		add(p, "op %s", op_names[expr->u.operation.op]);
		add_expr(p, expr->u.operation.left);
		add_expr(p, expr->u.operation.right);
	}
}

static void add_expr(struct print *p, const struct expr *expr) {
	if (expr == NULL) {
		add_word(p, "nothing");
		return;
	}
	if (is_const(expr)) {
		add_expr(p, expr->decl->value);
		return;
	}
	add_word(p, expr_names[expr->kind]);
	switch (expr->kind) {
	case EXPR_NAME:
		add_var(p, expr->var);
		break;
	case EXPR_BOOL:
		add(p, "%d", expr->u.boolean);
		break;
	case EXPR_INT:
	case EXPR_DURATION:
		add(p, "%" PRId64, expr->u.integer);
		break;
	case EXPR_FLOAT:
		add(p, "%.17g", expr->u.real);
		break;
	case EXPR_STRING:
		add_string(p, expr->u.parts);
		break;
	case EXPR_LIST:
	case EXPR_MAP:
		add_args(p, expr->u.items);
		break;
	case EXPR_FIELD:
		add_field(p, expr);
		break;
	case EXPR_RECORD:
	case EXPR_INDEX:
	case EXPR_CALL:
	case EXPR_UNARY:
	case EXPR_BINARY:
		add_composite(p, expr);
		break;
	case EXPR_CONVERT:
		add_expr(p, expr->u.converted);
		break;
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
		add_step(p, expr);
		break;
	case EXPR_WAIT:
		add_decl(p, expr->decl);
		add_type(p, expr->decl->type);
		break;
	case EXPR_PARALLEL:
		add_parallel(p, expr);
		break;
	case EXPR_NONE:
	case EXPR_ERROR:
		break;
	}
}

static void add_stmt(struct print *p, const struct stmt *stmt);

static void add_block(struct print *p, const struct block *block) {
	if (block == NULL) {
		add_word(p, "no block");
		return;
	}
	for (const struct stmt *s = block->first; s != NULL; s = s->next) {
		add_stmt(p, s);
	}
	add_word(p, "end");
}

static void add_try(struct print *p, const struct stmt *stmt) {
	add_block(p, stmt->u.attempt.body);
	for (const struct catch_arm *c = stmt->u.attempt.catches; c != NULL; c = c->next) {
		add_word(p, "catch");
		for (const struct catch_name *n = c->names; n != NULL; n = n->next) {
			add_decl(p, n->error);
		}
		add_var(p, c->var);
		add_block(p, c->body);
	}
	add_block(p, stmt->u.attempt.finally);
}

static void add_select(struct print *p, const struct select_arm *arms) {
	for (; arms != NULL; arms = arms->next) {
		static const char *const kinds[] = {
			[ARM_ON] = "on",
			[ARM_AFTER] = "after",
			[ARM_AT] = "at",
			[ARM_DO] = "do",
			[ARM_CALL] = "call",
			[ARM_ELSE] = "else",
		};
		add(p, "arm %s", kinds[arms->kind]);
		add_expr(p, arms->trigger);
		add_expr(p, arms->condition);
		add_var(p, arms->var);
		add_block(p, arms->body);
	}
	add_word(p, "end");
}

static void add_match(struct print *p, const struct stmt *stmt) {
	add_expr(p, stmt->u.match.value);
	for (const struct match_arm *a = stmt->u.match.arms; a != NULL; a = a->next) {
		add_args(p, a->values);
		add_block(p, a->body);
	}
	add_word(p, "end");
}

static const char *const stmt_names[] = {
	[STMT_ERROR] = "error",
	[STMT_LET] = "let",
	[STMT_ASSIGN] = "assign",
	[STMT_EXPR] = "step",
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

static void add_if(struct print *p, const struct stmt *stmt) {
	add_expr(p, stmt->u.branch.condition);
	add_var(p, stmt->u.branch.var);
	add_block(p, stmt->u.branch.then);
	if (stmt->u.branch.otherwise != NULL) {
		add_stmt(p, stmt->u.branch.otherwise);
	}
}

static void add_for(struct print *p, const struct stmt *stmt) {
	add_expr(p, stmt->u.each.over);
	add_expr(p, stmt->u.each.end);
	add_var(p, stmt->u.each.key_var);
	add_var(p, stmt->u.each.var);
	add_block(p, stmt->u.each.body);
}

static void add_simple(struct print *p, const struct stmt *stmt) {
	if (stmt->kind == STMT_LET) {
		add_type(p, stmt->u.let.var->type);
		add_expr(p, stmt->u.let.value);
		add_var(p, stmt->u.let.var);
	} else if (stmt->kind == STMT_ASSIGN) {
		static const char *const ops[] = { [ASSIGN_SET] = "=",
			[ASSIGN_ADD] = "+=",
			[ASSIGN_SUB] = "-=",
			[ASSIGN_MUL] = "*=" };
		add_word(p, ops[stmt->u.assign.op]);
		add_expr(p, stmt->u.assign.target);
		add_expr(p, stmt->u.assign.value);
	} else if (stmt->kind == STMT_FAIL) {
		add_decl(p, stmt->u.fail.error);
		add_args(p, stmt->u.fail.args);
	} else if (stmt->kind == STMT_SLEEP) {
		add(p, stmt->u.sleep.until ? "until" : "for");
		add_expr(p, stmt->u.sleep.value);
	} else {
		add_expr(p, stmt->u.expr);
	}
}

static void add_stmt(struct print *p, const struct stmt *stmt) {
	if (stmt->kind == STMT_LOG) {
		return;
	}
	add_word(p, stmt_names[stmt->kind]);
	switch (stmt->kind) {
	case STMT_LET:
	case STMT_ASSIGN:
	case STMT_EXPR:
	case STMT_RETURN:
	case STMT_YIELD:
	case STMT_STATUS:
	case STMT_FAIL:
	case STMT_SLEEP:
		add_simple(p, stmt);
		break;
	case STMT_BLOCK:
	case STMT_LOOP:
	case STMT_SHIELD:
		add_block(p, stmt->u.block);
		break;
	case STMT_IF:
		add_if(p, stmt);
		break;
	case STMT_WHILE:
		add_expr(p, stmt->u.loop.condition);
		add_block(p, stmt->u.loop.body);
		break;
	case STMT_FOR:
		add_for(p, stmt);
		break;
	case STMT_MATCH:
		add_match(p, stmt);
		break;
	case STMT_TRY:
		add_try(p, stmt);
		break;
	case STMT_UNDO:
		add_undo(p, stmt->u.undo);
		break;
	case STMT_SELECT:
		add_select(p, stmt->u.arms);
		break;
	case STMT_WITHIN:
		add_expr(p, stmt->u.within.limit);
		add_block(p, stmt->u.within.body);
		add_block(p, stmt->u.within.otherwise);
		break;
	case STMT_CONTINUE_WITH:
		add_args(p, stmt->u.args);
		break;
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_LOG:
	case STMT_ERROR:
		break;
	}
}

uint64_t lower_fingerprint(struct lower *l, struct decl *workflow) {
	struct print p = { .l = l, .hash = XXH3_createState() };

	if (p.hash == NULL || XXH3_64bits_reset(p.hash) != XXH_OK) {
		bug("out of memory");
	}
	add_word(&p, "dtf fingerprint 1");
	add_decl(&p, workflow);
	add_fields(&p, workflow->fields);
	add_type(&p, workflow->type);
	for (struct field *f = workflow->fields; f != NULL; f = f->next) {
		add_var(&p, f->var);
	}
	add_block(&p, workflow->body);
	flush(&p);
	uint64_t fingerprint = XXH3_64bits_digest(p.hash);
	XXH3_freeState(p.hash);
	return fingerprint;
}

const char *lower_content_hash(struct arena *arena, const struct source *source) {
	XXH128_hash_t hash = XXH3_128bits(source->text, source->size);

	return mem_printf(
		arena, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64, (uint64_t)hash.low64);
}
