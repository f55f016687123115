/**
 * Keeps this process's standard output for answers, a line of JSON each: what else is printed goes to standard error.
 *
 * @returns what writes an answer; false where the reader is slow, until the stream's `drain`.
 */
export function ownOutput(): (message: unknown) => boolean {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return (message) => write(`${JSON.stringify(message)}\n`);
}
