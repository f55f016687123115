import { html } from "../html.ts";
import type { Section } from "../section.ts";

/** How the figures were made and are to be read. */
export function reading(): Section {
  return {
    id: "reading",
    title: "How to read this",
    body: html`<ul>
      <li>
        An interval holds the true value in 95 of 100 such evaluations: Wilson's where rows are right or
        wrong, else the bootstrap's. Few rows make it wide.
      </li>
      <li>
        Before and after are compared row by row. &ldquo;Within chance&rdquo; means that a difference as large
        would come by luck in more than 5 of 100 cases, by McNemar's exact test where rows are right or wrong,
        else by sign flips.
      </li>
      <li>
        A reply that could not be read counts as wrong. An outage says nothing of the program: it has no score
        and is left out of every mean.
      </li>
      <li>
        F1 is the harmonic mean of precision and recall; macro F1 its mean over the classes, rare ones
        included.
      </li>
    </ul>`,
  };
}
