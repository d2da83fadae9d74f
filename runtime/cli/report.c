/* What went wrong, for people and as an exit status. */
#include "cli.h"

static int status_of(int rc) {
	switch (rc) {
	case 0:
	case DTF_EQUEUED:
		return EXIT_OK;
	case DTF_EINVAL:
		return EXIT_USAGE;
	case DTF_EUNKNOWN_INSTANCE:
	case DTF_EUNKNOWN_WORKFLOW:
	case DTF_EUNKNOWN_EVENT:
		return EXIT_NOT_FOUND;
	case DTF_EEXISTS:
	case DTF_EENDED:
	case DTF_EMAILBOX:
		return EXIT_WRONG_STATE;
	case DTF_ESTORE:
	case DTF_ECORRUPT:
	case DTF_EFORMAT:
	case DTF_EOWNED:
	case DTF_EFULL:
		return EXIT_STORE;
	case DTF_ETIMEOUT:
		return EXIT_TIMED_OUT;
	default:
		return EXIT_FAILED;
	}
}

int cli_failed(const char *what, int rc) {
	const char *text = dtf_errmsg();
	fprintf(stderr, "dtf: %s: %s\n", what, text[0] == '\0' ? dtf_strerror(rc) : text);
	return status_of(rc);
}

int cli_done(const struct cli *cli, const char *what, int rc) {
	if (rc < 0 && rc != DTF_EQUEUED) {
		return cli_failed(cli->operands[0], rc);
	}
	if (cli->json) {
		struct json json;
		json_begin(&json, stdout);
		json_text(&json, "done", what);
		json_bool(&json, "queued", rc == DTF_EQUEUED);
		json_end(&json);
	}
	if (rc == DTF_EQUEUED) {
		fprintf(stderr, "%s: queued; no engine is up, it is carried out when one starts\n",
			what);
	} else {
		fprintf(stderr, "%s\n", what);
	}
	return EXIT_OK;
}
