#!/bin/sh
# prove_cuda.sh: on a machine with an NVIDIA GPU, builds the GPU plug-in for it, tries it in a process of its own and holds the engine on the
# GPU against the engine on the CPU: the same tokens for 50 prompts, 1 to 64 streams, base and two adapters mixed. Prints a table in markdown;
# ends with 1 when the tokens differ or the plug-in is not fit. Under ten minutes on 16 cores.
#
#   prove_cuda.sh [--prebuilt 12.4|13.1] [--model FILE.gguf] [--cache FOLDER] [--jobs N] [--dry-run]
#
#   --prebuilt   takes the prebuilt plug-in of that CUDA version instead of building one; its runtime (libcudart, libcublas) must be here
#   --model      weights to ask, else the starter model in CACHE/models
#   --cache      where everything lies that is fetched and built, else UNDERSTUDY_CACHE, else .cache of the checkout
#   --dry-run    everything but the device: the plug-in is the CPU in disguise, answers are shorter
#
# SLM_ARCHIVES=FOLDER names a folder that already holds the archives (see fetch.sh), CUDACXX the CUDA compiler.
set -eu

say() {
    echo "prove_cuda: $*" >&2
}

fail() {
    say "$*"
    exit 1
}

usage() {
    sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p' >&2
    exit 2
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
began=$(date +%s)
prebuilt=
model=
cache=${UNDERSTUDY_CACHE:-$here/../../../.cache}
jobs=$(nproc)
dry=
while [ $# -gt 0 ]; do
    case $1 in
    --dry-run) dry=yes ;;
    --prebuilt | --model | --cache | --jobs)
        [ $# -ge 2 ] || usage
        case $1 in
        --prebuilt) prebuilt=$2 ;;
        --model) model=$2 ;;
        --cache) cache=$2 ;;
        --jobs) jobs=$2 ;;
        esac
        shift
        ;;
    *) usage ;;
    esac
    shift
done
case $prebuilt in
'' | 12.4 | 13.1) ;;
*) usage ;;
esac
mkdir -p "$cache/llama" || fail "cannot make the folder $cache/llama"
cache=$(CDPATH='' cd -- "$cache" && pwd)
llama=$cache/llama
[ -n "$model" ] || model=$cache/models/SmolLM2-135M-Instruct.Q4_1.gguf

# --- what must be here, all of it said at once -------------------------------------------------------------------------

missing=
need() {
    command -v "$1" >/dev/null 2>&1 || missing="$missing
  $1: $2"
}
need cmake "install CMake 3.21 or later"
need c++ "install a C++ compiler (g++)"
need git "install git"
need sha256sum "install coreutils"
[ -f "$model" ] || missing="$missing
  $model: run ./understudy setup, which fetches it, or name other weights with --model"
gpu="the CPU in disguise (dry run)"
driver=none
capability=
if [ -z "$dry" ]; then
    if ! command -v nvidia-smi >/dev/null 2>&1; then
        missing="$missing
  nvidia-smi: there is no NVIDIA driver here, or the container was given no GPU (--gpus all)"
    elif ! gpus=$(nvidia-smi --query-gpu=name,driver_version,compute_cap --format=csv,noheader 2>&1); then
        missing="$missing
  a GPU: nvidia-smi says: $(echo "$gpus" | tail -n 1)"
    else
        first=$(echo "$gpus" | head -n 1)
        gpu=$(echo "$first" | cut -d, -f1)
        driver=$(echo "$first" | cut -d, -f2 | tr -d ' ')
        capability=$(echo "$first" | cut -d, -f3 | tr -d ' .')
        case $capability in
        '' | *[!0-9]*) fail "nvidia-smi tells no compute capability: $first" ;;
        esac
    fi
    if [ -z "$prebuilt" ]; then
        nvcc=${CUDACXX:-$(command -v nvcc || :)}
        [ -n "$nvcc" ] || [ ! -x /usr/local/cuda/bin/nvcc ] || nvcc=/usr/local/cuda/bin/nvcc
        if [ -z "$nvcc" ]; then
            missing="$missing
  nvcc: install the CUDA toolkit (13.0 for drivers from 580 on), set CUDACXX, or take a plug-in with --prebuilt 12.4|13.1"
        fi
    fi
fi
[ -z "$missing" ] || fail "missing:$missing"

# --- fetch and build ---------------------------------------------------------------------------------------------------

lap=$began
step() {
    now=$(date +%s)
    say "$* ($((now - lap)) s)"
    lap=$now
}

"$here/fetch.sh" "$llama" ${prebuilt:+"$prebuilt"}
step "fetched"

generator=
command -v ninja >/dev/null 2>&1 && generator="-G Ninja"

# build FOLDER TARGETS CMAKE-WORDS...
build() {
    folder=$1
    targets=$2
    shift 2
    [ -f "$folder/CMakeCache.txt" ] || fresh=$generator
    # The unquoted variables are lists of words.
    # shellcheck disable=SC2086
    if ! cmake -B "$folder" ${fresh:-} -DCMAKE_BUILD_TYPE=Release "$@" >"$folder.log" 2>&1 ||
        ! cmake --build "$folder" --parallel "$jobs" --target $targets >>"$folder.log" 2>&1; then
        tail -n 30 "$folder.log" >&2
        fail "the build failed: see $folder.log"
    fi
}

tools=$llama/build-prove
build "$tools" "slm_prove understudy_slm_probe${dry:+ gpu_stub}" -S "$here" -DSLM_PROVE=ON \
    -DLLAMA_SRC="$llama/llama.cpp" -DLLAMA_LIBS="$llama/lib"
step "built slm_prove and the probe"

if [ -n "$dry" ]; then
    mkdir -p "$llama/cuda-dry"
    cp "$tools/libgpu_stub.so" "$llama/cuda-dry/libggml-cuda.so"
    printf '%s\n' "${SLM_STUB:-}" >"$llama/cuda-dry/libggml-cuda.so.conf"
    plugin=$llama/cuda-dry/libggml-cuda.so
    made="stub"
elif [ -n "$prebuilt" ]; then
    plugin=$llama/cuda-$prebuilt/libggml-cuda.so
    made="prebuilt, CUDA $prebuilt"
else
    # the code of this GPU only; from 9.0 on some kernels are for one architecture alone
    architecture=$capability
    [ "$architecture" -lt 120 ] || architecture=${capability}a
    out=$llama/cuda-build-$architecture
    build "$out" ggml-cuda -S "$llama/llama.cpp" -DCMAKE_CUDA_COMPILER="$nvcc" "-DCMAKE_CUDA_ARCHITECTURES=$architecture-real" \
        -DGGML_CUDA=ON -DGGML_BACKEND_DL=ON -DBUILD_SHARED_LIBS=ON -DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON \
        -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DGGML_CUDA_NCCL=OFF \
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF \
        -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_CURL=OFF
    built=$(find "$out" -name libggml-cuda.so -type f | head -n 1)
    [ -n "$built" ] || fail "the build made no libggml-cuda.so: see $out.log"
    mkdir -p "$llama/cuda-own"
    cp "$built" "$llama/cuda-own/libggml-cuda.so"
    plugin=$llama/cuda-own/libggml-cuda.so
    made="own build, $("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/CUDA \1/p'), $architecture"
fi
step "plug-in: $plugin"

# --- try and prove -----------------------------------------------------------------------------------------------------

export LD_LIBRARY_PATH="$llama/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
verdict=$("$tools/understudy_slm_probe" "$llama/lib" "$plugin" 600) || fail "the probe was ended with status $?: its last line is above"
verdict=$(echo "$verdict" | tail -n 1)
case $verdict in
'{"good":true,'*) ;;
*) fail "the probe says: $verdict" ;;
esac
step "the probe says: $verdict"

proof=0
table=$("$tools/slm_prove" "$llama/lib" "$plugin" "$model" ${dry:+quick}) || proof=$?
step "proved"
cat <<END
## CUDA on ${gpu}

| | |
|---|---|
| date | $(date -u +%Y-%m-%d) |
| driver | ${driver} |
| plug-in | ${made}, SHA-256 $(sha256sum "$plugin" | cut -c1-16)… |
| model | $(basename -- "$model") |
| time in all | $(($(date +%s) - began)) s |

${table}
END
[ -z "$dry" ] || say "a dry run proves no GPU"
[ "$proof" -eq 0 ] || fail "the proof failed with status $proof"
