/*
 * within and shield.
 *
 * A within is an undo scope with a limit on its time:
 *
 *	dtf_within; body; dtf_within_end	-> END
 *	UNWIND: polls dtf_within_unwind		-> else, or the error outward
 *
 * A shield has no state of its own: an error that comes out of it finds the
 * strand's shield as it was when the scope was opened that takes the error.
 */
#include "lower_in.h"

void lower_within(struct lower *l, struct stmt *stmt) {
	unsigned n = lower_ordinal(l, CONSTRUCT_WITHIN);
	struct ir_state *outer = lower_handler(l);
	struct ir_state *unwind = lower_state(l, "within_%u_unwind", n);
	struct ir_state *end = lower_state(l, "within_%u_end", n);
	uint32_t site = lower_site(l, "within", "", stmt->span);
	bool end_used = false;
	struct scope scope;

	lower_eval(l,
		lower_ctx_call(l, "dtf_within", ir_textf(l->arena, "%u", site),
			lower_expr(l, stmt->u.within.limit), NULL));
	lower_scope_open(l, &scope, SCOPE_WITHIN, NULL, unwind);
	lower_raised(l); /* without its timer the body must not begin */
	bool texts = lower_texts_begin(l);
	lower_block(l, stmt->u.within.body);
	lower_texts_end(l, texts);
	lower_scope_close(l, &scope);
	if (!l->strand->dead) {
		lower_at(l, stmt->u.within.body->close);
		lower_eval(l, lower_ctx_call(l, "dtf_within_end", NULL));
		lower_jump(l, end);
		end_used = true;
	}
	lower_place(l, unwind);
	lower_poll(l, lower_ctx_call(l, "dtf_within_unwind", NULL));
	if (stmt->u.within.otherwise == NULL) {
		lower_at(l, stmt->span);
		lower_eval(l, lower_ctx_call(l, "dtf_within_failed", NULL));
		lower_raise_to(l, outer);
	} else {
		lower_block(l, stmt->u.within.otherwise);
		end_used = end_used || !l->strand->dead;
	}
	if (end_used) {
		lower_place(l, end);
	}
}

void lower_shield(struct lower *l, struct stmt *stmt) {
	struct scope scope;

	lower_eval(l, lower_ctx_call(l, "dtf_shield", NULL));
	lower_scope_open(l, &scope, SCOPE_SHIELD, NULL, NULL);
	lower_block(l, stmt->u.block);
	lower_scope_close(l, &scope);
	if (!l->strand->dead) {
		lower_at(l, stmt->u.block->close);
		lower_eval(l, lower_ctx_call(l, "dtf_shield_end", NULL));
		lower_raised(l);
	}
}
