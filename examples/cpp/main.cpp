/*
 * A C++17 program: it includes the generated header and writes its activities in C++.
 * Exceptions end at the border: an activity returns what dtf_activity_fail() gave it.
 */
#include "words.dtf.h"

#include <exception>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

struct closer {
	void operator()(dtf_engine *engine) const {
		dtf_engine_close(engine);
	}
};
using engine_ptr = std::unique_ptr<dtf_engine, closer>;

void must(int rc) {
	if (rc < 0) {
		throw std::runtime_error(dtf_errmsg());
	}
}

engine_ptr open(const char *dir) {
	dtf_engine_options options = {};
	options.dir = dir;
	dtf_engine *opened = nullptr;
	must(dtf_engine_open(&options, &opened));
	engine_ptr engine(opened);
	must(dtf_engine_register(opened, &words_module));
	must(dtf_engine_start(opened));
	return engine;
}

std::map<std::string, std::int64_t> count(const char *text) {
	std::map<std::string, std::int64_t> times;
	std::istringstream words(text);
	for (std::string word; words >> word;) {
		times[word]++;
	}
	return times;
}

/* What is handed out has to live until it is recorded: it comes from the attempt. */
int hand_out(dtf_activity *act, const std::map<std::string, std::int64_t> &times,
	words_count_list *ret) {
	auto items = static_cast<words_count *>(
		dtf_activity_alloc(act, times.size() * sizeof(words_count)));
	if (items == nullptr) {
		throw std::bad_alloc();
	}
	*ret = { items, times.size() };
	for (const auto &[word, number] : times) {
		*items++ = { dtf_activity_printf(act, "%s", word.c_str()), number };
	}
	return 0;
}

/* The end of an instance, as a future. */
std::future<std::string> wait(dtf_client *client, const char *id) {
	auto promise = std::make_unique<std::promise<std::string>>();
	auto future = promise->get_future();
	dtf_request request = {};
	request.verb = DTF_ASK_WAIT;
	request.id = id;
	request.arg = promise.get();
	request.done = [](void *arg, int rc, const dtf_result *result) {
		std::unique_ptr<std::promise<std::string>> kept(
			static_cast<std::promise<std::string> *>(arg));
		if (rc == 0 && result->status == DTF_COMPLETED) {
			kept->set_value(result->output);
		} else {
			const char *why = rc < 0 ? dtf_errmsg() : result->error.message;
			kept->set_exception(std::make_exception_ptr(std::runtime_error(why)));
		}
	};
	must(dtf_ask(client, &request));
	(void)promise.release(); /* the callback's from now on */
	return future;
}

} // namespace

int words_tally(dtf_activity *act, const char *text, words_count_list *ret) try {
	return hand_out(act, count(text), ret);
} catch (const std::exception &e) {
	return dtf_activity_fail(act, nullptr, e.what());
}

int main(int argc, char **argv) try {
	engine_ptr engine = open(argc > 1 ? argv[1] : "words.db");
	dtf_client *client = dtf_engine_client(engine.get());
	const char *text = argc > 2 ? argv[2] : "to be or not to be";
	int rc = words_census_start(client, text, text);
	must(rc == DTF_EEXISTS ? 0 : rc);
	std::cout << wait(client, text).get() << "\n";
	return 0;
} catch (const std::exception &e) {
	std::cerr << "cpp: " << e.what() << "\n";
	return 1;
}
