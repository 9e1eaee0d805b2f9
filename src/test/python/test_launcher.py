"""The launcher, with JDKs that only say what they were asked to run."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def jdk(folder, version):
    """A folder that looks like a JDK; its java prints its own name and its arguments, one a line."""
    script(folder / "bin/java", f'echo {folder.name}\nprintf "%s\\n" "$@"\n')
    script(folder / "bin/javac", "exit 1\n")
    (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return folder


@pytest.fixture
def checkout(tmp_path):
    """A folder with the launcher and a program that counts as built."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    shutil.copy(ROOT / "understudy", folder / "understudy")
    script(folder / "target/quarkus-app/quarkus-run.jar", "")
    return folder


def run(checkout, *words, cwd=None, **environment):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("UNDERSTUDY", "JAVA"))}
    return subprocess.run(
        [checkout / "understudy", *words],
        cwd=cwd or checkout,
        env=env | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_words_reach_the_program_as_they_are(checkout, tmp_path):
    home = jdk(tmp_path / "jdk25", "25.0.1")
    ran = run(checkout, "policy", "validate", "a b", "*", cwd="/", JAVA_HOME=str(home))
    lines = ran.stdout.splitlines()
    assert lines[0] == "jdk25"
    assert lines[-5:] == [str(checkout / "target/quarkus-app/quarkus-run.jar"), "policy", "validate", "a b", "*"]
    assert f"-Dunderstudy.data={checkout}/data" in lines
    assert f"-Dunderstudy.policies={checkout}/policies" in lines
    assert "--enable-native-access=ALL-UNNAMED" in lines


def test_folders_of_the_environment_are_left_to_the_program(checkout, tmp_path):
    home = jdk(tmp_path / "jdk25", "25.0.1")
    ran = run(checkout, "usage", JAVA_HOME=str(home), UNDERSTUDY_DATA="/d", UNDERSTUDY_POLICIES="/p")
    assert "-Dunderstudy.data" not in ran.stdout
    assert "-Dunderstudy.policies" not in ran.stdout


def test_an_older_jdk_is_passed_over(checkout, tmp_path):
    old = jdk(tmp_path / "old", "17.0.15")
    home = tmp_path / "home"
    jdk(home / ".jdks/new", "26")
    # Which newer one is found first depends on the machine.
    ran = run(checkout, "usage", JAVA_HOME=str(old), HOME=str(home))
    assert "old" not in ran.stdout.splitlines()
    assert "no JDK" not in ran.stderr


def test_the_exit_status_is_the_programs(checkout, tmp_path):
    home = jdk(tmp_path / "jdk25", "25.0.1")
    script(home / "bin/java", "exit 7\n")
    assert run(checkout, "usage", JAVA_HOME=str(home)).returncode == 7


def test_without_words_it_says_what_it_can_do(checkout):
    ran = run(checkout)
    assert ran.returncode == 0
    assert "./understudy COMMAND" in ran.stdout


def test_a_link_to_it_works_from_anywhere(checkout, tmp_path):
    home = jdk(tmp_path / "jdk25", "25.0.1")
    link = tmp_path / "bin/understudy"
    link.parent.mkdir()
    link.symlink_to(checkout / "understudy")
    ran = subprocess.run(
        [link, "usage"], cwd="/", env=dict(os.environ, JAVA_HOME=str(home)), capture_output=True, text=True, check=False
    )
    assert str(checkout / "target/quarkus-app/quarkus-run.jar") in ran.stdout


def test_an_unknown_option_of_the_check_is_refused(checkout):
    shutil.copytree(ROOT / "src/test/sh", checkout / "src/test/sh")
    ran = run(checkout, "test", "--slow")
    assert ran.returncode == 1
    assert ran.stderr.startswith("understudy: usage: ./understudy test [--quick")


def test_an_unknown_bench_is_refused_with_the_known_ones(checkout):
    (checkout / "src/bench").mkdir(parents=True)
    (checkout / "src/bench/slm.py").write_text("")
    ran = run(checkout, "bench", "../../x")
    assert ran.returncode == 1
    assert ran.stderr == "understudy: usage: ./understudy bench NAME, one of: slm\n"
