/*
 * One thread stands for a program with many instances in flight.  It asks and
 * does not wait for each: answers come on the engines' threads, go into a list,
 * and are looked at here, a thirty-second of what is in flight at a time.  So the load
 * costs one thread, not one for each instance, and few wake-ups.
 */
#include "load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define TEXT_SIZE 100

static const struct workload workloads[] = {
	{ "hello", "bench.hello", "[\"%s\"]", NULL, 1, 50000, 1000 },
	{ "chain5", "bench.chain", "[\"%s\",5]", NULL, 5, 20000, 1000 },
	{ "chain100", "bench.chain", "[\"%s\",100]", NULL, 100, 1000, 100 },
	{ "chain1000", "bench.chain", "[\"%s\",1000]", NULL, 1000, 20, 1 },
	{ "fan50", "bench.fan", "[\"%s\"]", NULL, 50, 1000, 20 },
	{ "wait", "bench.patient", "[600000]", "go", 1, 20000, 1000 },
};

const struct workload *load_workload(const char *name) {
	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
		if (strcmp(workloads[i].name, name) == 0) {
			return &workloads[i];
		}
	}
	return NULL;
}

/* One instance after the other. */
struct flight {
	struct driver *driver;
	struct flight *next; /* in driver.answered */
	char id[24];
	unsigned open; /* requests without an answer */
	size_t number;
	int64_t began_ns;
};

struct driver {
	struct dtf_client *client;
	struct load *load;
	char text[TEXT_SIZE + 3], input[2 * TEXT_SIZE];
	size_t begun, ended;
	_Atomic(struct flight *) answered; /* their last answer has come */
	atomic_size_t ready, wanted;       /* so many are; as many are waited for */
	pthread_mutex_t lock;              /* only to wait */
	pthread_cond_t some;
};

/* On the engine's thread. */
static void answered(void *arg, int rc, const struct dtf_result *result) {
	struct flight *flight = arg;
	struct driver *driver = flight->driver;
	if (rc < 0 || (result != NULL && result->status != DTF_COMPLETED)) {
		bench_die("%s: %s", flight->id, rc < 0 ? dtf_errmsg() : "it has not completed");
	}
	if (--flight->open > 0) {
		return;
	}
	struct flight *top = driver->answered;
	do {
		flight->next = top;
	} while (!atomic_compare_exchange_weak(&driver->answered, &top, flight));
	if (atomic_fetch_add(&driver->ready, 1) + 1 == driver->wanted) {
		(void)pthread_mutex_lock(&driver->lock);
		(void)pthread_cond_signal(&driver->some);
		(void)pthread_mutex_unlock(&driver->lock);
	}
}

static void ask(struct flight *flight, struct dtf_request request) {
	request.id = flight->id;
	request.done = answered;
	request.arg = flight;
	bench_must(dtf_ask(flight->driver->client, &request), flight->id);
}

static void begin(struct driver *driver, struct flight *flight) {
	const struct workload *workload = driver->load->workload;
	flight->number = driver->begun++;
	flight->began_ns = bench_now_ns();
	flight->open = workload->event == NULL ? 2 : 3;
	(void)snprintf(flight->id, sizeof(flight->id), "bench-%zu", flight->number);
	ask(flight,
		(struct dtf_request){ .verb = DTF_ASK_START,
			.workflow = workload->workflow,
			.input = driver->input });
	ask(flight, (struct dtf_request){ .verb = DTF_ASK_WAIT });
	if (workload->event != NULL) {
		ask(flight,
			(struct dtf_request){ .verb = DTF_ASK_RAISE,
				.event = workload->event,
				.payload = driver->text });
	}
}

static struct flight *take(struct driver *driver) {
	driver->wanted = 1 + (driver->begun - driver->ended) / 32;
	(void)pthread_mutex_lock(&driver->lock);
	while (driver->ready < driver->wanted) {
		(void)pthread_cond_wait(&driver->some, &driver->lock);
	}
	(void)pthread_mutex_unlock(&driver->lock);
	return atomic_exchange(&driver->answered, NULL);
}

static void go_round(struct driver *driver) {
	struct load *load = driver->load;
	struct flight *flight = take(driver);
	size_t ended = driver->ended;
	int64_t now_ns = bench_now_ns();
	while (flight != NULL) {
		struct flight *next = flight->next;
		load->ms[flight->number] = (double)(now_ns - flight->began_ns) / 1e6;
		driver->ended++;
		if (driver->begun < load->instances) {
			begin(driver, flight);
		}
		flight = next;
	}
	driver->ready -= driver->ended - ended;
}

void load_run(struct dtf_engine *engine, struct load *load) {
	struct driver driver = { .client = dtf_engine_client(engine), .load = load };
	struct flight *flights = bench_alloc(load->in_flight, sizeof(*flights));
	(void)pthread_mutex_init(&driver.lock, NULL);
	(void)pthread_cond_init(&driver.some, NULL);
	memset(driver.text, 'x', TEXT_SIZE + 2);
	driver.text[0] = driver.text[TEXT_SIZE + 1] = '"';
	const char *hole = strstr(load->workload->input, "\"%s\"");
	size_t before = hole == NULL ? strlen(load->workload->input)
				     : (size_t)(hole - load->workload->input);
	(void)snprintf(driver.input, sizeof(driver.input), "%.*s%s%s", (int)before,
		load->workload->input, hole == NULL ? "" : driver.text,
		hole == NULL ? "" : hole + 4);
	load->ms = bench_alloc(load->instances, sizeof(*load->ms));
	int64_t began_ns = bench_now_ns();
	for (size_t i = 0; i < load->in_flight && i < load->instances; i++) {
		flights[i].driver = &driver;
		begin(&driver, &flights[i]);
	}
	while (driver.ended < load->instances) {
		go_round(&driver);
		bench_progress("%s %zu", load->workload->name, driver.ended);
	}
	bench_progress("%s", "");
	load->seconds = (double)(bench_now_ns() - began_ns) / 1e9;
	(void)pthread_cond_destroy(&driver.some);
	(void)pthread_mutex_destroy(&driver.lock);
	free(flights);
}
