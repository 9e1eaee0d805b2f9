// Stands in for common/log.cpp. Upstream's logger writes prompts and answers to stdout and stderr from a thread of its
// own: here it is silent.
#include "json.h"
#include "log.h"

int common_log_get_verbosity_thold(void) {
    return -1;
}

void common_log_set_verbosity_thold(int) {}

bool common_log_get_jsonl(void) {
    return false;
}

void common_log_set_jsonl(bool) {}

int common_log_get_verbosity(enum ggml_log_level) {
    return LOG_LEVEL_DEBUG;
}

void common_log_default_callback(enum ggml_log_level, const char *, void *) {}

struct common_log * common_log_main() {
    return nullptr;
}

void common_log_add(struct common_log *, enum ggml_log_level, const char *, ...) {}

void common_log_add_json(struct common_log *, const char *, const common_json &) {}
