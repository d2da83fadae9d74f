/* The IR by itself: how expressions print, and what the verifier does not let through. */
#include "../support/suite.h"

#include <string.h>

#include "../../dtfc/emit.h"

static struct arena arena;

static void finish(void) {
	dtf__arena_finish(&arena);
}

static struct ir_expr *t(const char *text) {
	return ir_text(&arena, text);
}

static const char *flat(struct ir_expr *expr) {
	return emit_flat(&arena, NULL, expr);
}

static struct ir_expr *binary(struct ir_expr *left, const char *op, struct ir_expr *right) {
	return ir_binary(&arena, left, op, right);
}

/* ---- expressions ---- */

START_TEST(parentheses_where_c_needs_them) {
	struct ir_expr *sum = binary(t("a"), "+", t("b"));
	ck_assert_str_eq(flat(binary(sum, "*", t("c"))), "(a + b) * c");
	ck_assert_str_eq(flat(binary(t("c"), "-", sum)), "c - (a + b)");
	ck_assert_str_eq(flat(binary(sum, "-", t("c"))), "a + b - c");
	ck_assert_str_eq(
		flat(ir_member(&arena, ir_assign(&arena, t("t"), t("x")), "has")), "(t = x).has");
	ck_assert_str_eq(
		flat(ir_call(&arena, "f", ir_comma(&arena, t("a"), t("b")), NULL)), "f((a, b))");
	ck_assert_str_eq(flat(ir_unary(&arena, "&", ir_member(&arena, t("a"), "b"))), "&a.b");
	ck_assert_str_eq(flat(ir_unary(&arena, "(int64_t)", sum)), "(int64_t)(a + b)");
}
END_TEST

START_TEST(parentheses_where_compilers_want_them) {
	struct ir_expr *both = binary(t("a"), "&&", t("b"));
	struct ir_expr *less = binary(t("a"), "<", t("b"));
	struct ir_expr *not = ir_unary(&arena, "!", t("a"));
	ck_assert_str_eq(flat(binary(both, "||", t("c"))), "(a && b) || c");
	ck_assert_str_eq(flat(binary(less, "==", t("c"))), "(a < b) == c");
	ck_assert_str_eq(flat(binary(not, "==", t("c"))), "(!a) == c");
	ck_assert_str_eq(flat(ir_unary(&arena, "-", t("-1"))), "-(-1)");
	ck_assert_str_eq(flat(binary(t("a"), "-", t("-1"))), "a - -1");
}
END_TEST

START_TEST(a_pointers_member_is_an_arrow) {
	struct ir_expr *pointer = ir_unary(&arena, "(const struct x *)", t("p"));
	struct ir_expr *value = ir_unary(&arena, "*", pointer);
	ck_assert_str_eq(flat(ir_member(&arena, value, "sku")), "((const struct x *)p)->sku");
}
END_TEST

START_TEST(numbers_read_back_the_same) {
	ck_assert_str_eq(ir_int(&arena, INT64_MIN), "INT64_MIN");
	ck_assert_str_eq(ir_int(&arena, -5), "-5");
	ck_assert_str_eq(ir_int(&arena, INT64_MAX), "INT64_C(9223372036854775807)");
	ck_assert_str_eq(ir_int(&arena, -INT64_C(3000000000)), "-INT64_C(3000000000)");
	ck_assert_str_eq(ir_float(&arena, 2), "2.0");
	ck_assert_str_eq(ir_float(&arena, 0.1), "0.1");
	ck_assert_str_eq(ir_float(&arena, 1e300), "1e+300");
	ck_assert_str_eq(ir_float(&arena, 0.1 + 0.2), "0.30000000000000004");
}
END_TEST

START_TEST(long_calls_are_broken) {
	struct emit e;
	struct ir_expr *call = ir_call(&arena, "dtf_do", t("ctx"), t("8"), NULL);
	struct ir_expr *args = ir_literal(&arena, "struct shop_charge_args");
	args->brief = true;
	ir_add(&arena, args, "order", t("f->in.order.id"));
	ir_add(&arena, args, "customer", t("f->in.order.customer"));
	ir_add(&arena, args, "cents", t("f->in.order.cents"));
	ir_add(&arena, call, NULL, t("&shop_charge_activity"));
	ir_add(&arena, call, NULL, ir_unary(&arena, "&", args));
	ir_add(&arena, call, NULL, t("NULL"));
	emit_init(&e, &arena);
	e.indent = 2;
	emit_expr(&e, NULL, "", call, ";");
	ck_assert_str_eq(buffer_text(&e.text),
		"\t\tdtf_do(ctx, 8, &shop_charge_activity,\n"
		"\t\t\t&(struct shop_charge_args){\n"
		"\t\t\t\t.order = f->in.order.id,\n"
		"\t\t\t\t.customer = f->in.order.customer,\n"
		"\t\t\t\t.cents = f->in.order.cents,\n"
		"\t\t\t},\n"
		"\t\t\tNULL);\n");
}
END_TEST

START_TEST(stamps_only_where_the_compiler_would_be_wrong) {
	struct emit e;
	emit_init(&e, &arena);
	e.stamps = true;
	e.file = "x.dtf.c";
	e.source_name = "x.dtf";
	emit_line(&e, "one();");
	e.want = 7;
	emit_line(&e, "seven();");
	e.want = 8;
	emit_line(&e, "eight();");
	e.want = 8;
	emit_line(&e, "still_eight();");
	e.want = 0;
	emit_line(&e, "home();");
	emit_line(&e, "home();");
	ck_assert_str_eq(buffer_text(&e.text),
		"one();\n"
		"#line 7 \"x.dtf\"\n"
		"seven();\n"
		"eight();\n"
		"#line 8 \"x.dtf\"\n"
		"still_eight();\n"
		"#line 8 \"x.dtf.c\"\n"
		"home();\n"
		"home();\n");
}
END_TEST

/* ---- the verifier ---- */

static struct ir_workflow workflow;
static struct ir_strand strand;
static struct ir_state states[3];

/* A waits and falls into B, which jumps to C, which returns. */
static void make(void) {
	workflow = (struct ir_workflow){ .strands = &strand };
	strand = (struct ir_strand){ .path = "x", .c_name = "x", .states = &states[0] };
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { "A", "B", "C" };
		states[i] = (struct ir_state){ .name = names[i], .placed = true };
		states[i].next = i < 2 ? &states[i + 1] : NULL;
		ir_block_init(&states[i].body);
	}
	ir_op(&arena, &states[0].body, IR_AWAIT)->target = &states[1];
	ir_op(&arena, &states[1].body, IR_JUMP)->target = &states[2];
	ir_op(&arena, &states[2].body, IR_RETURN)->expr = t("DTF_DONE");
}

START_TEST(what_is_whole_passes) {
	make();
	ir_verify(&arena, &workflow);
	ck_assert(states[2].reached);
}
END_TEST

START_TEST(an_unreachable_state_is_a_bug) {
	make();
	states[1].body.first->target = &states[1];
	ir_verify(&arena, &workflow);
}
END_TEST

START_TEST(a_state_without_an_end_is_a_bug) {
	make();
	ir_block_init(&states[2].body);
	ir_verify(&arena, &workflow);
}
END_TEST

START_TEST(a_jump_to_nowhere_is_a_bug) {
	make();
	states[2].placed = false;
	ir_verify(&arena, &workflow);
}
END_TEST

START_TEST(falling_past_a_state_is_a_bug) {
	make();
	states[0].body.first->target = &states[2];
	ir_op(&arena, &states[0].body, IR_JUMP)->target = &states[1];
	ir_verify(&arena, &workflow);
}
END_TEST

START_TEST(an_undeclared_slot_is_a_bug) {
	struct ir_slot slot = { .name = "x", .strand = &strand };
	make();
	ir_op(&arena, &states[2].body, IR_RETURN)->expr = ir_slot(&arena, &slot);
	ir_verify(&arena, &workflow);
}
END_TEST

int main(void) {
	enum { BUG = 70 };
	Suite *suite = suite_create("ir");
	TCase *tc = tcase_create("expressions");
	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_test(tc, parentheses_where_c_needs_them);
	tcase_add_test(tc, parentheses_where_compilers_want_them);
	tcase_add_test(tc, a_pointers_member_is_an_arrow);
	tcase_add_test(tc, numbers_read_back_the_same);
	tcase_add_test(tc, long_calls_are_broken);
	tcase_add_test(tc, stamps_only_where_the_compiler_would_be_wrong);
	suite_add_tcase(suite, tc);
	tc = tcase_create("verifier");
	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_test(tc, what_is_whole_passes);
	tcase_add_exit_test(tc, an_unreachable_state_is_a_bug, BUG);
	tcase_add_exit_test(tc, a_state_without_an_end_is_a_bug, BUG);
	tcase_add_exit_test(tc, a_jump_to_nowhere_is_a_bug, BUG);
	tcase_add_exit_test(tc, falling_past_a_state_is_a_bug, BUG);
	tcase_add_exit_test(tc, an_undeclared_slot_is_a_bug, BUG);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
