/*
 * An engine in a libuv loop: uv_poll watches its descriptor, and an activity is a
 * request of libuv's own, completed in its callback.  One thread does all of dtf.
 *
 *	./uv names.db localhost nobody.invalid
 */
#include "names.dtf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

static struct {
	uv_poll_t poll;
	struct dtf_engine *engine;
	int failed;
} program;

/* ---- the activity ---- */

struct lookup {
	uv_getaddrinfo_t request;
	struct dtf_activity *act;
	const char *name; /* borrowed until it is completed */
	const char **ret;
};

static void resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found) {
	struct lookup *lookup = request->data;
	struct dtf_activity *act = lookup->act;
	char text[64] = "";
	int rc;
	if (status == 0 && uv_ip_name(found->ai_addr, text, sizeof(text)) == 0) {
		*lookup->ret = dtf_activity_printf(act, "%s", text);
		rc = 0;
	} else if (status == UV_EAI_NONAME || status == UV_EAI_NODATA) {
		rc = names_fail_unknown(act, lookup->name, uv_strerror(status));
	} else {
		rc = dtf_activity_fail(act, uv_err_name(status), uv_strerror(status));
	}
	uv_freeaddrinfo(found);
	free(lookup);
	dtf_activity_complete(act, rc);
}

int names_resolve(struct dtf_activity *act, const char *name, const char **ret) {
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL) {
		return dtf_activity_fail(act, NULL, "out of memory");
	}
	*lookup = (struct lookup){ .act = act, .name = name, .ret = ret };
	lookup->request.data = lookup;
	int rc = uv_getaddrinfo(uv_default_loop(), &lookup->request, resolved, name, NULL, NULL);
	if (rc < 0) {
		free(lookup);
		return dtf_activity_fail(act, uv_err_name(rc), uv_strerror(rc));
	}
	return DTF_DEFERRED;
}

/* ---- the engine ---- */

static void give_up(void) {
	(void)fprintf(stderr, "uv: %s\n", dtf_errmsg());
	program.failed = 1;
	uv_close((uv_handle_t *)&program.poll, NULL);
}

static void engine_ready(uv_poll_t *poll, int status, int events) {
	if (dtf_engine_run_once(program.engine) < 0) {
		give_up();
	}
}

static void ended(void *arg, int rc, const struct dtf_result *result) {
	if (rc < 0) {
		(void)fprintf(stderr, "uv: %s\n", dtf_errmsg());
	} else if (result->status == DTF_COMPLETED) {
		printf("%s\n", result->output);
	} else {
		(void)fprintf(stderr, "uv: %s\n", result->error.message);
	}
	program.failed = rc < 0 || result->status != DTF_COMPLETED;
	uv_close((uv_handle_t *)&program.poll, NULL); /* the loop has nothing left to do */
}

static bool prepare(const char *dir) {
	struct dtf_engine_options options = { .dir = dir, .workers = DTF_NO_WORKERS };
	return dtf_engine_open(&options, &program.engine) == 0 &&
		dtf_engine_register(program.engine, &names_module) == 0 &&
		dtf_engine_attach(program.engine) == 0 &&
		uv_poll_init(uv_default_loop(), &program.poll, dtf_engine_fd(program.engine)) ==
		0 &&
		uv_poll_start(&program.poll, UV_READABLE, engine_ready) == 0;
}

static bool begin(char **names, int count) {
	struct dtf_string_list list = { (const char *const *)names, (size_t)count };
	struct dtf_client *client = dtf_engine_client(program.engine);
	struct dtf_request wait = { .verb = DTF_ASK_WAIT, .id = names[0], .done = ended };
	int rc = names_addresses_start(client, wait.id, &list);
	return (rc == 0 || rc == DTF_EEXISTS) && dtf_ask(client, &wait) == 0;
}

int main(int argc, char **argv) {
	if (argc < 3) {
		(void)fprintf(stderr, "usage: uv DIR NAME…\n");
		return 2;
	}
	if (!prepare(argv[1]) || !begin(argv + 2, argc - 2)) {
		(void)fprintf(stderr, "uv: %s\n", dtf_errmsg());
		return 1;
	}
	(void)uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	dtf_engine_close(program.engine);
	(void)uv_loop_close(uv_default_loop());
	return program.failed;
}
