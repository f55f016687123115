/** What `make` gives, made when it is first asked for: an import of the package does not wait for it. */
export function onUse<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
