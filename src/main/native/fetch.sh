#!/bin/sh
# fetch.sh CACHE: puts llama.cpp v0.5.0 into a folder: CACHE/llama.cpp (source) and CACHE/lib (prebuilt libraries for every x86-64 CPU).
# Both come out of two npm packages that are used as plain archives. SLM_ARCHIVES=FOLDER names a folder that already holds the two .tgz files;
# then nothing is downloaded. Every file is checked against SHA256SUMS. Does nothing when it was done before.
set -eu

fail() {
    echo "fetch.sh: $*" >&2
    exit 1
}

[ $# -eq 1 ] || fail "usage: fetch.sh CACHE"
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" || fail "cannot make the folder $1"
cache=$(cd "$1" && pwd)
sums=$here/SHA256SUMS
done_mark=$cache/fetched

if [ -f "$done_mark" ] && cmp -s "$sums" "$done_mark"; then
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

# get ARCHIVE PACKAGE: from the archives folder, from an earlier run, or by npm
get() {
    if [ -n "${SLM_ARCHIVES:-}" ] && [ -f "$SLM_ARCHIVES/$1" ]; then
        cp "$SLM_ARCHIVES/$1" "$cache/archives/$1"
    fi
    if [ -f "$cache/archives/$1" ] && grep " archives/$1\$" "$sums" | (cd "$cache" && sha256sum -c --status -); then
        return
    fi
    command -v npm >/dev/null 2>&1 ||
        fail "npm is missing: install Node with npm, or put $1 into a folder and set SLM_ARCHIVES to it"
    echo "fetching $2" >&2
    (cd "$cache/archives" && npm pack --silent --ignore-scripts "$2" >/dev/null) ||
        fail "npm could not fetch $2: check the network, or put $1 into a folder and set SLM_ARCHIVES to it"
    grep " archives/$1\$" "$sums" | (cd "$cache" && sha256sum -c --status -) ||
        fail "$1 is not the file that SHA256SUMS names: remove $cache/archives/$1 and run this again"
}

get "$source_archive" "node-llama-cpp@$version"
get "$library_archive" "@node-llama-cpp/linux-x64@$version"

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
