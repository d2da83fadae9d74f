/*
 * Compiling and loading a workflow file: dtfc makes C of it and of each file it
 * imports, the C compiler makes one shared object of all, which is loaded.  All
 * this happens in a temporary directory that is gone before anything runs.
 *
 * The C calls no activities (--no-functions), so nothing is missing when it is
 * loaded; the runtime's own functions are found in this program, and its own
 * names stay its own (-Bsymbolic), whatever this program's are.
 */
#include "program.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "headers.h"
#include "process.h"
#include "temporary.h"

#define FILES_MAX 256 /* of one program: more is taken for a mistake */
#define WORDS_MAX 16  /* in $CC */

struct build {
	char dir[PATH_MAX];
	char dtfc[PATH_MAX];
	char *files[FILES_MAX + 1]; /* owned; inputs, the root first */
	size_t nfiles;
	struct program *program;
};

static int failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int failed(const char *format, ...) {
	va_list args;
	va_start(args, format);
	fputs("dtf: ", stderr);
	(void)vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
	return EXIT_FAILED;
}

static int no_memory(void) {
	return failed("out of memory");
}

/* A path inside the build's directory; owned by the caller, NULL without memory. */
static char *inside(const struct build *build, const char *name, const char *suffix) {
	char *path;
	return asprintf(&path, "%s/%s%s", build->dir, name, suffix) < 0 ? NULL : path;
}

static const char *base_name(const char *path) {
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

/* ---- what is there before anything is compiled ---- */

static int write_header(const struct build *build, const struct header *header) {
	char *path = inside(build, "dtf/", header->name);
	FILE *file = path == NULL ? NULL : fopen(path, "we");
	bool ok = file != NULL;
	for (const char *const *line = header->lines; ok && *line != NULL; line++) {
		ok = fputs(*line, file) >= 0;
	}
	if (file != NULL) {
		ok = fclose(file) == 0 && ok;
	}
	int status = ok ? EXIT_OK : failed("cannot write into %s: %s", build->dir, strerror(errno));
	free(path);
	return status;
}

static int write_headers(const struct build *build) {
	char *path = inside(build, "dtf", "");
	int status = EXIT_OK;
	if (path == NULL || mkdir(path, 0700) != 0) {
		status = failed("cannot write into %s: %s", build->dir, strerror(errno));
	}
	free(path);
	for (const struct header *it = headers; status == EXIT_OK && it->name != NULL; it++) {
		status = write_header(build, it);
	}
	return status;
}

/* ---- dtfc ---- */

/* Beside this program, or where the build puts it, or in PATH. */
static void find_dtfc(struct build *build) {
	static const char *const places[] = { "dtfc", "../../dtfc/dtfc" };
	char self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[size < 0 ? 0 : size] = '\0';
	char *slash = strrchr(self, '/');
	for (size_t i = 0; slash != NULL && i < sizeof(places) / sizeof(*places); i++) {
		*slash = '\0';
		int n = snprintf(build->dtfc, sizeof(build->dtfc), "%s/%s", self, places[i]);
		if (n > 0 && (size_t)n < sizeof(build->dtfc) && access(build->dtfc, X_OK) == 0) {
			return;
		}
	}
	(void)snprintf(build->dtfc, sizeof(build->dtfc), "dtfc");
}

/* What was written into a file of messages, for people. */
static void show_messages(const char *path) {
	char bytes[4096];
	size_t size;
	FILE *file = path == NULL ? NULL : fopen(path, "re");
	while (file != NULL && (size = fread(bytes, 1, sizeof(bytes), file)) > 0) {
		(void)fwrite(bytes, 1, size, stderr);
	}
	if (file != NULL) {
		(void)fclose(file);
	}
}

/* An import's warnings were shown with those of the file that imports it. */
static int run_dtfc(struct build *build, const char *file, char *depfile, bool quiet) {
	char input[PATH_MAX], *messages = inside(build, "messages", "");
	/* A name that begins with - is no option. */
	(void)snprintf(input, sizeof(input), "%s%s", file[0] == '-' ? "./" : "", file);
	char name[] = "--no-functions", into[] = "-o", deps[] = "--depfile";
	char *argv[] = { build->dtfc, name, input, into, build->dir, deps, depfile, NULL };
	int fd = STDERR_FILENO;
	if (quiet) {
		fd = open(messages == NULL ? "" : messages,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	int rc = fd < 0 ? -errno : process_run(argv, fd);
	if (quiet && fd >= 0) {
		(void)close(fd);
		if (rc != 0) {
			show_messages(messages);
		}
	}
	free(messages);
	if (rc < 0) {
		return failed("cannot run dtfc, the compiler of .dtf files: %s.\n"
			      "It belongs beside dtf, or into PATH",
			strerror(-rc));
	}
	return rc == 0 || rc == 1 ? rc : rc == 66 ? EXIT_USAGE : EXIT_FAILED;
}

static int add_file(struct build *build, const char *path, size_t size) {
	if (build->nfiles == FILES_MAX) {
		return failed("more than %d files", FILES_MAX);
	}
	build->files[build->nfiles] = strndup(path, size);
	return build->files[build->nfiles++] == NULL ? no_memory() : EXIT_OK;
}

/* The inputs of the make rule in text: "outputs: a.dtf with\ blank.dtf". */
static int read_rule(struct build *build, char *text) {
	char *at = strstr(text, ": ");
	int status = EXIT_OK;
	while (at != NULL && status == EXIT_OK) {
		at += strspn(at, ": \n");
		char *start = at, *end = at;
		while (*at != '\0' && *at != ' ' && *at != '\n') {
			if ((*at == '\\' && (at[1] == ' ' || at[1] == '#')) ||
				(*at == '$' && at[1] == '$')) {
				at++;
			}
			*end++ = *at++;
		}
		if (end == start) {
			break;
		}
		status = add_file(build, start, (size_t)(end - start));
	}
	return status;
}

static char *read_text(const char *path) {
	FILE *file = path == NULL ? NULL : fopen(path, "re");
	char *text = NULL;
	size_t capacity = 0;
	if (file == NULL) {
		return NULL;
	}
	if (getdelim(&text, &capacity, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	(void)fclose(file);
	return text;
}

static int generate(struct build *build, const char *file) {
	char *depfile = inside(build, "inputs", "");
	int status = depfile == NULL ? no_memory() : run_dtfc(build, file, depfile, false);
	char *rule = status == EXIT_OK ? read_text(depfile) : NULL;
	if (rule != NULL) {
		status = read_rule(build, rule);
	}
	for (size_t i = 1; status == EXIT_OK && i < build->nfiles; i++) {
		status = run_dtfc(build, build->files[i], depfile, true);
	}
	if (status == EXIT_OK && build->nfiles == 0) {
		status = failed("dtfc did not say what it read");
	}
	free(rule);
	free(depfile);
	return status;
}

/* ---- the C compiler ---- */

static int no_compiler(const char *cc, int error) {
	return failed("cannot run the C compiler '%s': %s.\n"
		      "Install one (on Debian: apt-get install gcc libc6-dev), or name yours in "
		      "$CC",
		cc, strerror(error));
}

static int compile(struct build *build) {
	static char flags[][16] = { "-std=c11", "-O1", "-w", "-fPIC", "-shared", "-Wl,-Bsymbolic",
		"-I" };
	enum { NFLAGS = sizeof(flags) / sizeof(*flags) };
	char *argv[WORDS_MAX + NFLAGS + FILES_MAX + 4];
	const char *cc = getenv("CC");
	char *words = strdup(cc == NULL || *cc == '\0' ? "cc" : cc), *rest, *word;
	char *made[FILES_MAX], output[] = "-o", *object = inside(build, "program.so", "");
	size_t n = 0, nmade = 0;
	bool ok = words != NULL && object != NULL;
	for (word = ok ? strtok_r(words, " \t", &rest) : NULL; word != NULL && n < WORDS_MAX;
		word = strtok_r(NULL, " \t", &rest)) {
		argv[n++] = word;
	}
	for (size_t i = 0; i < NFLAGS; i++) {
		argv[n++] = flags[i];
	}
	argv[n++] = build->dir;
	argv[n++] = output;
	argv[n++] = object;
	for (; ok && nmade < build->nfiles; nmade++) {
		made[nmade] = inside(build, base_name(build->files[nmade]), ".c");
		ok = made[nmade] != NULL;
		argv[n++] = made[nmade];
	}
	argv[n] = NULL;
	int rc = ok ? process_run(argv, STDERR_FILENO) : -ENOMEM;
	int status = EXIT_OK;
	if (rc < 0) {
		status = no_compiler(argv[0], -rc);
	} else if (rc >= 128) {
		status = EXIT_FAILED; /* a signal ended it */
	} else if (rc != 0) {
		status = failed("the C compiler '%s' failed on what dtfc wrote; are the C "
				"library's headers there (Debian: libc6-dev)?",
			argv[0]);
	}
	while (nmade > 0) {
		free(made[--nmade]);
	}
	free(object);
	free(words);
	return status;
}

/* ---- loading ---- */

/* "shop_module" of the header's line that hands it out. */
static char *module_name(const struct build *build, const char *file) {
	static const char start[] = "\nextern const struct dtf_module ";
	char *path = inside(build, base_name(file), ".h");
	char *text = read_text(path), *name = NULL;
	char *at = text == NULL ? NULL : strstr(text, start);
	if (at != NULL) {
		at += sizeof(start) - 1;
		name = strndup(at, strcspn(at, ";"));
	}
	free(text);
	free(path);
	return name;
}

static int load_one(struct build *build, const char *file) {
	struct program *program = build->program;
	char *name = module_name(build, file);
	char *path = inside(build, base_name(file), ".json");
	json_t *manifest = path == NULL ? NULL : json_load_file(path, 0, NULL);
	const struct dtf_module *module = name == NULL ? NULL : dlsym(program->library, name);
	int status = EXIT_OK;
	if (module == NULL || manifest == NULL) {
		status = failed("what dtfc made of %s is not what this dtf knows; "
				"are both of one version?",
			file);
		json_decref(manifest);
	} else {
		program->modules[program->count] = module;
		program->manifests[program->count++] = manifest;
	}
	free(path);
	free(name);
	return status;
}

static int load(struct build *build) {
	struct program *program = build->program;
	char *object = inside(build, "program.so", "");
	program->modules = calloc(build->nfiles + 1, sizeof(*program->modules));
	program->manifests = calloc(build->nfiles + 1, sizeof(*program->manifests));
	int status = EXIT_OK;
	if (object == NULL || program->modules == NULL || program->manifests == NULL) {
		status = no_memory();
	} else {
		program->library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
		if (program->library == NULL) {
			status = failed("cannot load the compiled program: %s", dlerror());
		}
	}
	for (size_t i = 0; status == EXIT_OK && i < build->nfiles; i++) {
		status = load_one(build, build->files[i]);
	}
	free(object);
	return status;
}

/* An interrupt ends the compilers, and this process when it has cleaned up. */
static void hold_signals(sigset_t *before) {
	sigset_t held;
	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigaddset(&held, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &held, before);
}

int program_load(const char *file, struct program *ret) {
	struct build build = { .program = ret };
	sigset_t before;
	*ret = (struct program){ 0 };
	hold_signals(&before);
	int status = temporary_make("dtf", build.dir) ? EXIT_OK : EXIT_FAILED;
	if (status == EXIT_OK) {
		find_dtfc(&build);
		status = write_headers(&build);
	}
	status = status == EXIT_OK ? generate(&build, file) : status;
	status = status == EXIT_OK ? compile(&build) : status;
	status = status == EXIT_OK ? load(&build) : status;
	while (build.nfiles > 0) {
		free(build.files[--build.nfiles]);
	}
	if (build.dir[0] != '\0') {
		temporary_remove(build.dir);
	}
	if (status != EXIT_OK) {
		program_finish(ret);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

void program_finish(struct program *program) {
	for (size_t i = 0; i < program->count; i++) {
		json_decref(program->manifests[i]);
	}
	free(program->modules);
	free(program->manifests);
	*program = (struct program){ 0 };
}
