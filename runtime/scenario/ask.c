/* Queries of a scenario: asked of what is committed, at any time and at the end. */
#include <stdlib.h>
#include <string.h>

#include "../client.h"
#include "../error.h"
#include "sim.h"

static int ask(struct sim *sim, const char *id, const char *name, struct dtf_result *ret) {
	struct arena arena = { 0 };
	struct row row;
	uint64_t number;
	struct slice bytes;
	struct store *store = scenario_store(sim, id);
	int rc = store->ops->find(store, id, &number);
	if (rc == 0) {
		rc = store->ops->row(store, &arena, number, &bytes);
	}
	if (rc == 0) {
		rc = dtf__row_decode(&arena, bytes, &row);
	}
	if (rc == 0) {
		rc = dtf__query(scenario_engine(sim, id), &row, name, ret);
	} else if (rc > 0) {
		rc = dtf__fail(DTF_EUNKNOWN_INSTANCE, "no instance %s", id);
	}
	dtf__arena_finish(&arena);
	return rc;
}

/* The value; NULL: there is none, *ret_rc says why. */
static json_t *value_of(struct sim *sim, const char *id, const char *name, int *ret_rc) {
	struct dtf_result result = { 0 };
	*ret_rc = ask(sim, id, name, &result);
	json_t *value = *ret_rc == 0 ? json_loads(result.output, JSON_DECODE_ANY, NULL) : NULL;
	dtf_result_free(&result);
	return value;
}

void scenario_query(struct sim *sim, json_t *entry) {
	const char *name = json_string_value(json_object_get(entry, "query"));
	const char *id = json_string_value(json_object_get(entry, "instance"));
	json_t *expected = json_object_get(entry, "expect");
	bool refused = json_is_true(json_object_get(entry, "refused"));
	int rc;
	json_t *value = value_of(sim, id == NULL ? sim->id : id, name, &rc);
	char *want = expected == NULL ? NULL : json_dumps(expected, JSON_ENCODE_ANY);
	char *is = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY);
	if ((rc < 0) != refused) {
		scenario_trouble(sim, "query %s: expected %s: %s", name,
			refused ? "to be refused" : "to be answered",
			rc < 0 ? dtf_errmsg() : "it was not");
	} else if (rc == 0 && expected != NULL && json_equal(value, expected) != 1) {
		scenario_trouble(sim, "query %s: expected %s, got %s", name,
			want == NULL ? "?" : want, is == NULL ? "?" : is);
	}
	free(want);
	free(is);
	json_decref(value);
}

json_t *scenario_queries(struct sim *sim) {
	json_t *wanted = json_object_get(json_object_get(sim->scenario, "expect"), "queries");
	json_t *all = json_object(), *unused;
	const char *name;
	json_object_foreach(wanted, name, unused) {
		int rc;
		json_t *value = value_of(sim, sim->id, name, &rc);
		if (rc < 0) {
			scenario_trouble(sim, "query %s: %s", name, dtf_errmsg());
		} else {
			(void)json_object_set_new(all, name, value);
		}
	}
	return all;
}
