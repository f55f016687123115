/** A part of a file that is cut into chunks by itself. */
export interface Section {
  readonly text: string;
  /** The headings it stands under, outermost first. */
  readonly headings?: readonly string[];
  /** From 1. */
  readonly page?: number;
}
