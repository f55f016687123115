import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { kernelEnvironment, noNotebooks } from "../support/notebook.ts";

if (noNotebooks) console.info(`skipped: ${noNotebooks}`);

const root = join(import.meta.dirname, "../..");

/** Interrupts two cells that would never end, then asks for one that does; prints each reply's status. */
const script = `
from queue import Empty
from time import sleep
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="lmframe")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)

# What is published before this client's subscription has reached the kernel is lost to it.
while True:
    client.kernel_info()
    try:
        client.get_iopub_msg(timeout=1)
        break
    except Empty:
        pass

def begun(asked):
    """Whether the cell said something, before it ended."""
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == asked and message["msg_type"] in ("stream", "error"):
            return message["msg_type"] == "stream"

def status(code, stuck):
    asked = client.execute(code)
    if stuck:
        # Node loses, or keeps for the next script, a signal that comes just as a script begins or ends. As a
        # person does: look first, and press again where nothing happens.
        if not begun(asked):
            return status(code, stuck)
        sleep(1)
        manager.interrupt_kernel()
    while True:
        try:
            reply = client.get_shell_msg(timeout=20)
        except Empty:
            if stuck:
                manager.interrupt_kernel()
            continue
        if reply["parent_header"].get("msg_id") == asked:
            return reply["content"]["status"]

try:
    print(status("console.log('in'); await new Promise(() => {})", True))
    print(status("process.stdout.write('in'); while (true) {}", True))
    print(status("1 + 1", False))
finally:
    manager.shutdown_kernel()
`;

test.skipIf(noNotebooks)(
  "an interrupt ends a cell that waits and one that computes; the kernel goes on",
  { timeout: 240_000 },
  async () => {
    const python = join(root, process.platform === "win32" ? ".venv/Scripts/python.exe" : ".venv/bin/python");
    const path = `${join(root, "node_modules/.bin")}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}`;
    const { stdout } = await promisify(execFile)(python, ["-c", script], {
      env: await kernelEnvironment({ PATH: path }),
    });
    expect(stdout.trim().split(/\s+/)).toEqual(["error", "error", "ok"]);
  },
);
