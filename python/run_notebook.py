"""Runs notebooks without a browser, by nbclient.

    node setup/run-notebook.mjs [--in-place] [--json] [--timeout SECONDS] NOTEBOOK...

A failing cell ends the run: its traceback goes to stderr, and the exit code is 1. With `--in-place` a notebook
that ran to its end is written back with its outputs, free of what differs from run to run or from machine to
machine: paths, ports, times. With `--json` stdout is one line a notebook, `{"notebook": …, "error": …}`.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent

# Promises that nothing awaits may be rejected after the last cell: this gives them time to fail one more.
DRAIN = "// after the last cell\nawait new Promise((resolve) => setTimeout(resolve, 200));"

# What the line of a finished piece of work says of time: "in 13 s", "in 4 min 10 s".
SPENT = re.compile(
    r" (?:·|&#183;) (?:<span>)?in [\d.]+ (?:s|min|h)(?: \d+ (?:s|min))?(?:</span>(?=</div>)|$)",
    re.MULTILINE,
)
PORT = re.compile(r"\b(127\.0\.0\.1|localhost):\d{2,5}\b")


def run(path: Path, timeout: int | None) -> tuple[nbformat.NotebookNode, dict | None]:
    """Executes the notebook in its own folder; gives it with its outputs, and why it failed where it did."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["kernelspec"] = {
        "name": "lmframe",
        "display_name": "TypeScript (lmframe)",
        "language": "typescript",
    }
    notebook.cells.append(nbformat.v4.new_code_cell(DRAIN))
    client = NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=120,
        record_timing=False,
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    error = None
    try:
        client.execute()
    except CellExecutionError as failed:
        error = {"name": failed.ename, "message": failed.evalue, "traceback": failed.traceback}
    except (CellTimeoutError, DeadKernelError) as failed:
        error = {"name": type(failed).__name__, "message": str(failed), "traceback": str(failed)}
    notebook.cells.pop()
    return notebook, error


def settled(text: str) -> str:
    """The text without this machine's folders and ports."""
    for folder, name in ((ROOT, "."), (Path.home(), "~")):
        text = text.replace(f"{folder}{os.sep}", f"{name}{os.sep}")
    return PORT.sub(r"\1", text)


def strip(notebook: nbformat.NotebookNode) -> None:
    """Takes out of the outputs what differs from run to run or from machine to machine."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            of_progress = output.get("metadata", {}).get("lmframe", {}).get("progress", False)
            for key in ("text", "evalue"):
                if key in output:
                    output[key] = settled(output[key])
            if "traceback" in output:
                output["traceback"] = [settled(line) for line in output["traceback"]]
            for kind, content in output.get("data", {}).items():
                if isinstance(content, str):
                    content = SPENT.sub("", content) if of_progress else content
                    output["data"][kind] = settled(content)


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs notebooks without a browser.")
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--in-place", action="store_true", help="write the outputs back")
    parser.add_argument("--json", action="store_true", help="write notebook and error to stdout")
    parser.add_argument("--timeout", type=int, help="seconds a cell may take (default: any)")
    options = parser.parse_args()

    failures = 0
    for path in options.notebooks:
        notebook, error = run(path, options.timeout)
        if options.json:
            print(json.dumps({"notebook": notebook, "error": error}), flush=True)
        if error:
            failures += 1
            if not options.json:
                print(f"{path}: {error['traceback']}", file=sys.stderr)
        elif options.in_place:
            strip(notebook)
            nbformat.write(notebook, path)
            print(f"{path}: ran, outputs written", file=sys.stderr)
        else:
            print(f"{path}: ran", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
