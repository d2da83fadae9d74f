/*
 * Statements (LANGUAGE.md 4 and 7): types, variables and where what may stand.
 *
 * The walk keeps what a statement stands in as a chain of places on the C
 * stack, innermost first; whether a `return` or `break` may leave is one look
 * along it.  What can be reached, assigned, shared or raised is not judged here
 * but by the passes over the typed body.
 */
#include "checker.h"

static const struct type *poison(struct checker *c) {
	return basic(c, TYPE_ERROR);
}

void check_statements(struct checker *c, struct block *block) {
	for (struct stmt *s = block->first; s != NULL; s = s->next) {
		check_stmt(c, s);
	}
}

void check_block(struct checker *c, struct block *block) {
	struct inside inside;
	check_scope_open(c, &inside);
	check_statements(c, block);
	check_scope_close(c, &inside);
}

/* A block with a place of its own around it. */
static void placed(struct checker *c, enum place_kind kind, struct span span, struct block *block) {
	struct place place = { .outer = c->place, .kind = kind, .span = span };
	c->place = &place;
	check_block(c, block);
	c->place = place.outer;
}

/* ---- variables ---- */

/* The type of a let's value, if a variable can have it. */
const struct type *check_storable(struct checker *c, struct stmt *s, const struct type *type) {
	if (s->u.let.value == NULL || s->u.let.type != NULL) {
		return type;
	}
	if (type->kind == TYPE_UNIT) {
		check_no_value(c, s->u.let.value);
		return poison(c);
	}
	if (type_is_open(type)) {
		report(c, NO_TYPE, s->u.let.value->span, "write `let NAME: TYPE = …`",
			"the type of '%s' is not known", s->u.let.name.text);
		return poison(c);
	}
	return type;
}

static void let(struct checker *c, struct stmt *s) {
	const struct type *want = s->u.let.type == NULL ? NULL : check_type(c, s->u.let.type);
	const struct type *type = want;
	if (s->u.let.value != NULL) {
		type = check_operation(c, s->u.let.value, &s->u.let.name);
		if (want != NULL) {
			(void)check_convert(c, s->u.let.value, want);
			type = want;
		}
		type = check_storable(c, s, type);
	}
	s->u.let.var = check_declare(
		c, s->u.let.is_mutable ? VAR_VAR : VAR_LET, s->u.let.name, type);
	s->u.let.var->used = check_names_result(s->u.let.value);
	s->u.let.var->is_open = s->u.let.value == NULL;
}

/* The variable that `v.f[i] = e` changes; NULL after a report. */
static struct var *target(struct checker *c, struct expr *e) {
	switch ((int)e->kind) {
	case EXPR_NAME:
		return e->var;
	case EXPR_FIELD:
		return e->member == NULL ? NULL : target(c, e->u.field.base);
	case EXPR_INDEX:
		return target(c, e->u.index.base);
	default:
		return NULL;
	}
}

static void report_target(struct checker *c, const struct expr *e, const struct var *var) {
	if (var == NULL) {
		if (e->type->kind != TYPE_ERROR) {
			report(c, NOT_ASSIGNABLE, e->span, NULL, "this cannot be assigned");
		}
		return;
	}
	struct diagnostic *said;
	if (var->captured != NULL || var->kind == VAR_RESULT) {
		said = report(c, NOT_ASSIGNABLE, e->span, "it sees the value as it was then",
			"an undo cannot change '%s' of the code around it", var->name.text);
	} else {
		said = report(c, NOT_ASSIGNABLE, e->span,
			var->kind == VAR_LET ? "declare it with `var`" : NULL,
			"'%s' cannot be changed", var->name.text);
	}
	note(c, said, c->file, var->name.span, "'%s' is declared here", var->name.text);
}

static void assign(struct checker *c, struct stmt *s) {
	struct expr *to = s->u.assign.target, *value = s->u.assign.value;
	/* Naming it to assign it is not using it, and what it narrows to is no matter. */
	struct narrow *narrow = c->narrow;
	c->narrow = NULL;
	struct var *named = to->kind == EXPR_NAME && c->scope != NULL
		? check_variable(c, to->u.name.text)
		: NULL;
	bool was_used = named != NULL && named->used;
	const struct type *type = check_expr(c, to);
	c->narrow = narrow;
	struct var *var = target(c, to);
	if (var == NULL || !var->is_mutable || var->captured != NULL) {
		report_target(c, to, var);
		(void)check_operation(c, value, NULL);
		return;
	}
	if (named != NULL && s->u.assign.op == ASSIGN_SET) {
		named->used = was_used;
	}
	var->assigned = true;
	if (to->kind == EXPR_INDEX && to->type->kind == TYPE_OPTIONAL &&
		to->u.index.base->type->kind == TYPE_MAP) {
		type = to->u.index.base->type->of;
		to->can_fault = true;
		to->faults |= FAULT_BIT(PAYLOAD_TOO_LARGE);
	}
	if (s->u.assign.op == ASSIGN_SET) {
		(void)check_operation(c, value, to->kind == EXPR_NAME ? &to->u.name : NULL);
		(void)check_convert(c, value, type);
		return;
	}
	/* x += e is checked as x + e. */
	enum op op = s->u.assign.op == ASSIGN_ADD ? OP_ADD
		: s->u.assign.op == ASSIGN_SUB    ? OP_SUB
						  : OP_MUL;
	struct expr *sum = mem_new(c->arena, struct expr);
	*sum = (struct expr){ .kind = EXPR_BINARY, .span = s->span };
	sum->u.operation.op = op;
	sum->u.operation.op_span = s->u.assign.op_span;
	sum->u.operation.left = to;
	sum->u.operation.right = value;
	(void)check_operation(c, value, NULL);
	(void)check_expr(c, sum);
	(void)check_convert(c, sum, type);
	to->can_fault = to->can_fault || sum->can_fault;
	to->faults |= sum->faults;
}

/* ---- choices and loops ---- */

static void branch(struct checker *c, struct stmt *s) {
	struct inside inside;
	check_scope_open(c, &inside);
	if (s->u.branch.let.text != NULL) {
		const struct type *type = check_expr(c, s->u.branch.condition);
		if (type->kind != TYPE_OPTIONAL && type->kind != TYPE_ERROR) {
			report(c, WRONG_TYPE, s->u.branch.condition->span, NULL,
				"`if let` needs a value that can be none, this is %s",
				text_of(c, type));
			type = poison(c);
		}
		s->u.branch.var = check_declare(
			c, VAR_LET, s->u.branch.let, type->kind == TYPE_OPTIONAL ? type->of : type);
	} else {
		(void)check_expect(c, s->u.branch.condition, basic(c, TYPE_BOOL));
		check_narrow(c, s->u.branch.condition, true);
	}
	check_block(c, s->u.branch.then);
	check_scope_close(c, &inside);
	if (s->u.branch.otherwise != NULL) {
		struct narrow *narrow = c->narrow;
		if (s->u.branch.let.text == NULL) {
			check_narrow(c, s->u.branch.condition, false);
		}
		check_stmt(c, s->u.branch.otherwise);
		c->narrow = narrow;
	}
}

static void each(struct checker *c, struct stmt *s) {
	struct inside inside;
	const struct type *of = poison(c);
	if (s->u.each.end != NULL) {
		(void)check_expect(c, s->u.each.over, basic(c, TYPE_INT));
		(void)check_expect(c, s->u.each.end, basic(c, TYPE_INT));
		of = basic(c, TYPE_INT);
	} else {
		const struct type *over = check_expr(c, s->u.each.over);
		enum type_kind want = s->u.each.key.text != NULL ? TYPE_MAP : TYPE_LIST;
		if (over->kind == want) {
			of = over->of;
		} else if (over->kind == TYPE_OPTIONAL) {
			check_optional_used(c, s->u.each.over);
		} else if (over->kind != TYPE_ERROR) {
			report(c, WRONG_TYPE, s->u.each.over->span,
				over->kind == TYPE_MAP ? "write `for key, value in …`" : NULL,
				"expected %s, found %s", want == TYPE_MAP ? "a map" : "a list",
				text_of(c, over));
		}
	}
	check_scope_open(c, &inside);
	if (s->u.each.key.text != NULL) {
		s->u.each.key_var = check_declare(c, VAR_FOR, s->u.each.key, basic(c, TYPE_STRING));
	}
	s->u.each.var = check_declare(c, VAR_FOR, s->u.each.element, of);
	placed(c, PLACE_LOOP, s->span, s->u.each.body);
	check_scope_close(c, &inside);
}

/* ---- leaving ---- */

const char *check_place_text(enum place_kind kind) {
	switch (kind) {
	case PLACE_BRANCH:
		return "a branch of `parallel`";
	case PLACE_FINALLY:
		return "`finally`";
	case PLACE_UNDO:
		return "an undo";
	case PLACE_TRY:
	case PLACE_CATCH:
		return "`try`";
	case PLACE_WITHIN:
		return "`within`";
	case PLACE_SHIELD:
		return "`shield`";
	case PLACE_LOOP:
		break;
	}
	return "a loop";
}

void check_leaves(struct checker *c, struct stmt *s) {
	bool loops = s->kind == STMT_BREAK || s->kind == STMT_CONTINUE;
	const char *word = s->kind == STMT_BREAK ? "break"
		: s->kind == STMT_CONTINUE       ? "continue"
		: s->kind == STMT_RETURN         ? "return"
						 : "continue with";
	for (const struct place *p = c->place; p != NULL; p = p->outer) {
		if (p->kind == PLACE_LOOP && loops) {
			return;
		}
		bool closed = p->kind == PLACE_BRANCH || p->kind == PLACE_FINALLY ||
			p->kind == PLACE_UNDO;
		bool whole = s->kind == STMT_CONTINUE_WITH &&
			(p->kind == PLACE_TRY || p->kind == PLACE_CATCH ||
				p->kind == PLACE_WITHIN || p->kind == PLACE_SHIELD);
		if (closed || whole) {
			struct diagnostic *said = report(c, MISPLACED, s->span, NULL,
				"`%s` cannot leave %s", word, check_place_text(p->kind));
			note(c, said, c->file, p->span, "it stands in this");
			return;
		}
	}
	if (loops) {
		report(c, MISPLACED, s->span, NULL, "`%s` stands outside a loop", word);
	}
}

static void give_back(struct checker *c, struct stmt *s) {
	const struct type *want = c->workflow->type;
	check_leaves(c, s);
	if (s->u.expr == NULL) {
		if (want != NULL && want->kind != TYPE_UNIT && want->kind != TYPE_ERROR) {
			report(c, WRONG_TYPE, s->span, NULL, "the workflow returns %s",
				text_of(c, want));
		}
		return;
	}
	const struct type *type = check_operation(c, s->u.expr, NULL);
	if (want == NULL || want->kind == TYPE_ERROR) {
		return;
	}
	if (want->kind == TYPE_UNIT) {
		if (type->kind != TYPE_UNIT && type->kind != TYPE_ERROR) {
			report(c, WRONG_TYPE, s->u.expr->span, "write `-> TYPE` in its head",
				"the workflow returns nothing");
		}
		return;
	}
	(void)check_convert(c, s->u.expr, want);
}

/* ---- all of them ---- */

static void sleep_or_within(struct checker *c, struct stmt *s) {
	if (s->kind == STMT_SLEEP) {
		(void)check_expect(c, s->u.sleep.value,
			basic(c, s->u.sleep.until ? TYPE_TIME : TYPE_DURATION));
		return;
	}
	(void)check_expect(c, s->u.within.limit, basic(c, TYPE_DURATION));
	struct strand_syntax *strand = c->strand;
	s->u.within.strand.parent = strand;
	c->strand = &s->u.within.strand;
	placed(c, PLACE_WITHIN, s->span, s->u.within.body);
	c->strand = strand;
	if (s->u.within.otherwise != NULL) {
		check_block(c, s->u.within.otherwise);
	}
}

static void lone_expression(struct checker *c, struct stmt *s) {
	if (check_is_durable(s->u.expr)) {
		(void)check_operation(c, s->u.expr, NULL);
		return;
	}
	const struct expr *e = s->u.expr;
	const struct decl *decl = e->kind == EXPR_CALL
		? check_find_any(c, NULL, e->u.call.name.text)
		: NULL;
	if (decl == NULL || (decl->kind != DECL_ACTIVITY && decl->kind != DECL_WORKFLOW)) {
		const struct type *type = check_expr(c, s->u.expr);
		if (type->kind != TYPE_ERROR) {
			report(c, NO_EFFECT, s->span, "give it a name with `let`",
				"a value by itself does nothing");
		}
		return;
	}
	(void)check_expr(c, s->u.expr);
}

static void loops(struct checker *c, struct stmt *s) {
	if (s->kind == STMT_FOR) {
		each(c, s);
		return;
	}
	if (s->kind == STMT_WHILE) {
		(void)check_expect(c, s->u.loop.condition, basic(c, TYPE_BOOL));
	}
	placed(c, PLACE_LOOP, s->span, s->kind == STMT_LOOP ? s->u.block : s->u.loop.body);
}

static void said(struct checker *c, struct stmt *s) {
	if (s->kind == STMT_LOG) {
		(void)check_expect(c, s->u.log.text, basic(c, TYPE_STRING));
	} else if (type_is_open(check_expr(c, s->u.expr))) {
		report(c, NO_TYPE, s->u.expr->span, NULL, "the type of this is not known");
	}
}

void check_stmt(struct checker *c, struct stmt *s) {
	if (!check_enter(c, s->span)) {
		return;
	}
	switch (s->kind) {
	case STMT_ERROR:
		break;
	case STMT_LET:
		let(c, s);
		break;
	case STMT_ASSIGN:
		assign(c, s);
		break;
	case STMT_EXPR:
		lone_expression(c, s);
		break;
	case STMT_BLOCK:
		check_block(c, s->u.block);
		break;
	case STMT_IF:
		branch(c, s);
		break;
	case STMT_WHILE:
	case STMT_LOOP:
	case STMT_FOR:
		loops(c, s);
		break;
	case STMT_MATCH:
		check_match(c, s);
		break;
	case STMT_BREAK:
	case STMT_CONTINUE:
		check_leaves(c, s);
		break;
	case STMT_RETURN:
		give_back(c, s);
		break;
	case STMT_YIELD:
		check_yield(c, s);
		break;
	case STMT_FAIL:
		check_fail(c, s);
		break;
	case STMT_TRY:
		check_try(c, s);
		break;
	case STMT_UNDO:
		check_undo(c, s->u.undo, NULL, NULL);
		break;
	case STMT_SELECT:
		check_select(c, s);
		break;
	case STMT_SLEEP:
	case STMT_WITHIN:
		sleep_or_within(c, s);
		break;
	case STMT_SHIELD:
		placed(c, PLACE_SHIELD, s->span, s->u.block);
		break;
	case STMT_CONTINUE_WITH:
		check_leaves(c, s);
		check_arguments(c, s->span, s->u.args, c->workflow->fields, c->workflow);
		break;
	case STMT_STATUS:
	case STMT_LOG:
		said(c, s);
		break;
	}
	check_leave(c);
}
