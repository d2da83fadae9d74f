/*
 * Any bytes as the inside of a snapshot: refused, or a machine that can be written
 * and read again.  It is not run: what a forged one would do then is its maker's.
 */
#include "fuzz.h"

#include <string.h>

#include "../../runtime/snapshot.h"
#include "../../runtime/wire.h"
#include "knot.dtf.h"

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
	int rc = dtf__snapshot_open(&knot_knot_workflow, bytes, &snapshot);
	if (rc == 0) {
		rc = dtf__snapshot_decode(&knot_knot_workflow, &host, &snapshot, &ctx);
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

/* ---- seeds: a workflow that holds one of each, at some steps of its lives ---- */

static void find_running(void *arg, struct op *op) {
	uint32_t *number = arg;
	if (*number == 0 && op->kind == OP_ACTIVITY && op->running) {
		*number = op->number;
	}
}

/* What happens: the first running step succeeds (+) or fails (-), the block's time is
 * over (t), a cancel (c), a suspension (s), an event (g). */
static void happen(struct dtf_ctx *ctx, char what) {
	static const char failure[] = "{\"name\":\"activity_failed\"}", map[] = "{\"a\":1}";
	struct event event = { .time_ms = 5 };
	uint32_t running = 0;
	dtf__op_each(ctx, find_running, &running);
	switch (what) {
	case '+':
	case '-':
		event.kind = EVENT_ATTEMPT_ENDED;
		event.op = running;
		event.attempt = 1;
		event.outcome = what == '+' ? OUTCOME_OK : OUTCOME_FAILED;
		event.payload = what == '+' ? (struct slice){ "7", 1 }
					    : (struct slice){ failure, sizeof(failure) - 1 };
		break;
	case 't':
		event.kind = EVENT_TIMER_FIRED;
		event.op = 2;
		break;
	case 'c':
		event.kind = EVENT_CANCEL_REQUESTED;
		event.text = "no";
		break;
	case 's':
		event.kind = EVENT_SUSPENDED;
		event.text = "look";
		break;
	default:
		event.kind = EVENT_RAISED;
		event.name = "go";
		event.payload = (struct slice){ map, sizeof(map) - 1 };
		break;
	}
	dtf__execution_apply(ctx, &event);
}

static const char *const lives[] = { "", "g", "+", "++", "++-", "++-+", "++-+c", "++-+csg+", "+t",
	"+t++", "+t++++", "+t+++++", "+t++++++", "+t++++++g", "+s-" };

bool fuzz_seed(size_t index, struct buf *ret) {
	static const char
		input[] = "[[{\"name\":\"a\",\"sizes\":[0.5,-1e300]},{\"name\":\"b\",\"sizes\":[],"
			  "\"more\":\"AAEC\"},{\"name\":\"c\",\"sizes\":[1]}],{\"x\":null}]";
	const struct event_started begin = { .id = "o",
		.workflow = "knot.knot",
		.manifest = "",
		.execution = 1,
		.deadline_ms = 1000000,
		.payload_max = 1000000,
		.history_max = 1000,
		.grace_ms = 1000,
		.input = { input, sizeof(input) - 1 } };
	if (index >= sizeof(lives) / sizeof(*lives)) {
		return false;
	}
	struct dtf_ctx *ctx = dtf__execution_create(&knot_knot_workflow, &host);
	struct buf bytes = { 0 };
	dtf__execution_apply(ctx, &(struct event){ .kind = EVENT_STARTED, .begin = &begin });
	for (const char *what = lives[index]; *what != '\0'; what++) {
		happen(ctx, *what);
	}
	fuzz_demand(dtf__snapshot_encode(ctx, 1, 1, SIZE_MOST, &bytes) == 0);
	dtf__buf_add(ret, bytes.data + WIRE_HEAD, bytes.size - WIRE_HEAD);
	dtf__buf_finish(&bytes);
	dtf__execution_destroy(ctx);
	return true;
}
