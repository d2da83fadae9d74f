/* The doors through which instances are looked at: see inspect.h. */
#include "client.h"
#include "inspect.h"

#include "error.h"

static int check(
	const struct dtf_client *client, const char *id, bool has_callback, const char *name) {
	int rc = dtf__client_check(client);
	if (rc == 0 && (id == NULL || !has_callback)) {
		rc = dtf__fail(DTF_EINVAL, "%s: no %s", name, id == NULL ? "id" : "callback");
	}
	return rc;
}

int dtf_info(struct dtf_client *client, const char *id,
	void (*f)(void *arg, const struct dtf_instance_info *info), void *arg) {
	int rc = check(client, id, f != NULL, "dtf_info");
	return rc < 0 ? rc : dtf__inspect_info(dtf__client_stores(client), id, f, arg);
}

int dtf_list(struct dtf_client *client, bool (*f)(void *arg, const struct dtf_instance_info *info),
	void *arg) {
	int rc = check(client, "", f != NULL, "dtf_list");
	return rc < 0 ? rc : dtf__inspect_list(dtf__client_stores(client), f, arg);
}

int dtf_history(struct dtf_client *client, const char *id, int64_t execution,
	bool (*f)(void *arg, const struct dtf_history_event *event), void *arg) {
	int rc = check(client, id, f != NULL, "dtf_history");
	return rc < 0 ? rc
		      : dtf__inspect_history(dtf__client_store(client, id), id, execution, f, arg);
}

int dtf_where(struct dtf_client *client, const char *id,
	bool (*f)(void *arg, const struct dtf_waiting *waiting), void *arg) {
	int rc = check(client, id, f != NULL, "dtf_where");
	return rc < 0 ? rc : dtf__inspect_where(dtf__client_store(client, id), id, f, arg);
}

int dtf_client_has_engine(struct dtf_client *client) {
	int rc = dtf__client_check(client);
	if (rc < 0) {
		return rc;
	}
	struct store *store = dtf__client_stores(client)->stores[0];
	return store->ops->owned(store);
}
