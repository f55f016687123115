import { expect, test } from "vitest";
import { wrongJava } from "../../setup/java.mjs";

test.each([
  'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)',
  'java version "21.0.2" 2024-01-16 LTS',
  'Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "25-ea" 2025-09-16',
])("Spark runs on %s", (said) => {
  expect(wrongJava(said)).toBeUndefined();
});

test.each([
  ['openjdk version "11.0.22" 2024-01-16', "Java 11.0.22"],
  ['java version "1.8.0_412"', "Java 1.8.0_412"],
  ["", "a Java of unknown version"],
])("Spark does not run on %s", (said, found) => {
  expect(wrongJava(said)).toBe(`${found} on the PATH; Spark needs Java 17 or later`);
});
