/*
 * A fixed set of threads and one queue.  The engine submits no more attempts
 * than there are threads, so the queue is short; it exists so that submit
 * never waits.
 */
#include "pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "error.h"

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	/* guarded by lock: */
	struct dtf_activity *first, **tail;
	bool stopping;
	unsigned nthreads;
	pthread_t threads[];
};

static _Thread_local const struct pool *working; /* the pool whose thread this is */

bool dtf__pool_is_worker(const struct pool *pool) {
	return working == pool;
}

static void *worker(void *arg) {
	struct pool *pool = arg;
	working = pool;
	for (;;) {
		(void)pthread_mutex_lock(&pool->lock);
		while (pool->first == NULL && !pool->stopping) {
			(void)pthread_cond_wait(&pool->work, &pool->lock);
		}
		struct dtf_activity *attempt = pool->first;
		if (attempt != NULL) {
			pool->first = attempt->next;
			if (pool->first == NULL) {
				pool->tail = &pool->first;
			}
		}
		(void)pthread_mutex_unlock(&pool->lock);
		if (attempt == NULL) {
			return NULL;
		}
		dtf__attempt_run(attempt);
		attempt->finished(attempt->finished_arg, attempt);
	}
}

int dtf__pool_create(unsigned workers, struct pool **ret) {
	struct pool *pool = calloc(1, sizeof(*pool) + workers * sizeof(pthread_t));
	if (pool == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for %u workers", workers);
	}
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->work, NULL);
	pool->tail = &pool->first;
	while (pool->nthreads < workers) {
		if (pthread_create(&pool->threads[pool->nthreads], NULL, worker, pool) != 0) {
			dtf__pool_destroy(pool);
			return dtf__fail(DTF_ENOMEM, "cannot start %u worker threads", workers);
		}
		pool->nthreads++;
	}
	*ret = pool;
	return 0;
}

void dtf__pool_submit(struct pool *pool, struct dtf_activity *attempt) {
	(void)pthread_mutex_lock(&pool->lock);
	attempt->next = NULL;
	*pool->tail = attempt;
	pool->tail = &attempt->next;
	(void)pthread_cond_signal(&pool->work);
	(void)pthread_mutex_unlock(&pool->lock);
}

void dtf__pool_destroy(struct pool *pool) {
	if (pool == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	(void)pthread_cond_broadcast(&pool->work);
	(void)pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->nthreads; i++) {
		(void)pthread_join(pool->threads[i], NULL);
	}
	(void)pthread_cond_destroy(&pool->work);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool);
}
