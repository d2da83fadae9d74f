/* The smallest program: one workflow, one activity. */
#include "hello.dtf.h"

#include <stdio.h>

int hello_greet(struct dtf_activity *act, const char *name, const char **ret) {
	*ret = dtf_activity_printf(act, "Hello, %s!", name);
	return 0;
}

static int greet(struct dtf_engine *engine, const char *name) {
	struct dtf_client *client = dtf_engine_client(engine);
	struct dtf_result result = { 0 };
	const char *greeting = "";
	int rc = hello_hello_start(client, name, name);
	if (rc == 0 || rc == DTF_EEXISTS) {
		rc = hello_hello_wait(client, name, -1, &greeting, &result);
	}
	if (rc == 0 && result.status == DTF_COMPLETED) {
		printf("%s\n", greeting);
	}
	dtf_result_free(&result);
	return rc;
}

int main(int argc, char **argv) {
	struct dtf_engine_options options = { .dir = argc > 1 ? argv[1] : "hello.db" };
	struct dtf_engine *engine = NULL;
	bool ok = dtf_engine_open(&options, &engine) == 0 &&
		dtf_engine_register(engine, &hello_module) == 0 && dtf_engine_start(engine) == 0 &&
		greet(engine, "world") == 0;
	if (!ok) {
		fprintf(stderr, "hello: %s\n", dtf_errmsg());
	}
	dtf_engine_close(engine);
	return !ok;
}
