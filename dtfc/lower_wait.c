/*
 * What suspends: steps, children, events, timers, select.
 *
 * Each issues its command, sets the state and falls into the case that asks
 * whether it is there.  A step's undo is a strand of its own whose captured
 * values are laid out as the arguments of the activity that undoes, where that
 * is all it needs.
 */
#include "lower_in.h"

#include <string.h>

const char *const lower_activity_fixed[] = { "act", "ret", NULL };

bool lower_is_durable(const struct expr *expr) {
	switch (expr->kind) {
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
	case EXPR_WAIT:
	case EXPR_PARALLEL:
		return true;
	case EXPR_CONVERT:
		return lower_is_durable(expr->u.converted);
	case EXPR_ERROR:
	case EXPR_NAME:
	case EXPR_BOOL:
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_NONE:
	case EXPR_DURATION:
	case EXPR_STRING:
	case EXPR_LIST:
	case EXPR_MAP:
	case EXPR_RECORD:
	case EXPR_FIELD:
	case EXPR_INDEX:
	case EXPR_CALL:
	case EXPR_UNARY:
	case EXPR_BINARY:
		return false;
	}
	bug("an expression without a kind");
}

static struct ir_expr *site_of(
	struct lower *l, const char *kind, const char *name, struct span span) {
	return ir_textf(l->arena, "%u", lower_site(l, kind, name, span));
}

static struct ir_expr *def_of(struct lower *l, const struct decl *decl) {
	return ir_textf(l->arena, "&%s", lower_def(l, decl));
}

/* The workflow waits for it: an event, an activity or a child. */
static void note(struct lower *l, struct ir_name **tail, const struct decl *decl) {
	const char *def = lower_def(l, decl);

	for (; *tail != NULL; tail = &(*tail)->next) {
		if (strcmp((*tail)->name, def) == 0) {
			return;
		}
	}
	*tail = mem_new(l->arena, struct ir_name);
	(*tail)->name = def;
}

static struct ir_expr *policy_of(struct lower *l, const struct expr *step) {
	if (step->u.step->with == NULL) {
		return ir_text(l->arena, "NULL");
	}
	struct ir_policy *policy = mem_new(l->arena, struct ir_policy);
	const char *base = l->workflow->c_name;
	policy->policy = *step->u.step->policy;
	policy->c_name = cname_unique(
		l->globals, mem_printf(l->arena, "%s_policy_%u", base, ++l->npolicies));
	*l->policies_tail = policy;
	l->policies_tail = &policy->next;
	return ir_textf(l->arena, "&%s", policy->c_name);
}

static const char *args_c(struct lower *l, const struct decl *activity) {
	if (activity->fields == NULL) {
		return NULL;
	}
	return mem_printf(l->arena, "struct %s_args", lower_decl(l, activity)->base);
}

/* ---- undo ---- */

static bool can_fault(const struct argument *args) {
	for (; args != NULL; args = args->next) {
		if (!args->late && args->value->can_fault) {
			return true;
		}
	}
	return false;
}

static struct ir_slot *captured_slot(struct lower *l, struct ir_field ***tail, struct var *var,
	const char *name, const struct type *type) {
	const struct ctype *ctype = lower_ctype(l, type);
	struct ir_slot *slot = lower_slot(l, name, ctype);
	struct ir_field *field = mem_new(l->arena, struct ir_field);

	slot->var = var;
	slot->prefix = "captured.";
	slot->declared = true;
	slot->in_frame = true;
	field->name = name;
	field->c_name = slot->name;
	field->c_type = ctype->c;
	field->table = ctype->table;
	**tail = field;
	*tail = &field->next;
	if (var != NULL) {
		map_put(l->arena, &l->strand->slots, var, slot);
	}
	return slot;
}

static struct strand *begin_undo(struct lower *l, struct undo *undo, const char *name) {
	const struct ir_strand *outer = l->strand->ir;
	unsigned n = lower_ordinal(l, CONSTRUCT_UNDO);
	struct strand *s = lower_strand_begin(l, &undo->strand,
		mem_printf(l->arena, "%s/undo_%u", outer->path, n),
		mem_printf(l->arena, "%s_undo_%u", outer->c_name, n));

	s->ir->site = lower_site(l, "undo", name, undo->span);
	lower_at(l, undo->span);
	return s;
}

static void end_undo(struct lower *l, struct strand *s) {
	lower_done(l);
	if (s->ir->captured != NULL) {
		s->ir->captured_c = mem_printf(l->arena, "struct %s_captured", s->ir->c_name);
		s->ir->captured_table = mem_printf(l->arena, "%s_captured_type", s->ir->c_name);
	}
	lower_strand_end(l, s);
}

/* Issues the undoing step in the undo's own strand. */
static void undo_step(struct lower *l, struct undo *undo, struct ir_expr *args) {
	struct expr *call = undo->call;

	note(l, &l->workflow->activities, call->decl);
	lower_eval(l,
		lower_ctx_call(l, "dtf_do", ir_textf(l->arena, "%u", l->strand->ir->site),
			def_of(l, call->decl), args, policy_of(l, call), NULL));
	lower_await(l, lower_state(l, "%s", cname_snake(l->arena, call->u.step->name.text)));
	lower_poll(l, lower_ctx_call(l, "dtf_await", ir_text(l->arena, "NULL"), NULL));
}

/* All that the undo needs is its arguments; at most one is the step's result itself. */
static bool captures_arguments(const struct undo *undo) {
	unsigned late = 0;

	for (struct argument *a = undo->call->u.step->args; a != NULL; a = a->next) {
		if (a->late) {
			late++;
			if (a->value->kind != EXPR_NAME || a->value->var != undo->result) {
				return false;
			}
		}
	}
	return late <= 1;
}

static struct strand *undo_by_arguments(struct lower *l, struct undo *undo) {
	struct expr *call = undo->call;
	const char *c = args_c(l, call->decl);
	struct strand *s = begin_undo(l, undo, lower_full_name(l, call->decl));

	s->ir->captured_c = c;
	s->ir->captured_table = c == NULL ? NULL : mem_printf(l->arena, "%s_type", c + 7);
	for (struct argument *a = call->u.step->args; a != NULL; a = a->next) {
		if (a->late) {
			s->ir->late_table = lower_ctype(l, a->value->type)->table;
			s->ir->late_field = cname_beside(
				l->arena, a->field->name.text, lower_activity_fixed);
		}
	}
	undo_step(l, undo, ir_text(l->arena, c == NULL ? "NULL" : "&f->captured"));
	end_undo(l, s);
	return s;
}

static void capture_variables(
	struct lower *l, struct undo *undo, struct strand *s, struct ir_field **tail) {
	for (struct capture *c = undo->captures; c != NULL; c = c->next) {
		captured_slot(l, &tail, c->inner, c->inner->name.text, c->inner->type);
	}
	if (undo->result != NULL) {
		struct var *var = undo->result;
		struct ir_slot *slot = captured_slot(l, &tail, var, var->name.text, var->type);
		s->ir->late_table = slot->table;
		s->ir->late_field = slot->name;
	}
}

/* Some argument is computed from the step's result: what it needs is captured too. */
static struct strand *undo_by_values(struct lower *l, struct undo *undo) {
	struct expr *call = undo->call;
	struct strand *s = begin_undo(l, undo, lower_full_name(l, call->decl));
	struct ir_field **tail = &s->ir->captured;
	size_t count = 0, n = 0;

	for (struct argument *a = call->u.step->args; a != NULL; a = a->next) {
		count++;
	}
	struct ir_expr **values = mem_alloc(l->arena, count * sizeof(struct ir_expr *));
	for (struct argument *a = call->u.step->args; a != NULL; a = a->next, n++) {
		if (!a->late) {
			struct ir_slot *slot = captured_slot(
				l, &tail, NULL, a->field->name.text, a->field->type);
			values[n] = ir_slot(l->arena, slot);
		}
	}
	capture_variables(l, undo, s, tail);
	struct ir_expr *args = ir_literal(l->arena, args_c(l, call->decl));
	args->brief = true;
	n = 0;
	for (struct argument *a = call->u.step->args; a != NULL; a = a->next, n++) {
		if (a->late) {
			values[n] = lower_expr(l, a->value);
			if (lower_is_ordered(a->value)) {
				struct ir_expr *prefix = NULL;
				values[n] = lower_stash(
					l, lower_ctype(l, a->value->type), values[n], &prefix);
			}
		}
		ir_add(l->arena, args,
			cname_beside(l->arena, a->field->name.text, lower_activity_fixed),
			values[n]);
	}
	undo_step(l, undo, ir_unary(l->arena, "&", args));
	end_undo(l, s);
	return s;
}

/* The values of a captured struct that is the undo's own, by name. */
static struct ir_expr *captured_values(struct lower *l, struct undo *undo, struct strand *s) {
	struct ir_field *field = s->ir->captured;

	if (field == NULL) {
		return ir_text(l->arena, "NULL");
	}
	struct ir_expr *literal = ir_literal(l->arena, s->ir->captured_c);
	if (undo->call != NULL) {
		for (struct argument *a = undo->call->u.step->args; a != NULL; a = a->next) {
			if (!a->late) {
				ir_add(l->arena, literal, field->c_name, lower_expr(l, a->value));
				field = field->next;
			}
		}
	}
	for (struct capture *c = undo->captures; c != NULL; c = c->next) {
		ir_add(l->arena, literal, field->c_name, ir_slot(l->arena, lower_var(l, c->outer)));
		field = field->next;
	}
	if (literal->items == NULL) {
		ir_add(l->arena, literal, NULL, ir_text(l->arena, "0"));
	}
	return ir_unary(l->arena, "&", literal);
}

static struct strand *undo_by_block(struct lower *l, struct undo *undo) {
	struct strand *s = begin_undo(l, undo, "");

	capture_variables(l, undo, s, &s->ir->captured);
	lower_block(l, undo->block);
	end_undo(l, s);
	return s;
}

/* Makes the undo's strand; gives what it captures now. */
static struct ir_expr *lower_undo(struct lower *l, struct undo *undo, const char **ret_def) {
	struct strand *s;
	struct ir_expr *captured;
	uint32_t line = l->strand->line;

	if (undo->call != NULL && captures_arguments(undo)) {
		s = undo_by_arguments(l, undo);
		captured = lower_arguments(
			l, s->ir->captured_c, undo->call->u.step->args, lower_activity_fixed);
	} else {
		s = undo->call != NULL ? undo_by_values(l, undo) : undo_by_block(l, undo);
		captured = captured_values(l, undo, s);
	}
	*ret_def = mem_printf(l->arena, "&%s", s->ir->def);
	l->strand->line = line;
	return captured;
}

void lower_undo_block(struct lower *l, struct undo *undo) {
	const char *def;
	struct ir_expr *captured = lower_undo(l, undo, &def);

	lower_eval(l, lower_ctx_call(l, "dtf_undo_block", ir_text(l->arena, def), captured, NULL));
}

/* ---- steps ---- */

/* Evaluated now, checked: a fault must arise before anything is issued. */
static struct ir_expr *settled(struct lower *l, struct ir_expr *address, const char *c) {
	struct ctype type = { .c = c, .is_struct = true };
	struct ir_expr *prefix = NULL;

	if (address->kind != IR_UNARY) {
		return address; /* NULL */
	}
	return ir_unary(l->arena, "&", lower_stash(l, &type, address->left, &prefix));
}

void lower_step(struct lower *l, struct expr *expr, int arm) {
	struct undo *undo = expr->u.step->undo;
	const char *c = args_c(l, expr->decl), *undo_def = NULL;
	const char *name = lower_full_name(l, expr->decl);
	struct ir_expr *site = site_of(l, "do", name, expr->span);
	struct ir_expr *args = lower_arguments(l, c, expr->u.step->args, lower_activity_fixed);
	struct ir_expr *captured = NULL;

	if (undo != NULL) {
		bool faults = undo->call != NULL && can_fault(undo->call->u.step->args);
		if (faults) {
			args = settled(l, args, c);
		}
		captured = lower_undo(l, undo, &undo_def);
		if (faults) {
			captured = settled(l, captured, captured->left->name);
			lower_raised(l);
		}
	}
	struct ir_expr *policy = policy_of(l, expr);
	struct ir_expr *def = def_of(l, expr->decl);
	note(l, &l->workflow->activities, expr->decl);
	lower_eval(l,
		arm < 0 ? lower_ctx_call(l, "dtf_do", site, def, args, policy, NULL)
			: lower_ctx_call(l, "dtf_arm_do", lower_number(l, arm), site, def, args,
				  policy, NULL));
	if (undo != NULL) {
		lower_eval(l,
			lower_ctx_call(l, "dtf_undo", ir_text(l->arena, undo_def), captured, NULL));
	}
}

/* ---- children ---- */

/* The command, of arm `arm` of a select or, NULL, of its own. */
static struct ir_expr *child_call(
	struct lower *l, struct expr *expr, const char *function, struct ir_expr *arm) {
	const char *kind = expr->kind == EXPR_SPAWN ? "spawn" : "call";
	const char *input = lower_input(l, expr->decl);
	const char *c = input == NULL ? NULL : mem_printf(l->arena, "struct %s", input);
	struct ir_expr *site = site_of(l, kind, lower_full_name(l, expr->decl), expr->span);
	struct ir_expr *args = lower_arguments(l, c, expr->u.step->args, lower_start_fixed);

	if (expr->u.step->id != NULL && lower_is_ordered(expr->u.step->id) &&
		lower_any_ordered(expr->u.step->args)) {
		args = settled(l, args, c); /* C has no order of arguments */
	}
	struct ir_expr *id = expr->u.step->id == NULL ? ir_text(l->arena, "dtf_default_id")
						      : lower_expr(l, expr->u.step->id);
	struct ir_expr *def = def_of(l, expr->decl);
	return arm == NULL ? lower_ctx_call(l, function, site, def, args, id, NULL)
			   : lower_ctx_call(l, function, arm, site, def, args, id, NULL);
}

void lower_call(struct lower *l, struct expr *expr, int arm) {
	note(l, &l->workflow->children, expr->decl);
	lower_eval(l,
		arm < 0 ? child_call(l, expr, "dtf_call", NULL)
			: child_call(l, expr, "dtf_arm_call", lower_number(l, arm)));
}

static void lower_spawn(
	struct lower *l, struct expr *expr, struct ir_slot *declare, struct ir_expr *dest) {
	struct ir_expr *id = child_call(l, expr, "dtf_spawn", NULL);

	if (declare != NULL) {
		lower_declare(l, declare, id);
	} else {
		lower_eval(l, dest == NULL ? id : ir_assign(l->arena, dest, id));
	}
	lower_raised(l);
}

/* ---- awaiting ---- */

/* Awaits what was issued in a state of that name. */
static void await_in(
	struct lower *l, const char *name, struct ir_slot *declare, struct ir_expr *dest) {
	lower_await(l, lower_state(l, "%s", name));
	if (declare != NULL) {
		lower_declare(l, declare, NULL);
	}
	lower_poll(l,
		lower_ctx_call(l, "dtf_await",
			dest == NULL ? ir_text(l->arena, "NULL") : ir_unary(l->arena, "&", dest),
			NULL));
}

static void lower_converted(
	struct lower *l, struct expr *expr, struct ir_slot *declare, struct ir_expr *dest) {
	struct expr *inner = expr->u.converted;

	if (dest == NULL) {
		lower_durable(l, inner, NULL, NULL);
		return;
	}
	struct ir_slot *slot = lower_temp(l, lower_ctype(l, inner->type));
	lower_durable(l, inner, slot, ir_slot(l->arena, slot));
	struct ir_expr *prefix = NULL;
	struct ir_expr *some = lower_some(l, expr->type, ir_slot(l->arena, slot), &prefix);
	if (declare != NULL) {
		lower_declare(l, declare, some);
	} else {
		lower_eval(l, ir_assign(l->arena, dest, some));
	}
}

void lower_durable(
	struct lower *l, struct expr *expr, struct ir_slot *declare, struct ir_expr *dest) {
	bool unit = expr->type->kind == TYPE_UNIT;

	switch (expr->kind) {
	case EXPR_DO:
		lower_step(l, expr, -1);
		await_in(l, cname_snake(l->arena, expr->u.step->name.text), declare,
			unit ? NULL : dest);
		break;
	case EXPR_WAIT:
		note(l, &l->workflow->events, expr->decl);
		lower_eval(l,
			lower_ctx_call(l, "dtf_wait",
				site_of(l, "wait", lower_full_name(l, expr->decl), expr->span),
				def_of(l, expr->decl), NULL));
		await_in(l, cname_snake(l->arena, expr->u.wait.name.text), declare,
			unit ? NULL : dest);
		break;
	case EXPR_CONVERT:
		lower_converted(l, expr, declare, dest);
		break;
	case EXPR_PARALLEL:
		lower_parallel(l, expr, declare, unit ? NULL : dest);
		break;
	case EXPR_CALL_WORKFLOW:
		lower_call(l, expr, -1);
		await_in(l, cname_snake(l->arena, expr->u.step->name.text), declare,
			unit ? NULL : dest);
		break;
	case EXPR_SPAWN:
		lower_spawn(l, expr, declare, dest);
		break;
	case EXPR_ERROR:
	case EXPR_NAME:
	case EXPR_BOOL:
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_NONE:
	case EXPR_DURATION:
	case EXPR_STRING:
	case EXPR_LIST:
	case EXPR_MAP:
	case EXPR_RECORD:
	case EXPR_FIELD:
	case EXPR_INDEX:
	case EXPR_CALL:
	case EXPR_UNARY:
	case EXPR_BINARY:
		bug("a value where only a durable expression can stand");
	}
}

void lower_sleep(struct lower *l, struct stmt *stmt) {
	struct expr *value = stmt->u.sleep.value;
	const char *name = stmt->u.sleep.until ? "dtf_sleep_until" : "dtf_sleep";
	struct ir_expr *site = site_of(l, "sleep", "", stmt->span);

	lower_eval(l, lower_ctx_call(l, name, site, lower_expr(l, value), NULL));
	await_in(
		l, mem_printf(l->arena, "sleep_%u", lower_ordinal(l, CONSTRUCT_SLEEP)), NULL, NULL);
}

/* ---- select ---- */

static void lower_trigger(struct lower *l, struct select_arm *arm, int n) {
	struct ir_expr *number = lower_number(l, n);

	switch (arm->kind) {
	case ARM_ON:
		note(l, &l->workflow->events, arm->trigger->decl);
		lower_eval(l,
			lower_ctx_call(l, "dtf_arm_event", number,
				site_of(l, "on", lower_full_name(l, arm->trigger->decl), arm->span),
				def_of(l, arm->trigger->decl), NULL));
		break;
	case ARM_AFTER:
	case ARM_AT: {
		bool after = arm->kind == ARM_AFTER;
		struct ir_expr *site = site_of(l, after ? "after" : "at", "", arm->span);
		lower_eval(l,
			lower_ctx_call(l, after ? "dtf_arm_after" : "dtf_arm_at", number, site,
				lower_expr(l, arm->trigger), NULL));
		break;
	}
	case ARM_DO:
		lower_step(l, arm->trigger, n);
		break;
	case ARM_CALL:
		lower_call(l, arm->trigger, n);
		break;
	case ARM_ELSE:
		break;
	}
}

static void lower_arm(struct lower *l, struct select_arm *arm, int n) {
	struct ir_block *outer;

	lower_at(l, arm->span);
	if (arm->condition == NULL) {
		lower_trigger(l, arm, n);
		return;
	}
	/* a fault in here is reported by the select's await */
	struct ir_expr *condition = lower_expr(l, arm->condition);
	struct ir_op *op = lower_op(l, IR_IF);
	op->expr = condition;
	op->body = lower_begin(l, &outer);
	lower_trigger(l, arm, n);
	lower_end(l, outer, false);
}

void lower_select(struct lower *l, struct stmt *stmt) {
	unsigned n = lower_ordinal(l, CONSTRUCT_SELECT);
	const char *name = mem_printf(l->arena, "select_%u", n);
	struct ctype int_type = { .c = "int" };
	struct way *ways = NULL, **tail = &ways;
	bool has_else = false;
	int number = 0;

	lower_eval(l, lower_ctx_call(l, "dtf_select_begin", NULL));
	for (struct select_arm *a = stmt->u.arms; a != NULL; a = a->next) {
		struct way *way = mem_new(l->arena, struct way);
		struct ir_expr labels = { .tail = &labels.items };
		int value = a->kind == ARM_ELSE ? -1 : number++;
		has_else = has_else || a->kind == ARM_ELSE;
		ir_add(l->arena, &labels, NULL, ir_textf(l->arena, "%d", value));
		way->labels = labels.items;
		way->body = a->body;
		way->arm = a;
		*tail = way;
		tail = &way->next;
		lower_arm(l, a, value);
	}
	lower_at(l, stmt->span);
	lower_eval(l,
		lower_ctx_call(
			l, "dtf_select", ir_text(l->arena, has_else ? "true" : "false"), NULL));
	lower_await(l, lower_state(l, "%s", name));
	if (l->strand->ir->arm == NULL) {
		l->strand->ir->arm = mem_new(l->arena, struct ir_slot);
		*l->strand->ir->arm = (struct ir_slot){ .strand = l->strand->ir,
			.name = "arm",
			.c_type = int_type.c,
			.prefix = "",
			.declared = true };
	}
	struct ir_expr *arm = ir_text(l->arena, "arm");
	lower_poll(l, lower_ctx_call(l, "dtf_select_await", ir_unary(l->arena, "&", arm), NULL));
	lower_ways(l, name, ways, arm, true);
}
