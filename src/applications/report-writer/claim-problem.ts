import type { Piece, CellReference } from "./reference.ts";
import type { ResultColumn } from "./result.ts";

/** A reference to a number. */
export type NumberReference = CellReference & { row: number; value: number };
type Numbers = readonly NumberReference[];

/** Words that claim something of the numbers beside them, and what must hold where they stand. */
const claims: readonly { words: RegExp; expected: string; holds: (numbers: Numbers) => boolean }[] = [
  {
    words: /\b(?:most|highest|largest|greatest|biggest|maximum|commonest|longest)\b/i,
    expected: "a number that is the highest of its column",
    holds: hasHighest,
  },
  {
    words:
      /\b(?:lead|leads|led|leading|leaders?|tops?|topped|topping|topmost|heads|headed|foremost|ahead(?! of\b)|wins?|won|winners?|front-?runners?|peaks?|peaked|prevails?|prevailed|(?:pre)?domina(?:te|nt|nc)\w*|unsurpassed|unmatched)\b/i,
    expected: "a number that is the highest of its column",
    holds: hasHighest,
  },
  {
    words: /\b(?:least|lowest|smallest|fewest|minimum|rarest|shortest|bottom|bottommost)\b/i,
    expected: "a number that is the lowest of its column",
    holds: hasLowest,
  },
  {
    words: /\b(?:trails?|trailed|trailing|lags?|lagged|lagging|behind)\b/i,
    expected: "a number that is the lowest of its column, or two of one column, the lower before the higher",
    holds: (numbers) => hasLowest(numbers) || compares(numbers, (first, second) => first < second),
  },
  {
    words:
      /\b(?:more|higher|larger|greater|bigger|longer|above|over|exceeds?|exceeded|outnumbers?|ahead of|(?:surpass|outpac|outrank|outstrip|beat|overt[ao]{1,2}k)\w*)\b(?! by\b)/i,
    expected: "two numbers of one column, the higher before the lower",
    holds: (numbers) => compares(numbers, (first, second) => first > second),
  },
  {
    words:
      /\b(?:less|fewer|lower|smaller|shorter|below|under|(?:exceeded|outnumbered|surpassed|outpaced|outranked|outstripped|beaten|overtaken) by)\b/i,
    expected: "two numbers of one column, the lower before the higher",
    holds: (numbers) => compares(numbers, (first, second) => first < second),
  },
  {
    words: /\b(?:rose|rises?|risen|rising|increas\w*|grew|grows?|grown|growing|climb\w*)\b/i,
    expected: "two numbers of one column of which time is told, the earlier and lower one before the later",
    holds: (numbers) => compares(numbers, (first, second) => first < second, true),
  },
  {
    words: /\b(?:fell|falls?|fallen|falling|declin\w*|decreas\w*|drop\w*|shr[aiu]nk\w*)\b/i,
    expected: "two numbers of one column of which time is told, the earlier and higher one before the later",
    holds: (numbers) => compares(numbers, (first, second) => first > second, true),
  },
  {
    words: /\b(?:mean|average|averages|averaged)\b/i,
    expected: "a number that is a mean",
    holds: measures("mean"),
  },
  { words: /\bmedian\b/i, expected: "a number that is a median", holds: measures("median") },
  {
    words: /\b(?:share|shares|percent|percentage|proportion|rate)\b/i,
    expected: "a number that is a share",
    holds: measures("share"),
  },
];

/**
 * What a sentence claims of its numbers that does not hold: that one is the highest, more than another, a mean, has risen.
 * Undefined where all that is known to be claimed holds. A claim that is denied is not read: whether a "not" goes with it
 * cannot be told.
 */
export function claimProblem(pieces: readonly Piece[]): string | undefined {
  const words = pieces.filter((piece) => typeof piece === "string").join(" ");
  const numbers = pieces.filter(isNumber);
  for (const claim of claims) {
    const word = claim.words.exec(words)?.[0];
    if (word === undefined) continue;
    if (/\b(?:not|never|no|neither|nor|hardly)\b|n['’]t\b/i.test(words))
      return `"${word}" stands beside a negation; say what is, not what is not`;
    if (!claim.holds(numbers)) return `"${word}" does not hold; expected ${claim.expected}`;
  }
  return undefined;
}

/** True for a reference to a number. */
export function isNumber(piece: Piece): piece is NumberReference {
  return typeof piece !== "string" && typeof piece.value === "number";
}

function hasHighest(numbers: Numbers): boolean {
  return numbers.some(({ column, value }) => column.extent?.high === value);
}

function hasLowest(numbers: Numbers): boolean {
  return numbers.some(({ column, value }) => column.extent?.low === value);
}

/** Whether the first two numbers of one column compare so; one after the other in time, where `inOrder`. */
function compares(
  numbers: Numbers,
  holds: (first: number, second: number) => boolean,
  inOrder = false,
): boolean {
  for (const [place, first] of numbers.entries()) {
    const second = numbers
      .slice(place + 1)
      .find((each) => each.column === first.column && each.row !== first.row);
    if (second)
      return (
        holds(first.value, second.value) && (!inOrder || (first.column.inTime && first.row < second.row))
      );
  }
  return false;
}

function measures(measure: NonNullable<ResultColumn["measure"]>): (numbers: Numbers) => boolean {
  return (numbers) => numbers.some(({ column }) => column.measure === measure);
}
