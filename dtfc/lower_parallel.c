/*
 * parallel: each branch is a strand of its own, which finds the frames around
 * it with dtf_up.
 *
 * What a static branch exports lives in the frame of the strand around.  An
 * element of `parallel for` is copied into the branch's frame by the runtime;
 * what branches yield is collected by the join.
 */
#include "lower_in.h"

/* Of the strand in work; its body follows.  Branches have numbers, elements none. */
static struct strand *begin_branch(struct lower *l, const struct expr *expr,
	struct strand_syntax *syntax, const char *name, unsigned number) {
	const struct ir_strand *outer = l->strand->ir;
	const char *path = mem_printf(l->arena, "%s/%s", outer->path, name);
	const char *c_name = mem_printf(l->arena, "%s_%s", outer->c_name, name);

	if (number > 0) {
		path = mem_printf(l->arena, "%s/%u", path, number);
		c_name = mem_printf(l->arena, "%s_%u", c_name, number);
	}
	struct strand *s = lower_strand_begin(l, syntax, path, c_name);
	s->yields = expr->u.parallel->yields;
	if (s->yields != NULL) {
		s->ir->yields_table = lower_ctype(l, s->yields)->table;
	}
	return s;
}

static const char *end_branch(struct lower *l, struct strand *s) {
	lower_done(l);
	lower_strand_end(l, s);
	return mem_printf(l->arena, "&%s", s->ir->def);
}

static const char *lower_branch(struct lower *l, const struct expr *expr, struct branch *branch,
	const char *name, unsigned number) {
	if (branch->exported != NULL) {
		struct var *var = branch->exported;
		struct ir_slot *slot = lower_slot(l, var->name.text, lower_ctype(l, var->type));
		slot->var = var;
		slot->declared = true;
		slot->in_frame = true;
		map_put(l->arena, &l->strand->slots, var, slot);
	}
	struct strand *s = begin_branch(l, expr, &branch->strand, name, number);
	s->ir->site = lower_site(l, "branch", "", branch->body->span);
	lower_stmt(l, branch->body);
	return end_branch(l, s);
}

static const char *lower_element(struct lower *l, struct expr *expr, const char *name) {
	struct var *var = expr->u.parallel->var;
	struct strand *s = begin_branch(l, expr, &expr->u.parallel->strand, name, 0);
	struct ir_slot *slot = lower_slot(l, var->name.text, lower_ctype(l, var->type));

	slot->var = var;
	slot->declared = true;
	slot->in_frame = true;
	map_put(l->arena, &s->slots, var, slot);
	s->ir->element = slot;
	s->ir->site = lower_site(l, "branch", "", expr->u.parallel->body->span);
	lower_block(l, expr->u.parallel->body);
	return end_branch(l, s);
}

static struct ir_expr *frame(struct lower *l) {
	struct ir_expr *frame = mem_new(l->arena, struct ir_expr);

	frame->kind = IR_FRAME;
	return frame;
}

/* What stands in its head, evaluated in source order. */
struct head {
	struct ir_expr *until, *limit, *list;
};

static struct head lower_head(struct lower *l, struct expr *expr) {
	struct expr *exprs[3] = { expr->u.parallel->until, expr->u.parallel->limit,
		expr->u.parallel->list };
	struct ir_expr *values[3];
	struct ir_expr **to[3], *prefix = NULL;
	struct head head = { 0 };
	struct ir_expr **places[3] = { &head.until, &head.limit, &head.list };
	size_t count = 0;

	for (size_t i = 0; i < 3; i++) {
		if (exprs[i] == NULL) {
			continue;
		}
		size_t at = count++;
		struct expr *e = exprs[i];
		for (; at > 0 && exprs[at - 1]->span.at > e->span.at; at--) {
			exprs[at] = exprs[at - 1];
			to[at] = to[at - 1];
		}
		exprs[at] = e;
		to[at] = places[i];
	}
	lower_operands(l, exprs, count, values, &prefix);
	for (size_t i = 0; i < count; i++) {
		*to[i] = values[i];
	}
	if (head.list != NULL && !lower_is_simple(head.list)) {
		head.list = lower_stash(
			l, lower_ctype(l, expr->u.parallel->list->type), head.list, &prefix);
	}
	return head;
}

static struct ir_expr *count_of(struct lower *l, const struct expr *expr, struct ir_expr *list) {
	unsigned count = 0;

	if (list != NULL) {
		return ir_member(l->arena, list, "count");
	}
	for (const struct branch *b = expr->u.parallel->branches; b != NULL; b = b->next) {
		count++;
	}
	return ir_textf(l->arena, "%u", count);
}

static void lower_options(struct lower *l, const struct expr *expr, const struct head *head) {
	if (head->until != NULL) {
		lower_eval(l,
			lower_ctx_call(
				l, "dtf_until", head->until, count_of(l, expr, head->list), NULL));
	}
	if (head->limit != NULL) {
		lower_eval(l, lower_ctx_call(l, "dtf_limit", head->limit, NULL));
	}
	if (expr->u.parallel->mode == PARALLEL_SETTLE) {
		lower_eval(l, lower_ctx_call(l, "dtf_settle", NULL));
	}
}

static void lower_branches(
	struct lower *l, struct expr *expr, const struct head *head, const char *name) {
	unsigned number = 0;

	if (expr->u.parallel->is_for) {
		const char *def = lower_element(l, expr, name);
		lower_at(l, expr->span);
		lower_eval(l,
			lower_ctx_call(l, "dtf_elements", ir_text(l->arena, def), frame(l),
				ir_member(l->arena, head->list, "items"),
				ir_member(l->arena, head->list, "count"), NULL));
		return;
	}
	for (struct branch *b = expr->u.parallel->branches; b != NULL; b = b->next) {
		const char *def = lower_branch(l, expr, b, name, ++number);
		lower_at(l, b->body->span);
		lower_eval(
			l, lower_ctx_call(l, "dtf_branch", ir_text(l->arena, def), frame(l), NULL));
	}
}

void lower_parallel(
	struct lower *l, struct expr *expr, struct ir_slot *declare, struct ir_expr *dest) {
	const char *name = mem_printf(
		l->arena, "parallel_%u", lower_ordinal(l, CONSTRUCT_PARALLEL));
	uint32_t site = lower_site(l, "parallel", "", expr->span);
	struct head head = lower_head(l, expr);

	lower_eval(l, lower_ctx_call(l, "dtf_parallel", ir_textf(l->arena, "%u", site), NULL));
	lower_options(l, expr, &head);
	lower_branches(l, expr, &head, name);
	lower_await(l, lower_state(l, "%s", name));
	if (declare != NULL) {
		lower_declare(l, declare, NULL);
	}
	lower_poll(l,
		dest == NULL ? lower_ctx_call(l, "dtf_join", NULL)
			     : lower_ctx_call(l, "dtf_join_values", lower_table(l, expr->type->of),
				       ir_unary(l->arena, "&", dest), NULL));
}
