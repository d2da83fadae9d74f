/* The operator's tool: what its files share. */
#ifndef DTF_CLI_H
#define DTF_CLI_H

#include <stdio.h>

#include <dtf/dtf.h>

/* Exit statuses: part of the tool's contract. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_WRONG_STATE = 4,
	EXIT_STORE = 5,       /* not there, damaged, full, or of a newer format */
	EXIT_TIMED_OUT = 124, /* as timeout(1) */
};

struct cli {
	struct dtf_client *client;
	const char *db; /* NULL: neither the option nor the environment names it */
	bool json, color;
	/* what the command's options said; NULL or the default if they did not */
	const char *status, *workflow, *parent, *event_id, *reason;
	int64_t execution;  /* as dtf_history takes it */
	int64_t timeout_ms; /* < 0: none */
	uint64_t seed, runs;
	const char *name;
	bool verbose, quiet;
	const char *input, *id;
	const char **activities; /* NAME=COMMAND; room for all arguments */
	size_t nactivities;
	int64_t grace_ms;
	bool help, version;
	char **operands; /* NULL-terminated */
};

/* ---- report.c ---- */

/* The exit status for a code of the library; says what failed on stderr. */
int cli_failed(const char *what, int rc);
/* The same for a command that changes something: also says that it is queued. */
int cli_done(const struct cli *cli, const char *what, int rc);

/* ---- change.c ---- */

/*
 * A JSON operand: as given, from stdin for "-", or `absent` when there is none.
 * *ret_memory is to be freed.  False: it could not be read, and that was said.
 */
bool cli_payload(const char *operand, const char *absent, const char **ret, char **ret_memory);
/* How an instance ended, as output and as exit status. */
int cli_result(const struct cli *cli, const struct dtf_result *result);

/* ---- json.c: one object on stdout ---- */

/* Members of an object, in order; a NULL text or raw value leaves the member out. */
struct json {
	FILE *out;
	bool some;
};
void json_begin(struct json *json, FILE *out);
void json_text(struct json *json, const char *name, const char *value);
void json_int(struct json *json, const char *name, int64_t value);
void json_bool(struct json *json, const char *name, bool value);
void json_raw(struct json *json, const char *name, const char *value); /* JSON already */
void json_end(struct json *json);
/* Writes the text as a JSON string. */
void json_quote(FILE *out, const char *text);

/* ---- look.c: how things look to people ---- */

enum look { LOOK_PLAIN, LOOK_STRONG, LOOK_DIM, LOOK_GOOD, LOOK_BAD, LOOK_WAIT };

/* Is this a terminal that has colours, and nobody minds them? */
bool look_wanted(int fd);
/* An escape sequence, or "" without colours. */
const char *look_on(const struct cli *cli, enum look look);
const char *look_off(const struct cli *cli);
enum look look_of_status(enum dtf_status status);
/* The colour's name for a table cell, or NULL. */
const char *look_cell(enum look look);

/* The text, with control characters made harmless. */
void show_text(FILE *out, const char *text);

#define SHOW_TIME_MAX 80
int64_t show_now_ms(void);
int64_t show_steady_ms(void); /* by a clock that is never set */
/* "2024-02-29 12:00:00", local time. */
void show_time(char text[SHOW_TIME_MAX], int64_t ms);
/* Cuts the text to so many characters, the last three of them dots. */
void show_cut(char *text, size_t most);

/* "12:00:00.250" */
void show_clock(char text[SHOW_TIME_MAX], int64_t ms);
/* As it is written in a .dtf file: "1h2s100ms". */
void show_exact(char text[SHOW_TIME_MAX], int64_t ms);
/* The two greatest units: "2d23h", "3m12s", "250ms". */
void show_span(char text[SHOW_TIME_MAX], int64_t ms);

/* ---- the commands ---- */

int cmd_list(struct cli *cli);
int cmd_show(struct cli *cli);
int cmd_where(struct cli *cli);
int cmd_history(struct cli *cli);
int cmd_start(struct cli *cli);
int cmd_raise(struct cli *cli);
int cmd_cancel(struct cli *cli);
int cmd_terminate(struct cli *cli);
int cmd_suspend(struct cli *cli);
int cmd_resume(struct cli *cli);
int cmd_wait(struct cli *cli);
int cmd_run(struct cli *cli);
int cmd_test(struct cli *cli);
extern const char help_run[], help_test[];

#endif
