"""Serves the classifier as a DSPy program by `mlflow models serve`: prints its address, and ends with its input.

Arguments: base URL of the endpoint of its model, a folder for the saved program, processes.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

# Without it LiteLLM waits for a list of prices from elsewhere.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
base_url, folder, workers = sys.argv[1:]

import dspy  # noqa: E402
import mlflow  # noqa: E402

dspy.configure(lm=dspy.LM("openai/dspy", api_base=base_url, api_key="none", cache=False))
program = Path(folder) / "program"
mlflow.dspy.save_model(dspy.Predict("question -> answer"), str(program))
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(program)]
command += ["--port", str(port), "--env-manager", "local", "--workers", workers]
# It starts uvicorn by name.
path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
server = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True, env={**os.environ, "PATH": path})
address = f"http://127.0.0.1:{port}"
try:
    # On a busy machine its processes import for minutes.
    until = time.monotonic() + 900
    while time.monotonic() < until:
        if server.poll() is not None:
            sys.exit("mlflow models serve ended")
        try:
            urllib.request.urlopen(f"{address}/ping", timeout=1)
            break
        except OSError:
            time.sleep(0.2)
    else:
        sys.exit("mlflow models serve is not ready after 15 minutes")
    print(address, flush=True)
    sys.stdin.read()
finally:
    if server.poll() is None:
        os.killpg(server.pid, 15)
