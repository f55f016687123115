// What kernel.json starts: node main.js {connection_file}
import { startKernel } from "./kernel.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const connectionFile = process.argv[2];

if (major < 22 || (major === 22 && minor < 13)) {
  fail(
    `This kernel needs Node 22.13 or later, and "node" on the PATH of Jupyter is ${process.versions.node}. ` +
      "Start Jupyter with: npm run lab",
  );
} else if (connectionFile === undefined) {
  fail("This starts a notebook kernel and is run by Jupyter: npm run lab");
} else {
  startKernel(connectionFile);
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
