/*
 * Whatever may happen, in any order: seeded runs of several orders in which
 * clients ask by both doors, attempts end well or badly, the store is full, the
 * process dies and time passes.  Differential replay is on all the time.  What
 * must hold: every request is answered once, the inbox is emptied, no
 * slot is lost, an event id counts once, and when it calms down all come to an end.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../support/lab.h"
#include "../support/steps.h"
#include "../support/suite.h"

#define SEEDS     60
#define STEPS     120
#define INSTANCES 4
#define ASKED_MAX (STEPS + 1)

static const struct dtf_module *const modules[] = { &hello_module, &shop_module, NULL };

static struct lab lab;
static uint64_t random_state;
static struct asked asked[ASKED_MAX];
static size_t nasked;
static unsigned ncommands;
static char ids[INSTANCES][8];
static char inputs[INSTANCES][256];

static unsigned pick(unsigned below) {
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % below;
}

/* ---- what may happen ---- */

static void ask(enum request_kind kind, unsigned i, const char *name, const char *text,
	const char *payload) {
	if (pick(3) == 0) {
		char request_id[32];
		(void)snprintf(request_id, sizeof(request_id), "r%u", ncommands++);
		lab_append(&lab, kind, request_id, ids[i], name, text, payload);
	} else {
		lab_ask(&lab, &asked[nasked++], kind, ids[i], name, text, payload);
	}
}

static void ask_something(void) {
	static const char *const event_ids[] = { NULL, "e1", "e2" };
	static const char *const values[] = { "\"approved\"", "\"rejected\"", "17" };
	unsigned i = pick(INSTANCES);
	switch (pick(9)) {
	case 0:
		ask(REQUEST_CANCEL, i, NULL, "no", NULL);
		break;
	case 1:
		ask(REQUEST_SUSPEND, i, NULL, NULL, NULL);
		break;
	case 2:
	case 3:
		ask(REQUEST_RESUME, i, NULL, NULL, NULL);
		break;
	case 4:
	case 5:
		ask(REQUEST_RAISE, i, "approval", event_ids[pick(3)], values[pick(3)]);
		break;
	case 6:
		if (pick(6) == 0) {
			ask(REQUEST_TERMINATE, i, NULL, "now", NULL);
		} else {
			lab_ask(&lab, &asked[nasked++], REQUEST_WAIT, ids[i], NULL, NULL, NULL);
		}
		break;
	default:
		ask(REQUEST_START, i, "shop.fulfil", NULL, inputs[i]);
		break;
	}
}

static const char *result_of(const char *activity) {
	bool text = strcmp(activity, "shop.charge") == 0 ||
		strcmp(activity, "shop.print_label") == 0;
	return text ? "\"x\"" : "null";
}

static void end_one(bool well) {
	if (lab.nrunning > 0) {
		const struct dtf_activity *attempt = lab.running[pick((unsigned)lab.nrunning)];
		const char *name = attempt->def->name;
		lab_end(&lab, name, attempt->id, well ? result_of(name) : NULL);
	}
}

static void beat_one(void) {
	if (lab.nrunning > 0) {
		(void)dtf_activity_heartbeat(lab.running[pick((unsigned)lab.nrunning)]);
	}
}

static void pass_some_time(void) {
	static const int64_t spans_ms[] = { 1, 150, 1100, 6000, 10000, 31000, 86400000 };
	int64_t ms = spans_ms[pick(7)];
	lab.now_ms += ms;
	lab.steady_ms += ms;
}

static void happen(void) {
	switch (pick(13)) {
	case 0:
		faulty_store_plan(lab.store,
			&(struct fault){
				.at = 1 + pick(2), .when = FAULT_BEFORE, .code = DTF_EFULL });
		break;
	case 1:
		if (pick(3) == 0) {
			lab_crash(&lab);
			lab_open(&lab);
		}
		break;
	case 2:
	case 3:
		pass_some_time();
		break;
	case 4:
	case 5:
	case 6:
		end_one(true);
		break;
	case 7:
		end_one(false);
		break;
	case 8:
		beat_one();
		break;
	default:
		ask_something();
		break;
	}
}

/* ---- what must hold ---- */

static bool exists(unsigned i) {
	uint64_t number;
	return lab.store->ops->find(lab.store, ids[i], &number) == 0;
}

/* Everybody is let go on, and is given time. */
static void calm_down(void) {
	faulty_store_plan(lab.store, NULL);
	lab_pass(&lab, 2000);
	for (unsigned i = 0; i < INSTANCES; i++) {
		(void)lab_do(&lab, REQUEST_RESUME, ids[i], NULL, NULL, NULL);
	}
	for (unsigned rounds = 0; rounds < 100; rounds++) {
		while (lab.nrunning > 0) {
			end_one(true);
		}
		lab_settle(&lab);
		if (lab.nrunning == 0) {
			lab_pass(&lab, rounds % 4 == 3 ? 86400000 : 31000);
		}
	}
}

static void assert_event_ids(unsigned i) {
	struct arena arena = { 0 };
	struct history history = lab_history(&lab, ids[i], &arena);
	unsigned seen[2] = { 0 };
	for (size_t k = 0; k < history.count; k++) {
		struct record record;
		struct slice events;
		ck_assert_int_eq(dtf__record_decode(history.records[k], &record, &events), 0);
		while (events.size > 0) {
			struct event event;
			ck_assert_int_eq(dtf__event_decode(&arena, &events, &event), 0);
			if (event.kind == EVENT_RAISED && event.text != NULL) {
				seen[event.text[1] - '1']++;
			}
		}
	}
	ck_assert_uint_le(seen[0], 1);
	ck_assert_uint_le(seen[1], 1);
	dtf__arena_finish(&arena);
}

static bool count_entry(void *arg, uint64_t sequence, struct slice command) {
	++*(unsigned *)arg;
	return true;
}

static void assert_calm(void) {
	for (size_t i = 0; i < nasked; i++) {
		ck_assert_msg(asked[i].answers == 1, "request %zu (%d of %s): %u answers", i,
			(int)asked[i].request.kind, asked[i].request.id, asked[i].answers);
	}
	unsigned left = 0;
	ck_assert_int_eq(lab.store->ops->inbox(lab.store, 0, count_entry, &left), 0);
	ck_assert_uint_eq(left, 0);
	ck_assert_ptr_null(lab.engine->commands);
	ck_assert_uint_eq(lab.engine->slots_used, 0);
	for (unsigned i = 0; i < INSTANCES; i++) {
		if (exists(i)) {
			ck_assert_msg(lab_status(&lab, ids[i]) > DTF_SUSPENDED, "%s is still %s",
				ids[i], dtf_status_name(lab_status(&lab, ids[i])));
			assert_event_ids(i);
		}
	}
}

static void run(unsigned seed) {
	random_state = seed;
	nasked = 0;
	ncommands = 0;
	lab_init(&lab, modules);
	lab.options.verify = true;
	lab.snapshot_events = seed % 6; /* 0: none is made */
	lab.options.workers = 1 + pick(3);
	for (unsigned i = 0; i < INSTANCES; i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "o%u", i);
		(void)order_json(
			inputs[i], sizeof(inputs[i]), ids[i], "ada", i % 2 == 0 ? 500000 : 5, i);
	}
	lab_open(&lab);
	for (unsigned step = 0; step < STEPS; step++) {
		happen();
		if (pick(3) != 0) {
			ck_assert_msg(lab_round(&lab) == 0, "%s", dtf_errmsg());
		}
	}
	calm_down();
	assert_calm();
	lab_finish(&lab);
}

/* A number in DTF_SEED runs that one alone. */
START_TEST(any_order_of_things) {
	const char *alone = getenv("DTF_SEED");
	unsigned first = alone == NULL ? 1 + (unsigned)_i * SEEDS
				       : (unsigned)strtoul(alone, NULL, 10);
	for (unsigned seed = first; seed < first + (alone == NULL ? SEEDS : 1); seed++) {
		fprintf(stderr, "seed %u\n", seed);
		run(seed);
	}
}
END_TEST

int main(void) {
	Suite *suite = suite_create("simulation");
	TCase *tc = tcase_create("simulation");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, any_order_of_things, 0, 4);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
