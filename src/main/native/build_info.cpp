// Stands in for common/build-info.cpp, which upstream's own build generates.
#include "build-info.h"

int llama_build_number(void) {
    return 0;
}

const char * llama_commit(void) {
    return "v0.5.0";
}

const char * llama_compiler(void) {
    return "";
}

const char * llama_build_target(void) {
    return "linux-x64";
}

const char * llama_build_info(void) {
    return "understudy v0.5.0";
}
