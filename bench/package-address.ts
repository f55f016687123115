/** The address of the built package, as its users import it. */
export const address: string = new URL("../dist/index.js", import.meta.url).href;
