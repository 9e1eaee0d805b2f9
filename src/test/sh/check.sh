# shellcheck shell=sh
# The one check: read by ./understudy test, whose functions and variables it uses. Every step runs, also after a failed one; the
# closing line counts the cases of all JUnit reports, and one more for each step that has no report or ended badly without one.

# The launcher sets these before it reads this file.
: "${here:?}" "${cache:?}" "${native:?}" "${web:?}"

reports=$here/target/reports
steps_passed=0
steps_failed=0
failed_names=

# attempt NAME COMMAND...: one step, with its time.
attempt() {
    name=$1
    shift
    say "== $name"
    began=$(date +%s)
    if "$@"; then
        outcome=ok
        steps_passed=$((steps_passed + 1))
    else
        outcome=FAILED
        steps_failed=$((steps_failed + 1))
        failed_names="$failed_names $name"
    fi
    say "== $name: $outcome ($(($(date +%s) - began)) s)"
}

# Adds up the attribute of all reports' suites; a suite of suites (ctest's and vitest's outer element) is left out.
total() {
    find "$here/target/surefire-reports" "$here/target/failsafe-reports" "$reports" -name '*.xml' -exec cat {} + 2>/dev/null |
        tr '\n' ' ' | sed 's/<testsuite /\n<testsuite /g' | sed -n "s/^<testsuite [^>]*[ \"]$1=\"\([0-9]*\)\".*/\1/p" |
        awk '{ n += $1 } END { print n + 0 }'
}

java_tests() {
    if [ "$1" = quick ]; then
        mvn -B -ntp -f "$here/pom.xml" test '-Dtest=*Test,!*QuarkusTest' -Dskip.webui.install=true
    else
        # What this packages is what the clients then meet.
        stamped "$here/target/.built" mvn -B -ntp -f "$here/pom.xml" verify -Dskip.webui.install=true
    fi
}

native_library() {
    build_native required && [ -e "$native/.built" ] && fetch_starter
}

native_tests() {
    SLM_TESTS=ON sh "$here/src/main/native/build.sh" "$native" "$cache" &&
        ctest --test-dir "$cache/llama/build" --output-on-failure --no-tests=error --output-junit "$reports/ctest.xml"
}

native_format() {
    find "$here/src/main/native" \( -name '*.cpp' -o -name '*.h' \) ! -path '*/upstream/*' -exec clang-format --dry-run -Werror {} +
}

web_tests() {
    (cd "$web" && npx --no-install vitest run --reporter=default --reporter=junit --outputFile.junit="$reports/vitest.xml")
}

web_lint() {
    npm --prefix "$web" run --silent lint
}

shell_lint() {
    (cd "$here" && find understudy .ci/run src -name node_modules -prune -o -type f \( -name '*.sh' -o -name understudy -o -path .ci/run \) \
        -exec shellcheck -x {} +)
}

python_lint() {
    "$cache/python-checks/bin/ruff" check "$here/src" && "$cache/python-checks/bin/ruff" format --check "$here/src"
}

python_tests() {
    (cd "$here" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/src/main/python" "$cache/python-checks/bin/python" -m pytest \
        -q -p no:cacheprovider --junitxml="$reports/pytest.xml" src/test/python)
}

# The trainer's own tests: its packages (about 7 GB) beside the tools of the other Python checks.
trainer_tests() {
    (cd "$here" && PYTHONDONTWRITEBYTECODE=1 \
        PYTHONPATH="$here/src/main/python:$(echo "$cache"/trainer/lib/python3*/site-packages)" \
        "$cache/python-checks/bin/python" -m pytest -q -p no:cacheprovider --junitxml="$reports/trainer.xml" src/test/trainer)
}

# The clients that people use, against the packaged gateway.
clients() {
    client_packages || return 1
    (cd "$here/src/test/e2e" && PYTHONDONTWRITEBYTECODE=1 UNDERSTUDY_CACHE="$cache" "$cache/python-clients/bin/python" -m pytest \
        -q -p no:cacheprovider --junitxml="$reports/clients.xml" .)
}

check() {
    case ${1:-all} in
    all) which=all ;;
    --quick) which=quick ;;
    --train) which=train ;;
    *) die "usage: ./understudy test [--quick | --train]" ;;
    esac
    need_build_tools
    mkdir -p "$cache"
    rm -rf "$reports" "$here/target/surefire-reports" "$here/target/failsafe-reports"
    mkdir -p "$reports"
    if [ "$which" = train ]; then
        attempt python-env python_env python-checks src/test/python/requirements.txt
        attempt trainer-env python_env trainer src/main/python/understudy_train/requirements.txt
        attempt trainer trainer_tests
        close
        return
    fi
    attempt native-library native_library
    attempt web-packages build_web
    attempt java java_tests "$which"
    [ "$which" = quick ] || attempt native native_tests
    attempt web web_tests
    attempt web-lint web_lint
    attempt python-env python_env python-checks src/test/python/requirements.txt
    attempt python python_tests
    attempt python-lint python_lint
    attempt native-format native_format
    attempt shell-lint shell_lint
    [ "$which" = quick ] || attempt clients clients
    close
}

close() {
    bad=$(($(total failures) + $(total errors)))
    skipped=$(total skipped)
    good=$(($(total tests) - bad - skipped + steps_passed))
    [ "$steps_failed" -le "$bad" ] || bad=$steps_failed
    [ -z "$failed_names" ] || say "failed steps:$failed_names"
    printf '%s passed, %s failed, %s skipped\n' "$good" "$bad" "$skipped"
    [ "$bad" -eq 0 ]
}
