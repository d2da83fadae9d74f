/*
 * One commit: the records, rows and answers of all turns of a round, and what
 * is let out when it is durable.
 *
 * A store that is full has written nothing: every turn is taken back, clients
 * are told, and what nobody waits for (results, timers) is tried again.  Any
 * other failure of the store is for good: nothing is acknowledged any more.
 *
 * What is taken out of a batch gives back what it held: slots, answers.
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* Room for one more; false and `failed` when memory is exhausted. */
static bool reserve(
	struct batch *batch, void **array, size_t count, size_t *capacity, size_t size) {
	if (count < *capacity) {
		return true;
	}
	size_t wanted = *capacity == 0 ? 32 : *capacity * 2;
	void *grown = realloc(*array, wanted * size);
	if (grown == NULL) {
		batch->failed = true;
		return false;
	}
	memset((char *)grown + *capacity * size, 0, (wanted - *capacity) * size);
	*array = grown;
	*capacity = wanted;
	return true;
}

/* A request that no arrival holds: whoever asked hears it from here. */
static void unanswered(struct request *request, int rc, const char *text) {
	request->in_batch = false;
	request->answer(request, rc, text);
}

void dtf__batch_effect(struct engine *engine, const struct effect *effect) {
	struct batch *batch = &engine->batch;
	if (reserve(batch, (void **)&batch->effects, batch->neffects, &batch->effects_capacity,
		    sizeof(*batch->effects))) {
		batch->effects[batch->neffects++] = *effect;
		return;
	}
	free(effect->text);
	if (effect->kind == EFFECT_RUN) {
		dtf__dispatch_unclaim(engine);
	} else if (effect->kind == EFFECT_ANSWER && effect->instance == NULL) {
		unanswered(effect->request, DTF_ENOMEM, "out of memory");
	}
}

void dtf__batch_mark(
	struct engine *engine, uint64_t instance, const char *event, const char *event_id) {
	struct batch *batch = &engine->batch;
	const char *name = dtf__arena_copy(&batch->arena, event, strlen(event));
	const char *id = dtf__arena_copy(&batch->arena, event_id, strlen(event_id));
	const struct store_put_mark mark = { instance, name, id };
	if (name == NULL || id == NULL || !dtf__marks_add(&batch->marks, mark)) {
		batch->failed = true;
	}
}

bool dtf__batch_has_mark(
	const struct engine *engine, uint64_t instance, const char *event, const char *event_id) {
	const struct store_put_mark mark = { instance, event, event_id };
	return dtf__marks_have(&engine->batch.marks, mark);
}

void dtf__batch_answer(struct engine *engine, const char *request, int rc, const char *text) {
	struct batch *batch = &engine->batch;
	struct buf json = { 0 };
	dtf__buf_printf(&json, "{\"rc\":%d,\"text\":", rc);
	dtf__buf_json_string(&json, text);
	dtf__buf_text(&json, "}");
	const char *copy = json.failed ? NULL
				       : dtf__arena_copy(&batch->arena, json.data, json.size);
	const char *id = dtf__arena_copy(&batch->arena, request, strlen(request));
	size_t size = json.size;
	dtf__buf_finish(&json);
	if (copy == NULL || id == NULL ||
		!reserve(batch, (void **)&batch->answers, batch->nanswers, &batch->answers_capacity,
			sizeof(*batch->answers))) {
		batch->failed = true;
		return;
	}
	batch->answers[batch->nanswers++] = (struct store_put_answer){ id, { copy, size },
		engine->now_ms };
}

void dtf__batch_snapshot(struct engine *engine, uint64_t instance, struct slice value) {
	struct batch *batch = &engine->batch;
	const char *copy = dtf__arena_copy(&batch->arena, value.data, value.size);
	if (copy == NULL ||
		!reserve(batch, (void **)&batch->snapshots, batch->nsnapshots,
			&batch->snapshots_capacity, sizeof(*batch->snapshots))) {
		batch->failed = true;
		return;
	}
	batch->snapshots[batch->nsnapshots++] = (struct store_put_snapshot){ instance,
		{ copy, value.size } };
	batch->size += value.size;
}

void dtf__batch_trash(struct engine *engine, uint64_t position) {
	struct batch *batch = &engine->batch;
	if (reserve(batch, (void **)&batch->trash, batch->ntrash, &batch->trash_capacity,
		    sizeof(*batch->trash))) {
		batch->trash[batch->ntrash++] = position;
	}
}

bool dtf__batch_message(struct engine *engine, struct slice message) {
	struct batch *batch = &engine->batch;
	const char *copy = dtf__arena_copy(&batch->arena, message.data, message.size);
	if (copy == NULL ||
		!reserve(batch, (void **)&batch->messages, batch->nmessages,
			&batch->messages_capacity, sizeof(*batch->messages))) {
		return false;
	}
	batch->messages[batch->nmessages++] = (struct slice){ copy, message.size };
	batch->size += message.size;
	return true;
}

bool dtf__batch_forget(struct engine *engine, uint64_t position) {
	struct batch *batch = &engine->batch;
	bool ok = reserve(batch, (void **)&batch->forgets, batch->nforgets,
		&batch->forgets_capacity, sizeof(*batch->forgets));
	if (ok) {
		batch->forgets[batch->nforgets++] = position;
	}
	return ok;
}

bool dtf__batch_purge(struct engine *engine, uint64_t instance, const char *id) {
	struct batch *batch = &engine->batch;
	const char *copy = dtf__arena_copy(&batch->arena, id, strlen(id));
	if (copy == NULL ||
		!reserve(batch, (void **)&batch->purges, batch->npurges, &batch->purges_capacity,
			sizeof(*batch->purges))) {
		batch->failed = true;
		return false;
	}
	batch->purges[batch->npurges++] = (struct store_purge){ instance, copy };
	return true;
}

int dtf__batch_turned(struct instance *instance) {
	struct batch *batch = &instance->engine->batch;
	if (instance->turned) {
		return 0;
	}
	if (!reserve(batch, (void **)&batch->turned, batch->nturned, &batch->turned_capacity,
		    sizeof(struct instance *))) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a commit");
	}
	instance->turned = true;
	batch->turned[batch->nturned++] = instance;
	return 0;
}

int dtf__batch_record(struct instance *instance, const struct record *record, struct slice events,
	uint64_t *ret) {
	struct engine *engine = instance->engine;
	struct batch *batch = &engine->batch;
	if (!reserve(batch, (void **)&batch->records, batch->nrecords, &batch->records_capacity,
		    sizeof(*batch->records))) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a commit");
	}
	struct buf *bytes = &batch->records[batch->nrecords];
	dtf__buf_clear(bytes);
	dtf__record_encode(bytes, record, events);
	if (bytes->failed) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a record");
	}
	*ret = engine->store->ops->next(engine->store) + batch->nrecords;
	batch->nrecords++;
	batch->size += bytes->size;
	return 0;
}

int dtf__batch_note(struct instance *instance, enum duty done) {
	struct batch *batch = &instance->engine->batch;
	if ((instance->notes & done) != 0) {
		return 0;
	}
	if (!reserve(batch, (void **)&batch->notes, batch->nnotes, &batch->notes_capacity,
		    sizeof(*batch->notes))) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a commit");
	}
	instance->notes |= done;
	batch->notes[batch->nnotes++] = (struct batch_note){ instance, done };
	return 0;
}

/* ---- taking out again ---- */

struct batch_point dtf__batch_point(const struct engine *engine) {
	const struct batch *batch = &engine->batch;
	return (struct batch_point){ .nrecords = batch->nrecords,
		.nturned = batch->nturned,
		.nnotes = batch->nnotes,
		.neffects = batch->neffects,
		.nmarks = batch->marks.count,
		.nanswers = batch->nanswers,
		.nsnapshots = batch->nsnapshots,
		.ntrash = batch->ntrash,
		.nmessages = batch->nmessages,
		.size = batch->size };
}

void dtf__batch_go_back(struct engine *engine, const struct batch_point *point) {
	struct batch *batch = &engine->batch;
	while (batch->neffects > point->neffects) {
		const struct effect *effect = &batch->effects[--batch->neffects];
		free(effect->text);
		if (effect->kind == EFFECT_RUN) {
			dtf__dispatch_unclaim(engine);
		}
	}
	while (batch->nnotes > point->nnotes) {
		const struct batch_note *note = &batch->notes[--batch->nnotes];
		note->instance->notes &= ~(unsigned)note->done;
	}
	while (batch->nturned > point->nturned) {
		struct instance **turned = &batch->turned[--batch->nturned];
		(*turned)->turned = false;
		if ((*turned)->born) {
			dtf__instance_remove(*turned);
			*turned = NULL;
		}
	}
	batch->nrecords = point->nrecords;
	dtf__marks_go_back(&batch->marks, point->nmarks);
	batch->nanswers = point->nanswers;
	batch->nsnapshots = point->nsnapshots;
	batch->ntrash = point->ntrash;
	batch->nmessages = point->nmessages;
	batch->size = point->size;
}

static void reset(struct batch *batch) {
	batch->nrecords = 0;
	batch->size = 0;
	batch->nturned = 0;
	batch->nnotes = 0;
	batch->neffects = 0;
	dtf__marks_go_back(&batch->marks, 0);
	batch->nanswers = 0;
	batch->nsnapshots = 0;
	batch->npurges = 0;
	batch->nforgets = 0;
	batch->ntrash = 0;
	batch->nmessages = 0;
	batch->emptied = 0;
	batch->failed = false;
	batch->admits = false;
	batch->tells = false;
	batch->hears = false;
	dtf__arena_finish(&batch->arena);
}

void dtf__batch_take_back(struct engine *engine, int rc, const char *text) {
	struct batch *batch = &engine->batch;
	for (size_t i = 0; i < batch->neffects; i++) {
		const struct effect *effect = &batch->effects[i];
		if (effect->kind == EFFECT_ANSWER && effect->instance == NULL) {
			unanswered(effect->request, rc, text);
		}
	}
	for (size_t i = 0; i < batch->nturned; i++) {
		struct instance *instance = batch->turned[i];
		if (instance->born) {
			continue; /* goes with its parent's turn */
		}
		dtf__turn_take_back(instance);
		dtf__request_withdraw(instance, rc, text);
		if (!instance->is_new) {
			dtf__instance_dirty(instance);
		}
	}
	dtf__retention_undone(engine);
	size_t nturned = batch->nturned;
	dtf__batch_go_back(engine, &(struct batch_point){ 0 });
	for (size_t i = 0; i < nturned; i++) {
		if (batch->turned[i] != NULL && batch->turned[i]->is_new) {
			dtf__instance_remove(batch->turned[i]);
		}
	}
	reset(batch);
}

/* ---- letting out ---- */

static void free_taken(struct instance *instance) {
	while (instance->taken != NULL) {
		struct arrival *next = instance->taken->next;
		dtf__arrival_free(instance->taken);
		instance->taken = next;
	}
}

/* Whatever the op waits for. */
static void cancel(struct instance *instance, uint32_t number) {
	const struct op *op = instance->ctx == NULL ? NULL : dtf__op_find(instance->ctx, number);
	dtf__dispatch_cancel(instance, number);
	if (op != NULL && op->kind == OP_CHILD && op->state == OP_SETTLING) {
		dtf__family_cancel(instance, op);
	}
}

static void release(struct engine *engine, const struct effect *effect) {
	switch (effect->kind) {
	case EFFECT_RUN:
		dtf__dispatch_run(effect->instance, effect->op);
		break;
	case EFFECT_QUEUE:
		dtf__dispatch_wait(effect->instance, effect->op);
		break;
	case EFFECT_CANCEL:
		cancel(effect->instance, effect->op);
		break;
	case EFFECT_LOG:
		dtf__engine_log(engine, effect->level, effect->instance->row.id, effect->text);
		break;
	case EFFECT_ANSWER:
		effect->request->answer(
			effect->request, effect->rc, effect->text == NULL ? "" : effect->text);
		break;
	}
	free(effect->text);
}

/* It is in the batch that has just become durable, or not at hand. */
static struct slice last_record(const struct instance *instance) {
	struct engine *engine = instance->engine;
	const struct batch *batch = &engine->batch;
	uint64_t first = engine->store->ops->next(engine->store) - batch->nrecords;
	uint64_t last = instance->row.last;
	if (last < first || last - first >= batch->nrecords) {
		return (struct slice){ 0 };
	}
	const struct buf *record = &batch->records[last - first];
	return (struct slice){ record->data, record->size };
}

static void settle_instance(struct instance *instance) {
	instance->turned = false;
	instance->is_new = false;
	instance->born = false;
	free_taken(instance);
	if (instance->row.status <= DTF_SUSPENDED) {
		if (instance->ctx != NULL) {
			dtf__execution_compact(instance->ctx);
		}
		dtf__instance_used(instance);
		return;
	}
	instance->ended = true;
	dtf__dispatch_cancel(instance, 0);
	dtf__request_tell_end(instance, last_record(instance));
	dtf__instance_drop(instance);
	dtf__instance_used(instance);
}

/* ---- committing ---- */

struct rows {
	struct store_put_row *rows;
	struct store_put_name *names;
	struct slice *records;
	size_t nrows, nnames;
};

static void strike_off(struct row *row, unsigned duties) {
	row->owes_end = row->owes_end && (duties & DUTY_TELL_PARENT) == 0;
	row->has_orphans = row->has_orphans && (duties & DUTY_END_ORPHANS) == 0;
}

/* What the store has to find it by. */
static struct store_keys keys_of(const struct instance *instance, const struct row *row) {
	bool runs = row->status <= DTF_SUSPENDED;
	bool told = row->error[0] != '\0' ||
		(row->suspended[0] != '\0' && strcmp(row->suspended, "operator") != 0);
	return (struct store_keys){ .due_ms = (uint64_t)(runs ? instance->due_ms : row->updated_ms),
		.kind = runs ? dtf__registry_kind(row->workflow, row->version) : 0,
		.ended = !runs && !row->owes_end && !row->has_orphans,
		.busy = (runs && (row->busy || told)) || row->owes_end || row->has_orphans,
		.status = (unsigned char)row->status };
}

/* Where its bytes are is said when all are there: they may move. */
static void add_row(struct batch *batch, struct rows *rows, const struct instance *instance) {
	struct row row = instance->row;
	size_t before = batch->rows.size;
	strike_off(&row, instance->notes);
	dtf__row_encode(&batch->rows, &row);
	rows->rows[rows->nrows++] = (struct store_put_row){ .instance = instance->number,
		.value = { NULL, batch->rows.size - before },
		.keys = keys_of(instance, &row) };
}

static void place_rows(const struct batch *batch, struct rows *rows) {
	const char *at = batch->rows.data;
	for (size_t i = 0; i < rows->nrows; i++) {
		rows->rows[i].value.data = at;
		at += rows->rows[i].value.size;
	}
}

static bool assemble(struct batch *batch, struct rows *rows) {
	size_t most = batch->nturned + batch->nnotes + 1;
	rows->rows = dtf__arena_alloc(&batch->arena, most * sizeof(*rows->rows));
	rows->names = dtf__arena_alloc(&batch->arena, (batch->nturned + 1) * sizeof(*rows->names));
	rows->records = dtf__arena_alloc(
		&batch->arena, (batch->nrecords + 1) * sizeof(*rows->records));
	if (rows->rows == NULL || rows->names == NULL || rows->records == NULL) {
		return false;
	}
	dtf__buf_clear(&batch->rows);
	for (size_t i = 0; i < batch->nturned; i++) {
		const struct instance *instance = batch->turned[i];
		add_row(batch, rows, instance);
		if (instance->is_new) {
			rows->names[rows->nnames++] = (struct store_put_name){ instance->row.id,
				instance->number };
		}
	}
	for (size_t i = 0; i < batch->nnotes; i++) {
		if (!batch->notes[i].instance->turned) {
			add_row(batch, rows, batch->notes[i].instance);
		}
	}
	for (size_t i = 0; i < batch->nrecords; i++) {
		rows->records[i] = (struct slice){ batch->records[i].data, batch->records[i].size };
	}
	if (batch->rows.failed) {
		return false;
	}
	place_rows(batch, rows);
	return true;
}

static int write_batch(struct engine *engine, uint64_t inbox_through) {
	struct batch *batch = &engine->batch;
	struct rows rows = { 0 };
	int rc = dtf__fail(DTF_ENOMEM, "out of memory for a commit");
	if (assemble(batch, &rows) && !batch->failed) {
		struct store_batch write = { .records = rows.records,
			.nrecords = batch->nrecords,
			.rows = rows.rows,
			.nrows = rows.nrows,
			.names = rows.names,
			.nnames = rows.nnames,
			.marks = batch->marks.marks,
			.nmarks = batch->marks.count,
			.answers = batch->answers,
			.nanswers = batch->nanswers,
			.snapshots = batch->snapshots,
			.nsnapshots = batch->nsnapshots,
			.purges = batch->purges,
			.npurges = batch->npurges,
			.forgets = batch->forgets,
			.nforgets = batch->nforgets,
			.trash = batch->trash,
			.ntrash = batch->ntrash,
			.emptied = &batch->emptied,
			.nemptied = batch->emptied != 0,
			.inbox_through = inbox_through,
			.next_instance = batch->next_instance,
			.clock_ms = engine->now_ms,
			.admit = batch->admits };
		rc = dtf__post_put(engine, &write)
			? engine->store->ops->commit(engine->store, &write)
			: dtf__fail(DTF_ENOMEM, "out of memory for a commit");
		if (rc == 0) {
			dtf__post_committed(engine, &write);
		}
	}
	return rc;
}

/* Nothing was written: clients hear of it, the rest is tried again. */
static int refused(struct engine *engine, int rc) {
	bool admits = engine->batch.admits;
	char text[256];
	(void)snprintf(text, sizeof(text), "%s", dtf_errmsg());
	dtf__batch_take_back(engine, rc, text);
	dtf__engine_retry_later(engine);
	return admits ? BATCH_REFUSED : 0;
}

int dtf__batch_commit(struct engine *engine) {
	struct batch *batch = &engine->batch;
	uint64_t through = dtf__inbox_through(engine);
	bool writes = batch->nrecords > 0 || batch->nanswers > 0 || batch->marks.count > 0 ||
		batch->nnotes > 0 || batch->npurges > 0 || batch->ntrash > 0 ||
		batch->emptied != 0 || batch->tells || batch->hears || batch->nmessages > 0 ||
		through > engine->inbox_done || batch->failed || dtf__post_wants_commit(engine);
	int rc = writes ? write_batch(engine, through) : 0;
	if (rc == DTF_EFULL || rc == DTF_ENOMEM) {
		return refused(engine, rc);
	}
	if (rc < 0) {
		return rc;
	}
	engine->inbox_done = through;
	if (writes) {
		engine->retry_at_ms = 0;
	}
	for (size_t i = 0; engine->options.verify && i < batch->nturned && rc == 0; i++) {
		rc = dtf__verify(batch->turned[i]);
		rc = rc == DTF_ENOMEM ? 0 : rc; /* it could not look */
	}
	for (size_t i = 0; i < batch->neffects; i++) {
		release(engine, &batch->effects[i]);
	}
	for (size_t i = 0; i < batch->nnotes; i++) {
		struct instance *instance = batch->notes[i].instance;
		strike_off(&instance->row, instance->notes);
		instance->notes = 0;
	}
	for (size_t i = 0; i < batch->nturned; i++) {
		settle_instance(batch->turned[i]);
	}
	dtf__retention_done(engine);
	dtf__post_answered(engine);
	reset(batch);
	rc = rc == 0 ? dtf__post_hand_over(engine) : rc;
	return rc;
}

void dtf__batch_finish(struct engine *engine) {
	struct batch *batch = &engine->batch;
	dtf__batch_go_back(engine, &(struct batch_point){ 0 });
	for (size_t i = 0; i < batch->records_capacity; i++) {
		dtf__buf_finish(&batch->records[i]);
	}
	free(batch->records);
	dtf__buf_finish(&batch->rows);
	free(batch->turned);
	free(batch->notes);
	free(batch->effects);
	dtf__marks_finish(&batch->marks);
	free(batch->answers);
	free(batch->snapshots);
	free(batch->purges);
	free(batch->forgets);
	free(batch->trash);
	free(batch->messages);
	dtf__arena_finish(&batch->arena);
	*batch = (struct batch){ 0 };
}
