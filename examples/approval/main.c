/*
 * An event against a timer: a request that is decided by somebody, or by nobody
 * in time.  Run it, and decide from another terminal:
 *
 *	./approval --patience 60000
 *	dtf --db approval.db raise request-1 approval.decision '"approved"'
 */
#include "approval.dtf.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int approval_tell(struct dtf_activity *act, const char *text) {
	printf("%s: %s\n", dtf_activity_instance(act), text);
	return fflush(stdout) == 0 ? 0 : dtf_activity_fail(act, NULL, "stdout is closed");
}

struct request {
	const char *db, *id, *decide;
	int64_t patience_ms;
};

static int decide(struct dtf_client *client, const struct request *request) {
	if (request->decide == NULL) {
		return 0;
	}
	bool approved = strcmp(request->decide, "approved") == 0;
	/* The id makes it harmless to decide again after a crash. */
	int rc = approval_raise_decision(client, request->id,
		approved ? APPROVAL_DECISION_APPROVED : APPROVAL_DECISION_REJECTED, "by option");
	return rc == DTF_EENDED ? 0 : rc;
}

static int ask(struct dtf_client *client, const struct request *request) {
	int rc = approval_ask_start(
		client, request->id, "Buy a new coffee machine?", request->patience_ms);
	if (rc < 0 && rc != DTF_EEXISTS) {
		return rc;
	}
	rc = decide(client, request);
	if (rc < 0) {
		return rc;
	}
	const char *outcome;
	struct dtf_result result = { 0 };
	rc = approval_ask_wait(client, request->id, -1, &outcome, &result);
	if (rc == 0 && result.status == DTF_COMPLETED) {
		printf("outcome: %s\n", outcome);
	} else if (rc == 0) {
		printf("outcome: %s\n", dtf_status_name(result.status));
	}
	dtf_result_free(&result);
	return rc;
}

static int run(const struct request *request) {
	struct dtf_engine *engine = NULL;
	int rc = dtf_engine_open(&(struct dtf_engine_options){ .dir = request->db }, &engine);
	if (rc == 0) {
		rc = dtf_engine_register(engine, &approval_module);
	}
	if (rc == 0) {
		rc = dtf_engine_start(engine);
	}
	if (rc == 0) {
		rc = ask(dtf_engine_client(engine), request);
	}
	if (rc < 0) {
		fprintf(stderr, "approval: %s\n", dtf_errmsg());
	}
	dtf_engine_close(engine);
	return rc;
}

int main(int argc, char **argv) {
	static const struct option options[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "id", required_argument, NULL, 'i' },
		{ "decide", required_argument, NULL, 'y' },   /* approved or rejected, at once */
		{ "patience", required_argument, NULL, 'p' }, /* milliseconds */
		{ 0 },
	};
	struct request request = { "approval.db", "request-1", NULL, 60000 };
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			request.db = optarg;
			break;
		case 'i':
			request.id = optarg;
			break;
		case 'y':
			request.decide = optarg;
			break;
		case 'p':
			request.patience_ms = strtoll(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	}
	return run(&request) < 0;
}
