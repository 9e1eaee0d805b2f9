"""llama-server on the engine's own source and libraries: built once into the cache, and run."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "src" / "test" / "e2e"))
from conftest import Child, fetch, free_port, reachable, wait_until  # noqa: E402

CACHE = pathlib.Path(os.environ.get("UNDERSTUDY_CACHE", ROOT / ".cache"))
LLAMA = CACHE / "llama"
WEIGHTS = CACHE / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
TEMPLATE = ROOT / "src" / "main" / "resources" / "slm" / "chatml-tools.jinja"


def build():
    """The server's file. About five minutes on two cores the first time, a second later on."""
    folder = LLAMA / "peer"
    folder.mkdir(parents=True, exist_ok=True)
    server = folder / "llama-server"
    if not server.exists():
        print("building llama-server to measure against (about five minutes, once)", file=sys.stderr, flush=True)
    generator = ["-G", "Ninja"] if shutil.which("ninja") and not (folder / "CMakeCache.txt").exists() else []
    configure = ["cmake", "-S", str(pathlib.Path(__file__).parent), "-B", str(folder), *generator]
    configure += [f"-DLLAMA_SRC={LLAMA}/llama.cpp", f"-DLLAMA_LIBS={LLAMA}/lib"]
    log = LLAMA / "peer.log"
    with log.open("w") as out:
        for command in configure, ["cmake", "--build", str(folder), "--parallel", "2"]:
            if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT).returncode:
                raise SystemExit(f"llama-server could not be built: see {log}")
    return server


class LlamaServer(Child):
    """One that answers on a free port. It finds ggml's CPU libraries in its working folder."""

    def __init__(self, folder, threads, parallel, context):
        self.port = free_port()
        command = [str(build()), "--model", str(WEIGHTS), "--chat-template-file", str(TEMPLATE), "--jinja"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--offline", "--no-ui"]
        command += ["--threads", str(threads), "--threads-batch", str(threads)]
        command += ["--parallel", str(parallel), "--ctx-size", str(context), "--kv-unified"]
        command += ["--threads-http", str(parallel + 4)]
        os.chdir(LLAMA / "lib")
        super().__init__(command, None, folder / "llama-server.log")
        self.url = f"http://127.0.0.1:{self.port}"
        wait_until(lambda: self.ended() or reachable(self.url + "/health"), 60, "llama-server")
        if self.ended():
            raise SystemExit("llama-server did not start: " + self.text())

    def ask(self, path, body):
        return fetch(self.url + path, body=body)
