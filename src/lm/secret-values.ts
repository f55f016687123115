/** The values of headers or of an address's query that are secrets, told by their names. */
export function secretValues(members: Iterable<readonly [name: string, value: string]>): string[] {
  return [...members]
    .filter(([name]) => /authorization|cookie|key|token|secret|password|sig/i.test(name))
    .map(([, value]) => value);
}
