/*
 * Any bytes as the inside of a snapshot: refused, or a machine that can be written
 * and read again.  It is not run: what a forged one would do then is its maker's.
 */
#include "fuzz.h"

#include <string.h>

#include "../../runtime/snapshot.h"
#include "../../runtime/wire.h"
#include "../golden/order.dtf.h"

#define SIZE_MOST ((size_t)1 << 20)

static bool claim(
	void *arg, const struct dtf_activity_def *activity, const struct event_policy *policy) {
	return true;
}

static int admit(void *arg, const struct event *event) {
	return ADMITTED;
}

static void decided(void *arg, const struct event *event) {
}

static void logged(void *arg, enum dtf_log_level level, const char *text) {
}

static const struct execution_host host = {
	.claim = claim, .admit = admit, .decided = decided, .log = logged
};

static struct dtf_ctx *read_back(struct slice bytes) {
	struct snapshot snapshot;
	struct dtf_ctx *ctx;
	int rc = dtf__snapshot_open(&shop_fulfil_workflow, bytes, &snapshot);
	if (rc == 0) {
		rc = dtf__snapshot_decode(&shop_fulfil_workflow, &host, &snapshot, &ctx);
	}
	fuzz_demand(rc == 0 || rc == SNAPSHOT_OTHER || rc == DTF_ECORRUPT || rc == DTF_EFORMAT);
	return rc == 0 ? ctx : NULL;
}

static struct buf sealed(const uint8_t *data, size_t size) {
	struct buf buf = { 0 };
	size_t at = dtf__wire_open(&buf, SNAPSHOT_FORMAT);
	dtf__buf_add(&buf, data, size);
	dtf__wire_seal(&buf, at, WIRE_SNAPSHOT);
	return buf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct buf block = sealed(data, size), once = { 0 }, again = { 0 };
	struct dtf_ctx *ctx = read_back((struct slice){ block.data, block.size });
	if (ctx != NULL && dtf__snapshot_encode(ctx, 1, 1, SIZE_MOST, &once) == 0) {
		struct dtf_ctx *same = read_back((struct slice){ once.data, once.size });
		fuzz_demand(same != NULL);
		fuzz_demand(dtf__snapshot_encode(same, 1, 1, SIZE_MOST, &again) == 0);
		fuzz_demand(again.size == once.size);
		fuzz_demand(memcmp(again.data, once.data, once.size) == 0);
		dtf__execution_destroy(same);
	}
	dtf__execution_destroy(ctx);
	dtf__buf_finish(&block);
	dtf__buf_finish(&once);
	dtf__buf_finish(&again);
	return 0;
}

/* The order at some step of its life. */
bool fuzz_seed(size_t index, struct buf *ret) {
	static const char order
		[] = "[{\"id\":\"o\",\"customer\":\"ada\",\"items\":[{\"sku\":\"s\",\"qty\":1},"
		     "{\"sku\":\"t\",\"qty\":2}],\"cents\":500000,\"express\":true}]";
	static const char approved[] = "\"approved\"", failure[] = "{\"name\":\"activity_failed\"}";
	const struct event_started begin = { .id = "o",
		.workflow = "shop.fulfil",
		.manifest = "",
		.execution = 1,
		.payload_max = 1000000,
		.history_max = 1000,
		.grace_ms = 1000,
		.input = { order, sizeof(order) - 1 } };
	const struct event life[] = { { .kind = EVENT_STARTED, .begin = &begin },
		{ .kind = EVENT_RAISED, .name = "approval", .payload = { approved, 10 } },
		{ .kind = EVENT_ATTEMPT_ENDED, .op = 1, .attempt = 1, .payload = { "null", 4 } },
		{ .kind = EVENT_RAISED, .name = "approval", .payload = { approved, 10 } },
		{ .kind = EVENT_ATTEMPT_ENDED,
			.op = 3,
			.attempt = 1,
			.outcome = OUTCOME_FAILED,
			.due_ms = 5,
			.payload = { failure, sizeof(failure) - 1 } },
		{ .kind = EVENT_CANCEL_REQUESTED, .text = "no" },
		{ .kind = EVENT_SUSPENDED, .text = "look" },
		{ .kind = EVENT_RAISED, .name = "approval", .payload = { approved, 10 } } };
	size_t steps = sizeof(life) / sizeof(*life);
	struct dtf_ctx *ctx = dtf__execution_create(&shop_fulfil_workflow, &host);
	struct buf bytes = { 0 };
	for (size_t i = 0; i < steps && i <= index; i++) {
		dtf__execution_apply(ctx, &life[i]);
	}
	if (index < steps) {
		fuzz_demand(dtf__snapshot_encode(ctx, 1, 1, SIZE_MOST, &bytes) == 0);
		dtf__buf_add(ret, bytes.data + WIRE_HEAD, bytes.size - WIRE_HEAD);
	}
	dtf__buf_finish(&bytes);
	dtf__execution_destroy(ctx);
	return index < steps;
}
