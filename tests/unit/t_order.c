/* A set of places is what a plain one would be, in order, whatever is done to it. */
#include <check.h>
#include <string.h>

#include "../../runtime/store/order.h"
#include "../support/suite.h"

#define KEYS 40
#define MOST 40 /* instances */

static bool model[KEYS][MOST];

static void assert_same(const struct order *order, struct index_place behind) {
	struct order_at at = dtf__order_behind(order, behind);
	struct index_place place = { 0 };
	bool same = true;
	for (uint64_t k = behind.key; k < KEYS; k++) {
		for (uint64_t i = k == behind.key ? behind.instance + 1 : 0; i < MOST; i++) {
			bool has = dtf__order_has(order, (struct index_place){ k, i });
			same = same && has == model[k][i];
			if (model[k][i] && same) {
				same = dtf__order_get(order, at, &place) && place.key == k &&
					place.instance == i;
				dtf__order_next(order, &at);
			}
		}
	}
	ck_assert(same);
	ck_assert(!dtf__order_get(order, at, &place));
}

static uint32_t random_of(uint32_t *state) {
	*state = *state * 1664525U + 1013904223U;
	return *state >> 16;
}

/* Takes out some of what follows a place. */
static void remove_some(struct order *order, struct index_place from, uint32_t *state) {
	struct order_at at = dtf__order_behind(order, from);
	struct index_place place;
	for (unsigned n = random_of(state) % 300; n > 0 && dtf__order_get(order, at, &place); n--) {
		if (random_of(state) % 4 == 0) {
			dtf__order_next(order, &at);
		} else {
			dtf__order_remove(order, &at);
			model[place.key][place.instance] = false;
		}
	}
}

START_TEST(it_is_what_a_plain_set_would_be) {
	struct order order = { 0 };
	uint32_t state = (uint32_t)_i;
	bool ok = true;
	memset(model, 0, sizeof(model));
	assert_same(&order, (struct index_place){ 0, 0 });
	for (int round = 0; round < 60; round++) {
		unsigned n = random_of(&state) % (_i % 2 == 0 ? 400 : 40);
		for (unsigned i = 0; i < n; i++) {
			struct index_place place = { random_of(&state) % KEYS,
				1 + random_of(&state) % (MOST - 1) };
			bool added = dtf__order_add(&order, place);
			ok = ok && added;
			model[place.key][place.instance] = true;
		}
		struct index_place from = { random_of(&state) % KEYS, random_of(&state) % MOST };
		remove_some(&order, from, &state);
		assert_same(&order, from);
		assert_same(&order, (struct index_place){ 0, 0 });
	}
	ck_assert(ok);
	dtf__order_finish(&order);
}
END_TEST

/* As numbers of new rows come, and as times do that lie ever nearer. */
START_TEST(it_grows_at_either_end) {
	struct order order = { 0 };
	struct index_place place;
	for (uint64_t i = 0; i < 3000; i++) {
		place = (struct index_place){ 1, _i == 0 ? i : 2999 - i };
		ck_assert(dtf__order_add(&order, place));
		ck_assert(dtf__order_add(&order, place));
	}
	ck_assert_uint_le(order.npages, _i == 0 ? 24 : 48);
	struct order_at at = { 0, 0 };
	for (uint64_t i = 0; i < 3000; i++) {
		ck_assert(dtf__order_get(&order, at, &place));
		ck_assert_uint_eq(place.instance, i);
		dtf__order_next(&order, &at);
	}
	ck_assert(!dtf__order_get(&order, at, &place));
	dtf__order_finish(&order);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("order");
	TCase *tc = tcase_create("order");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, it_is_what_a_plain_set_would_be, 1, 7);
	tcase_add_loop_test(tc, it_grows_at_either_end, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
