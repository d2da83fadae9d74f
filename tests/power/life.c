/*
 * One thread drives the engine round by round on a clock of its own, so that the same
 * store leads to the same writes.  Between two engines, a client of another process
 * leaves commands in the inbox.
 *
 * Everything is asked for once, and again only if no answer came before the power went:
 * then it may have happened, so "it exists already" is an answer as good as another.
 * Events carry ids and a power of two each: their sum says that each came once.
 */
#include "life.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/engine.h"
#include "../../runtime/store/store.h"
#include "power.dtf.h"
#include "record.h"
#include <dtf/dtf.h>

/* ---- the store's options, which the engine does not show ---- */

static size_t checkpoint;

int __real_dtf__store_lmdb_open(const char *dir, enum store_mode mode,
	const struct store_options *options, struct store **ret);
int __wrap_dtf__store_lmdb_open(const char *dir, enum store_mode mode,
	const struct store_options *options, struct store **ret);

int __wrap_dtf__store_lmdb_open(const char *dir, enum store_mode mode,
	const struct store_options *options, struct store **ret) {
	struct store_options often = *options;
	often.checkpoint = checkpoint;
	return __real_dtf__store_lmdb_open(dir, mode, &often, ret);
}

/* ---- activities ---- */

int power_add(struct dtf_activity *act, int64_t a, int64_t b, int64_t *ret) {
	*ret = a + b;
	return 0;
}

int power_long(struct dtf_activity *act, int64_t n, const char **ret) {
	*ret = dtf_activity_printf(act, "%0*d", (int)n, 7);
	return *ret == NULL ? DTF_ENOMEM : 0;
}

int power_book(struct dtf_activity *act, int64_t seat, const char **ret) {
	*ret = dtf_activity_printf(act, "seat %d", (int)seat);
	return *ret == NULL ? DTF_ENOMEM : 0;
}

int power_unbook(struct dtf_activity *act, int64_t seat) {
	return 0;
}

int power_pay(struct dtf_activity *act, int64_t cents) {
	return cents < 100 ? 0 : power_fail_no_money(act, cents, NULL);
}

/* ---- what is done ---- */

enum when { FIRST, BETWEEN, LAST, NOBODY };

struct planned {
	enum when when; /* it is started */
	const char *id, *workflow, *input;
};

static const struct planned instances[] = {
	{ FIRST, "chain-0", "power.chain", "[6]" },
	{ FIRST, "chain-1", "power.chain", "[9]" },
	{ FIRST, "texts", "power.texts", "[4]" },
	{ FIRST, "naps", "power.naps", "[3]" },
	{ FIRST, "gather", "power.gather", "[8]" },
	{ FIRST, "trip-good", "power.trip", "[5]" },
	{ FIRST, "trip-bad", "power.trip", "[100]" },
	{ FIRST, "family", "power.family", "[2]" },
	{ FIRST, "forever", "power.forever", "[5,0]" },
	{ FIRST, "sleeper", "power.sleeper", "[7]" },
	{ FIRST, "crowd", "power.crowd", NULL },
	{ BETWEEN, "chain-late", "power.chain", "[3]" },
	{ BETWEEN, "trip-late", "power.trip", "[200]" },
	{ LAST, "chain-last", "power.chain", "[2]" },
	{ NOBODY, "family.0", NULL, NULL },
	{ NOBODY, "family.1", NULL, NULL },
	{ NOBODY, "family.spawned", NULL, NULL },
};
enum { NINSTANCES = sizeof(instances) / sizeof(*instances), NEVENTS = 8 };
_Static_assert(NINSTANCES <= (size_t)LIFE_INSTANCES, "they have no room");

/* The marks: starts and ends by instance, events, and that the sleeper is cancelled. */
enum { STARTED = 0, ENDED = 32, RAISED = 64, CANCELLED = 96 };

static enum when event_when(unsigned n) {
	return n < 4 ? FIRST : n < 7 ? BETWEEN : LAST;
}

struct life;

/* Something asked that is not answered. */
struct asked {
	struct life *life;
	unsigned mark;
	const char *id;
	bool waiting;
};

struct life {
	const char *dir;
	const struct life_settings *settings;
	const bool *acked;
	struct life_ends *ends;
	struct dtf_engine *engine;
	struct asked asked[LIFE_MARKS]; /* by mark */
	unsigned unanswered;
	int64_t now_ms;
	int rc;
	char why[512];
};

static void broken(struct life *life, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void broken(struct life *life, const char *format, ...) {
	va_list args;
	if (life->rc != 0) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(life->why, sizeof(life->why), format, args);
	va_end(args);
	life->rc = 1;
}

static void failed(struct life *life, int rc, const char *what) {
	if (rc < 0 && life->rc == 0) {
		(void)snprintf(life->why, sizeof(life->why), "%s: %s", what, dtf_errmsg());
		life->rc = rc;
	}
}

static int64_t clock_now(void *user) {
	const struct life *life = user;
	return life->now_ms;
}

/* ---- ends ---- */

static void compare_end(struct life *life, unsigned n, const struct dtf_result *result) {
	const char *status = dtf_status_name(result->status);
	const char *output = result->output == NULL ? "" : result->output;
	if (!life->ends->known) {
		(void)snprintf(
			life->ends->of[n].status, sizeof(life->ends->of[n].status), "%s", status);
		(void)snprintf(
			life->ends->of[n].output, sizeof(life->ends->of[n].output), "%s", output);
	} else if (strcmp(life->ends->of[n].status, status) != 0 ||
		strcmp(life->ends->of[n].output, output) != 0) {
		broken(life, "%s ended as %s %s, not %s %s", instances[n].id, status, output,
			life->ends->of[n].status, life->ends->of[n].output);
	}
}

static void answered(void *arg, int rc, const struct dtf_result *result) {
	struct asked *asked = arg;
	struct life *life = asked->life;
	asked->waiting = false;
	life->unanswered--;
	if (asked->mark >= ENDED && asked->mark < RAISED && rc == 0) {
		compare_end(life, asked->mark - ENDED, result);
	} else if (asked->mark >= CANCELLED) {
		rc = rc == DTF_EENDED ? 0 : rc;
	} else if (asked->mark >= RAISED) {
		rc = rc == DTF_EENDED && !life->acked[asked->mark] ? 0 : rc;
	} else {
		rc = rc == DTF_EEXISTS ? 0 : rc;
	}
	if (rc < 0) {
		failed(life, rc, asked->id);
	} else {
		record_mark(asked->mark);
	}
}

static void ask(struct life *life, unsigned mark, struct dtf_request request) {
	struct asked *asked = &life->asked[mark];
	if (life->acked[mark] && (mark < ENDED || mark >= RAISED)) {
		return;
	}
	*asked = (struct asked){ life, mark, request.id, true };
	request.done = answered;
	request.arg = asked;
	life->unanswered++;
	int rc = dtf_ask(dtf_engine_client(life->engine), &request);
	if (rc < 0) {
		life->unanswered--;
		failed(life, rc, "ask");
	}
}

/* ---- driving ---- */

enum { ROUNDS_MAX = 2000 };

static void rounds(struct life *life, unsigned count) {
	for (unsigned i = 0; i < count && life->rc == 0; i++) {
		int rc = dtf_engine_run_once(life->engine);
		failed(life, rc, "round");
	}
}

/* Until all is answered; the clock goes on where nothing else does. */
static void until_answered(struct life *life) {
	unsigned n = 0;
	while (life->unanswered > 0 && life->rc == 0) {
		int rc = dtf_engine_run_once(life->engine);
		failed(life, rc, "round");
		life->now_ms += rc == 0 ? 20 * 60 * 1000 : 0;
		if (++n == ROUNDS_MAX && record_failed()) {
			failed(life, DTF_ETIMEOUT, "a disk that stays full");
		} else if (n == ROUNDS_MAX) {
			unsigned i = 0;
			while (!life->asked[i].waiting) {
				i++;
			}
			broken(life, "%s is never answered (mark %u)", life->asked[i].id, i);
		}
	}
}

static void open_engine(struct life *life) {
	struct dtf_engine_options options = {
		.dir = life->dir,
		.workers = DTF_NO_WORKERS,
		.partitions = life->settings->partitions,
		.map_size = (size_t)256 * 1024 * 1024,
		.verify = true,
		.user = life,
		.now_ms = clock_now,
	};
	int rc = dtf_engine_open(&options, &life->engine);
	rc = rc == 0 ? dtf_engine_register(life->engine, &power_module) : rc;
	for (unsigned i = 0; rc == 0 && i < life->engine->count; i++) {
		if (life->settings->window > 0) {
			life->engine->engines[i]->window_size = life->settings->window;
			life->engine->engines[i]->snapshot_events = life->settings->snapshot;
		}
	}
	rc = rc == 0 ? dtf_engine_attach(life->engine) : rc;
	failed(life, rc, "open");
}

static void close_engine(struct life *life) {
	int rc = life->engine == NULL ? 0 : dtf_engine_stop(life->engine);
	failed(life, rc, "stop");
	dtf_engine_close(life->engine);
	life->engine = NULL;
}

/* ---- what others were told is there ---- */

struct seen {
	enum dtf_status status;
	bool suspended;
};

static void see(void *arg, const struct dtf_instance_info *info) {
	struct seen *seen = arg;
	seen->status = info->status;
	seen->suspended = info->suspended != NULL;
}

static void look_for_acked(struct life *life) {
	struct dtf_client *client = dtf_engine_client(life->engine);
	for (unsigned i = 0; i < NINSTANCES && life->rc == 0; i++) {
		struct seen seen = { 0 };
		bool was = (life->acked[STARTED + i] && instances[i].when != BETWEEN) ||
			life->acked[ENDED + i];
		int rc = was ? dtf_info(client, instances[i].id, see, &seen) : 0;
		if (rc < 0) {
			broken(life, "%s was started and is lost: %s", instances[i].id,
				dtf_errmsg());
		} else if (life->acked[ENDED + i] &&
			strcmp(dtf_status_name(seen.status), life->ends->of[i].status) != 0) {
			broken(life, "%s had ended as %s and is %s", instances[i].id,
				life->ends->of[i].status, dtf_status_name(seen.status));
		}
	}
}

/* ---- its course ---- */

static void ask_for(struct life *life, enum when when) {
	char crowd[16];
	(void)snprintf(crowd, sizeof(crowd), "[%u]", life->settings->crowd);
	for (unsigned i = 0; i < NINSTANCES && life->rc == 0; i++) {
		if (instances[i].when == when) {
			ask(life, STARTED + i,
				(struct dtf_request){ .verb = DTF_ASK_START,
					.id = instances[i].id,
					.workflow = instances[i].workflow,
					.input = instances[i].input == NULL ? crowd
									    : instances[i].input });
			rounds(life, i % 3);
		}
	}
	until_answered(life);
	for (unsigned i = 0; i < NEVENTS && life->rc == 0; i++) {
		char payload[8], id[8];
		(void)snprintf(payload, sizeof(payload), "%u", 1U << i);
		(void)snprintf(id, sizeof(id), "e%u", i);
		if (event_when(i) == when) {
			ask(life, RAISED + i,
				(struct dtf_request){ .verb = DTF_ASK_RAISE,
					.id = "gather",
					.event = "number",
					.payload = payload,
					.event_id = id });
			until_answered(life);
			rounds(life, i % 3);
		}
	}
}

static void leave(struct life *life, unsigned mark, int rc) {
	if (rc == DTF_EQUEUED || rc == DTF_EEXISTS || rc == DTF_EENDED) {
		record_mark(mark);
	} else {
		failed(life, rc == 0 ? DTF_EINVAL : rc, "leave in the inbox");
	}
}

/* Commands of another process, with no engine there. */
static void leave_commands(struct life *life) {
	struct dtf_client *client = NULL;
	int rc = dtf_client_open(life->dir, &client);
	failed(life, rc, "client");
	for (unsigned i = 0; i < NINSTANCES && life->rc == 0; i++) {
		if (instances[i].when == BETWEEN && !life->acked[STARTED + i]) {
			leave(life, STARTED + i,
				dtf_start(client, instances[i].workflow, instances[i].id,
					instances[i].input));
		}
	}
	for (unsigned i = 0; i < NEVENTS && life->rc == 0; i++) {
		char payload[8], id[8];
		(void)snprintf(payload, sizeof(payload), "%u", 1U << i);
		(void)snprintf(id, sizeof(id), "e%u", i);
		if (event_when(i) == BETWEEN && !life->acked[RAISED + i]) {
			leave(life, RAISED + i, dtf_raise(client, "gather", "number", payload, id));
		}
	}
	if (life->rc == 0 && !life->acked[CANCELLED]) {
		leave(life, CANCELLED, dtf_cancel(client, "sleeper", "enough"));
	}
	dtf_client_close(client);
}

static bool count_event(void *arg, const struct dtf_history_event *event) {
	unsigned *count = arg;
	(*count)++;
	return event->json != NULL;
}

/* All that is there can be read. */
static void read_all(struct life *life) {
	struct dtf_client *client = dtf_engine_client(life->engine);
	for (unsigned i = 0; i < NINSTANCES && life->rc == 0; i++) {
		unsigned count = 0;
		struct seen seen = { 0 };
		int rc = dtf_history(client, instances[i].id, -1, count_event, &count);
		rc = rc == 0 ? dtf_info(client, instances[i].id, see, &seen) : rc;
		failed(life, rc, instances[i].id);
		if (rc == 0 && (count == 0 || seen.suspended)) {
			broken(life, "%s has %u events, %s", instances[i].id, count,
				seen.suspended ? "suspended" : "not suspended");
		}
	}
}

struct crowd {
	unsigned count, alive;
};

static bool count_alive(void *arg, const struct dtf_instance_info *info) {
	struct crowd *crowd = arg;
	crowd->count++;
	crowd->alive += info->status == DTF_RUNNING || info->status == DTF_SUSPENDED;
	return true;
}

/* Those too that nobody waits for. */
static void wait_for_crowd(struct life *life) {
	struct crowd crowd = { 0, 1 };
	for (unsigned n = 0; crowd.alive > 0 && life->rc == 0; n++) {
		int rc = dtf_engine_run_once(life->engine);
		failed(life, rc, "round");
		life->now_ms += rc == 0 ? 20 * 60 * 1000 : 0;
		if (n % 16 == 0) {
			crowd = (struct crowd){ 0 };
			failed(life, dtf_list(dtf_engine_client(life->engine), count_alive, &crowd),
				"list");
		}
		if (n == ROUNDS_MAX && record_failed()) {
			failed(life, DTF_ETIMEOUT, "a disk that stays full");
		} else if (n == ROUNDS_MAX) {
			broken(life, "%u of %u instances never end", crowd.alive, crowd.count);
		}
	}
	if (life->ends->known && life->rc == 0 && crowd.count != life->ends->count) {
		broken(life, "%u instances, not %u", crowd.count, life->ends->count);
	}
	life->ends->count = life->ends->known ? life->ends->count : crowd.count;
}

static void wait_for_all(struct life *life) {
	for (unsigned i = 0; i < NINSTANCES && life->rc == 0; i++) {
		if (instances[i].when != NOBODY) {
			ask(life, ENDED + i,
				(struct dtf_request){
					.verb = DTF_ASK_WAIT, .id = instances[i].id });
		}
	}
	until_answered(life);
	for (unsigned i = 0; i < NINSTANCES && life->rc == 0; i++) {
		if (instances[i].when == NOBODY) {
			ask(life, ENDED + i,
				(struct dtf_request){
					.verb = DTF_ASK_WAIT, .id = instances[i].id });
		}
	}
	until_answered(life);
}

int life_run(const char *dir, const struct life_settings *settings, const bool acked[LIFE_MARKS],
	struct life_ends *ends, const char **ret_why) {
	static struct life life; /* large, and what it says outlives it */
	life = (struct life){ .dir = dir,
		.settings = settings,
		.acked = acked,
		.ends = ends,
		.now_ms = INT64_C(1700000000000) };
	open_engine(&life);
	if (life.rc == 0) {
		look_for_acked(&life);
		ask_for(&life, FIRST);
	}
	close_engine(&life);
	if (life.rc == 0) {
		leave_commands(&life);
	}
	if (life.rc == 0) {
		open_engine(&life);
		ask_for(&life, LAST);
		wait_for_all(&life);
		wait_for_crowd(&life);
		read_all(&life);
		close_engine(&life);
	}
	ends->known = ends->known || life.rc == 0;
	*ret_why = life.why;
	return life.rc;
}
