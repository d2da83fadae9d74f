/* Starts the parent of family.dtf, raises what it waits for, and says how all ended. */
#include "family.dtf.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <dtf/dtf.h>

/* An effect, once for each key: attempts that were lost come again. */
static int effect(struct dtf_activity *act, const char *what, const char *name) {
	FILE *log = fopen("effects.log", "a+");
	char line[256], wanted[256];
	bool known = false;
	if (log == NULL) {
		return dtf_activity_fail(act, NULL, "no effects.log");
	}
	(void)snprintf(wanted, sizeof(wanted), "%s\t%s %s\n", dtf_activity_key(act), what, name);
	while (fgets(line, sizeof(line), log) != NULL) {
		known = known || strcmp(line, wanted) == 0;
	}
	if (!known) {
		fputs(wanted, log);
	}
	(void)fclose(log);
	return 0;
}

int family_step(struct dtf_activity *act, const char *name, const char **ret) {
	*ret = name;
	return effect(act, "did", name);
}

int family_undone(struct dtf_activity *act, const char *name) {
	return effect(act, "undid", name);
}

static void see_status(void *arg, const struct dtf_instance_info *info) {
	bool *has_one = arg;
	*has_one = info->custom_status != NULL;
}

/* Once the child has something to undo; or the parent has ended in a life before. */
static int raise_found(struct dtf_client *client) {
	struct dtf_result result = { 0 };
	bool ready = false;
	int rc = DTF_ETIMEOUT;
	while (rc == DTF_ETIMEOUT && !ready) {
		rc = dtf_wait_result(client, "p", 10, &result);
		dtf_result_free(&result);
		(void)dtf_info(client, "patient", see_status, &ready);
	}
	rc = rc == DTF_ETIMEOUT ? family_raise_found(client, "p", "found", "once") : rc;
	return rc == DTF_EENDED ? 0 : rc;
}

static void say_end(struct dtf_client *client, const char *id) {
	struct dtf_result result = { 0 };
	if (dtf_wait_result(client, id, -1, &result) == 0) {
		printf("%s %s %s; ", id, dtf_status_name(result.status),
			result.output == NULL ? "-" : result.output);
	}
	dtf_result_free(&result);
}

int main(int argc, char **argv) {
	struct dtf_engine_options options = { .dir = argc > 1 ? argv[1] : "db" };
	struct dtf_engine *engine = NULL;
	int rc = dtf_engine_open(&options, &engine);
	rc = rc == 0 ? dtf_engine_register(engine, &family_module) : rc;
	rc = rc == 0 ? dtf_engine_start(engine) : rc;
	struct dtf_client *client = dtf_engine_client(engine);
	rc = rc == 0 ? family_parent_start(client, "p") : rc;
	rc = rc == DTF_EEXISTS ? 0 : rc;
	rc = rc == 0 ? raise_found(client) : rc;
	if (rc < 0) {
		fprintf(stderr, "family: %s\n", dtf_errmsg());
	} else {
		static const char *const all[] = { "p", "p/1/2", "detached", "stubborn",
			"patient" };
		for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
			say_end(client, all[i]);
		}
		printf("\n");
	}
	dtf_engine_close(engine);
	return rc < 0;
}
