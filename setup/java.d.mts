/** Why Spark cannot run on the Java of this machine; undefined where it can. */
export function noJava(): Promise<string | undefined>;

/** Why Spark cannot run on a Java, by what that says to `-version`; undefined where it can. */
export function wrongJava(said: string): string | undefined;
