/* Colours, times and spans of time, as people read them. */
#include "cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *escape, *cell;
} looks[] = {
	[LOOK_PLAIN] = { "", NULL },
	[LOOK_STRONG] = { "\033[1m", "bold" },
	[LOOK_DIM] = { "\033[2m", "darkgray" },
	[LOOK_GOOD] = { "\033[32m", "green" },
	[LOOK_BAD] = { "\033[31m", "red" },
	[LOOK_WAIT] = { "\033[33m", "brown" },
};

bool look_wanted(int fd) {
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fd) == 1 && (no == NULL || *no == '\0') &&
		(term == NULL || strcmp(term, "dumb") != 0);
}

const char *look_on(const struct cli *cli, enum look look) {
	return cli->color ? looks[look].escape : "";
}

const char *look_off(const struct cli *cli) {
	return cli->color ? "\033[0m" : "";
}

const char *look_cell(enum look look) {
	return looks[look].cell;
}

enum look look_of_status(enum dtf_status status) {
	switch (status) {
	case DTF_RUNNING:
		return LOOK_STRONG;
	case DTF_COMPLETED:
		return LOOK_GOOD;
	case DTF_SUSPENDED:
		return LOOK_WAIT;
	case DTF_FAILED:
		return LOOK_BAD;
	case DTF_CANCELLED:
	case DTF_TERMINATED:
		break;
	}
	return LOOK_DIM;
}

void show_text(FILE *out, const char *text) {
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		putc(*at < 0x20 || *at == 0x7f ? '?' : *at, out);
	}
}

void show_cut(char *text, size_t most) {
	size_t count = 0, end = 0;
	for (size_t at = 0; text[at] != '\0'; at++) {
		if (((unsigned char)text[at] & 0xc0) == 0x80) {
			continue; /* inside a character */
		}
		if (++count == most - 2) {
			end = at;
		}
		if (count > most) {
			memcpy(text + end, "...", 4);
			return;
		}
	}
}

static int64_t read_clock(clockid_t clock) {
	struct timespec now;
	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t show_now_ms(void) {
	return read_clock(CLOCK_REALTIME);
}

int64_t show_steady_ms(void) {
	return read_clock(CLOCK_MONOTONIC);
}

static struct tm local(int64_t ms) {
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts = { 0 };
	(void)localtime_r(&seconds, &parts); /* a year it cannot count stays zero */
	return parts;
}

void show_time(char text[SHOW_TIME_MAX], int64_t ms) {
	struct tm parts = local(ms);
	(void)snprintf(text, SHOW_TIME_MAX, "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900,
		parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

void show_clock(char text[SHOW_TIME_MAX], int64_t ms) {
	struct tm parts = local(ms);
	(void)snprintf(text, SHOW_TIME_MAX, "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min,
		parts.tm_sec, (int)(ms % 1000));
}

void show_span(char text[SHOW_TIME_MAX], int64_t ms) {
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 } };
	if (ms < 1000) {
		(void)snprintf(text, SHOW_TIME_MAX, "%" PRId64 "ms", ms < 0 ? 0 : ms);
		return;
	}
	size_t i = 0;
	while (ms < units[i].ms) {
		i++;
	}
	int64_t rest = i < 3 ? ms % units[i].ms / units[i + 1].ms : 0;
	if (rest == 0) {
		(void)snprintf(
			text, SHOW_TIME_MAX, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
	} else {
		(void)snprintf(text, SHOW_TIME_MAX, "%" PRId64 "%s%" PRId64 "%s", ms / units[i].ms,
			units[i].name, rest, units[i + 1].name);
	}
}

void show_exact(char text[SHOW_TIME_MAX], int64_t ms) {
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
		{ "ms", 1 } };
	size_t used = 0;
	(void)snprintf(text, SHOW_TIME_MAX, "0ms");
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (ms >= units[i].ms) {
			int n = snprintf(text + used, SHOW_TIME_MAX - used, "%" PRId64 "%s",
				ms / units[i].ms, units[i].name);
			used += n < 0 ? 0 : (size_t)n;
			ms %= units[i].ms;
		}
	}
}
