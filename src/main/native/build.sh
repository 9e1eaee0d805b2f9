#!/bin/sh
# build.sh OUT CACHE: fetches llama.cpp if need be, builds libunderstudy_slm.so and puts it into OUT beside the libraries that it needs.
# About three minutes on two cores the first time, a second when nothing has changed. Everything in between lives in CACHE/llama.
set -eu

fail() {
    echo "build.sh: $*" >&2
    exit 1
}

[ $# -eq 2 ] || fail "usage: build.sh OUT CACHE"
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" "$2/llama" || fail "cannot make the folders $1 and $2"
out=$(cd "$1" && pwd)
cache=$(cd "$2/llama" && pwd)

for tool in cmake c++; do
    command -v $tool >/dev/null 2>&1 || fail "$tool is missing: install it (Debian: apt-get install cmake g++)"
done
[ -f "${JAVA_HOME:-/nowhere}/include/jni.h" ] || fail "JAVA_HOME names no JDK (looked for ${JAVA_HOME:-}/include/jni.h)"

"$here/fetch.sh" "$cache"

build=$cache/build
# a build folder made for another checkout, or moved, cannot be used again
if [ -f "$build/CMakeCache.txt" ] && ! { grep -q "^CMAKE_HOME_DIRECTORY:INTERNAL=$here\$" "$build/CMakeCache.txt" &&
    grep -q "^CMAKE_CACHEFILE_DIR:INTERNAL=$build\$" "$build/CMakeCache.txt"; }; then
    rm -rf "$build"
fi
if [ ! -f "$build/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then
    generator="-G Ninja"
fi
log=$cache/build.log
# shellcheck disable=SC2086
cmake -S "$here" -B "$build" ${generator:-} -DLLAMA_SRC="$cache/llama.cpp" -DLLAMA_LIBS="$cache/lib" -DJDK="$JAVA_HOME" \
    -DSLM_TESTS="${SLM_TESTS:-OFF}" -DSLM_SANITIZE="${SLM_SANITIZE:-ON}" >"$log" 2>&1 ||
    { tail -20 "$log" >&2; fail "cmake failed; see $log"; }
cmake --build "$build" --parallel "${SLM_JOBS:-2}" >>"$log" 2>&1 ||
    { tail -40 "$log" >&2; fail "the build failed; see $log"; }

# put NEW OLD: a new file under the old name, never a change inside a file that a running gateway has mapped
put() {
    cmp -s "$1" "$2" && return
    cp "$1" "$2.new"
    mv "$2.new" "$2"
}
for file in "$cache"/lib/lib*.so "$build/libunderstudy_slm.so" "$build/understudy_slm_probe"; do
    put "$file" "$out/$(basename "$file")"
done
