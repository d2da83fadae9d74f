/*
 * One line for a scenario.  When it is not as expected: what differs, each
 * difference once however many ways of running it show it, and what happened.
 *
 *	FAIL  declined card releases the stock
 *	      status: expected "failed", got "completed"
 *	      calls:
 *	            reserve {"id":"o1"}
 *	          - release "o1"
 *	          + notify "ada"
 *	      what happened:
 *	            0ms  started  shop.fulfil [{"id":"o1",…}]
 */
#include "verdict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 160 /* characters of a value that are shown */
#define EVENT_MAX 100

bool verdict_ok(const struct verdict *verdict) {
	bool ok = verdict->trouble == NULL;
	for (size_t i = 0; i < verdict->count; i++) {
		ok = ok && json_array_size(verdict->runs[i].differences) == 0;
	}
	return ok;
}

/* ---- values ---- */

static void print_value(const json_t *value, size_t most) {
	char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (text == NULL) {
		fputs("nothing", stdout);
		return;
	}
	show_cut(text, most);
	show_text(stdout, text);
	free(text);
}

/* ["shop.charge", "o1", 5] as: charge "o1" 5 */
static void print_call(const struct cli *cli, enum look look, char mark, json_t *call) {
	const char *name = json_string_value(json_array_get(call, 0));
	printf("          %s%c %s", look_on(cli, look), mark,
		name == NULL ? "?" : scenario_bare(name));
	for (size_t i = 1; i < json_array_size(call); i++) {
		putchar(' ');
		print_value(json_array_get(call, i), VALUE_MAX / 2);
	}
	printf("%s\n", look_off(cli));
}

/* Both lists at once: what is the same before and after, and between them both sides. */
static void print_calls(const struct cli *cli, json_t *expected, json_t *got) {
	size_t nexpected = json_array_size(expected), ngot = json_array_size(got);
	size_t before = 0, after = 0;
	while (before < nexpected && before < ngot &&
		scenario_call_matches(
			json_array_get(expected, before), json_array_get(got, before))) {
		before++;
	}
	while (after < nexpected - before && after < ngot - before &&
		scenario_call_matches(json_array_get(expected, nexpected - 1 - after),
			json_array_get(got, ngot - 1 - after))) {
		after++;
	}
	for (size_t i = 0; i < before; i++) {
		print_call(cli, LOOK_PLAIN, ' ', json_array_get(got, i));
	}
	for (size_t i = before; i < nexpected - after; i++) {
		print_call(cli, LOOK_BAD, '-', json_array_get(expected, i));
	}
	for (size_t i = before; i < ngot - after; i++) {
		print_call(cli, LOOK_GOOD, '+', json_array_get(got, i));
	}
	for (size_t i = ngot - after; i < ngot; i++) {
		print_call(cli, LOOK_PLAIN, ' ', json_array_get(got, i));
	}
}

static void print_difference(const struct cli *cli, json_t *difference) {
	const char *what = json_string_value(json_object_get(difference, "what"));
	json_t *expected = json_object_get(difference, "expected");
	json_t *got = json_object_get(difference, "got");
	fputs("      ", stdout);
	show_text(stdout, what == NULL ? "?" : what);
	if (expected == NULL) {
		putchar('\n');
	} else if (strncmp(what, "calls", 5) == 0) {
		printf(": - expected, + got\n");
		print_calls(cli, expected, got);
	} else {
		printf(": expected %s", look_on(cli, LOOK_STRONG));
		print_value(expected, VALUE_MAX);
		printf("%s, got %s", look_off(cli), look_on(cli, LOOK_STRONG));
		print_value(got, VALUE_MAX);
		printf("%s\n", look_off(cli));
	}
}

/* ---- what happened ---- */

static void print_event(const struct cli *cli, json_t *event) {
	const char *kind = json_string_value(json_object_get(event, "kind"));
	const char *file = json_string_value(json_object_get(event, "file"));
	const char *error = json_string_value(json_object_get(event, "error"));
	json_t *payload = json_object_get(event, "payload");
	char time[SHOW_TIME_MAX], shown[48];
	show_exact(time, json_integer_value(json_object_get(event, "ms")));
	(void)snprintf(shown, sizeof(shown), "%s", kind == NULL ? "?" : kind);
	for (char *at = strchr(shown, '_'); at != NULL; at = strchr(at, '_')) {
		*at = ' ';
	}
	printf("        %10s  %-18s", time, shown);
	static const char *const texts[] = { "name", "text" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *text = json_string_value(json_object_get(event, texts[i]));
		if (text != NULL) {
			putchar(' ');
			show_text(stdout, text);
		}
	}
	if (error != NULL) {
		printf(" %s", look_on(cli, LOOK_BAD));
		show_text(stdout, error);
		fputs(look_off(cli), stdout);
	} else if (payload != NULL) {
		putchar(' ');
		print_value(payload, EVENT_MAX);
	}
	if (file != NULL) {
		printf("  %s%s:%" JSON_INTEGER_FORMAT "%s", look_on(cli, LOOK_DIM), file,
			json_integer_value(json_object_get(event, "line")), look_off(cli));
	}
	putchar('\n');
}

static void print_trace(const struct cli *cli, json_t *trace) {
	json_t *instance, *event;
	size_t i, j;
	json_array_foreach(trace, i, instance) {
		printf("      %swhat happened", look_on(cli, LOOK_DIM));
		if (json_array_size(trace) > 1) {
			printf(" to %s", json_string_value(json_object_get(instance, "id")));
		}
		printf(":%s\n", look_off(cli));
		json_array_foreach(json_object_get(instance, "events"), j, event) {
			print_event(cli, event);
		}
	}
}

/* ---- for people ---- */

static void run_name(char text[64], const struct scenario_run *run) {
	if (run->seed == 0) {
		(void)snprintf(text, 64, "%s", scenario_mode_name(run->mode));
	} else {
		(void)snprintf(text, 64, "seed %" PRIu64, run->seed);
	}
}

/* The first run with these differences; they are told there. */
static const struct scenario_run *first_like(
	const struct verdict *verdict, const struct scenario_run *run) {
	const struct scenario_run *first = verdict->runs;
	while (first != run && json_equal(first->differences, run->differences) != 1) {
		first++;
	}
	return first;
}

static void print_run(
	const struct cli *cli, const struct verdict *verdict, const struct scenario_run *run) {
	json_t *difference;
	size_t i, alike = 0;
	for (size_t j = 0; j < verdict->count; j++) {
		alike += first_like(verdict, &verdict->runs[j]) == run;
	}
	if (alike < verdict->count) {
		char name[64];
		run_name(name, run);
		printf("      %s%s", look_on(cli, LOOK_STRONG), name);
		for (size_t j = 0; j < verdict->count; j++) {
			const struct scenario_run *other = &verdict->runs[j];
			if (other != run && first_like(verdict, other) == run) {
				run_name(name, other);
				printf(", %s", name);
			}
		}
		printf(":%s\n", look_off(cli));
	}
	json_array_foreach(run->differences, i, difference) {
		print_difference(cli, difference);
	}
	print_trace(cli, run->trace);
}

void verdict_show(const struct cli *cli, const struct verdict *verdict) {
	bool ok = verdict_ok(verdict);
	printf("%s%s%s  ", look_on(cli, ok ? LOOK_GOOD : LOOK_BAD), ok ? "ok  " : "FAIL",
		look_off(cli));
	show_text(stdout, verdict->name);
	putchar('\n');
	if (verdict->trouble != NULL) {
		fputs("      ", stdout);
		show_text(stdout, verdict->trouble);
		putchar('\n');
	}
	for (size_t i = 0; i < verdict->count; i++) {
		const struct scenario_run *run = &verdict->runs[i];
		bool told = first_like(verdict, run) != run;
		if (!told && (json_array_size(run->differences) > 0 || (ok && i == 0))) {
			print_run(cli, verdict, run);
		}
	}
	(void)fflush(stdout);
}

/* ---- for programs ---- */

void verdict_json(const struct verdict *verdict) {
	json_t *runs = json_array();
	for (size_t i = 0; i < verdict->count; i++) {
		const struct scenario_run *run = &verdict->runs[i];
		json_t *one = json_pack("{s:s, s:O, s:O*, s:O*}", "mode",
			scenario_mode_name(run->mode), "differences", run->differences, "seen",
			run->seen, "trace", run->trace);
		if (run->seed != 0) {
			(void)json_object_set_new(one, "seed", json_integer((json_int_t)run->seed));
		}
		(void)json_array_append_new(runs, one);
	}
	json_t *all = json_pack("{s:s, s:s, s:b, s:s*, s:o}", "file", verdict->file, "name",
		verdict->name, "ok", verdict_ok(verdict), "error", verdict->trouble, "runs", runs);
	(void)json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}
