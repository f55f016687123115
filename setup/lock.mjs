import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Runs `body` while no other set-up of the same clone does; waits for one that runs. */
export async function withLock(path, say, body) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; !take(path); told = true) {
    if (!told) say(`set-up: another one is running here; waiting for it … (If none is, delete ${path})`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await body();
  } finally {
    release();
    process.off("exit", release);
  }
}

function take(path) {
  try {
    const file = openSync(path, "wx");
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!holderLives(path)) rmSync(path, { force: true }); // its set-up was killed; the next try takes it
    return false;
  }
}

function holderLives(path) {
  try {
    return process.kill(Number(readFileSync(path, "utf8")), 0);
  } catch (error) {
    return error.code !== "ESRCH"; // another user's process lives; a lock that has just gone is asked for again
  }
}
