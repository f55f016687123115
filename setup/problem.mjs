/** What a person can mend: shown as it stands, without a stack. */
export class Problem extends Error {}
