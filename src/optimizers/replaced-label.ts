import { isDenied } from "./changed-scale.ts";

/**
 * A word put in the place of one of `labels`, with how the text says it: `Answer 'upset' instead of 'negative'`, `Use the
 * label upset for complaints`. What `stated` says in the same way is free, and so are `names`. Undefined where there is
 * none.
 *
 * @param onlyLabels no output takes anything else: then `Answer 'upset' where they complain` is read so as well.
 */
export function replacedLabel(
  labels: readonly string[],
  names: ReadonlySet<string>,
  stated: string,
  text: string,
  onlyLabels: boolean,
): { name: string; found: string } | undefined {
  if (labels.length === 0) return undefined;
  const forms = [...instead(labels), callsItALabel, ...(onlyLabels ? [answersIt] : [])];
  const fold = (name: string) => name.toLowerCase();
  const free = new Set([...names].map(fold));
  for (const { name } of namedIn(stated, forms)) free.add(fold(name));
  return namedIn(text, forms).find(({ name }) => !free.has(fold(name)));
}

const mark = "[`'\"“”‘’]";
const inQuotes = "[`'\"“‘](?<quoted>[^`'\"“”‘’\\n]{1,60})[`'\"”’]";
const oneWord = "(?<bare>[\\p{L}\\p{N}][\\p{L}\\p{N}_-]*)";
const answers = "(?:answer|say|write|use|return|output|give|respond|reply|choose|put)(?:\\s+with)?";
/** A noun behind a label makes it an adjective: `instead of negative words`. */
const alone =
  "(?=\\s*(?:$|[.,;:!?)\\n]|(?:for|when|whenever|where|wherever|if|in|on|to|and|or|as|whatever)\\b))";

/** `Answer 'upset' instead of 'negative'`, `Instead of negative, answer upset`, `Replace negative with upset`. */
function instead(labels: readonly string[]): RegExp[] {
  const label = [...labels]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("|");
  const of = `(?:instead of|rather than|in place of)\\s+(?:the\\s+)?(?:label\\s+)?(?:${mark}(?:${label})${mark}|(?:${label})(?![\\p{L}\\p{N}])${alone})`;
  return [
    new RegExp(`\\b${answers}\\s+(?:${inQuotes}|${oneWord})\\s+${of}`, "giu"),
    new RegExp(
      `\\b(?:replace|substitute)\\s+${mark}?(?:${label})${mark}?\\s+(?:with|by)\\s+(?:${inQuotes}|${oneWord}${alone})`,
      "giu",
    ),
    new RegExp(`\\b${of}\\s*,?\\s*(?:please\\s+)?${answers}\\s+(?:${inQuotes}|${oneWord}${alone})`, "giu"),
  ];
}

/** `Use the label upset for complaints`. */
const callsItALabel = new RegExp(
  "\\b(?:use|answer|give|choose|assign|apply|return|output|write|pick|add|introduce|with)\\s+(?:with\\s+)?(?:the|a|an|another)\\s+(?:new\\s+)?(?:label|class|category|tag)\\s+(?:called\\s+|named\\s+)?" +
    `(?:${inQuotes}|${oneWord}(?=\\s+(?:for|when|whenever|where|wherever|if|on|instead|rather)\\b))`,
  "giu",
);
/** `Answer 'upset' where they complain`, at the beginning of a clause: a customer may answer 'no' as well. */
const answersIt = new RegExp(
  `(?<=(?:^|[.;:!?,\\n]|\\b(?:and|then|please))\\s*)(?:answer|return|output|respond|reply|use|say|write|give|choose)(?:\\s+with)?\\s+${inQuotes}(?=\\s+(?:for|when|whenever|where|wherever|if|to)\\b)`,
  "giu",
);

/** Words that stand where a label could and are none: `the label only where`, `the category needed for`. */
const noLabels = new Set(
  (
    "it this that these those them they so one something nothing anything what whatever which whichever another other " +
    "only alone first last verbatim best again here there exactly just even also not never always once twice most more less " +
    "needed meant reserved used given chosen provided intended suited fitted fitting suitable appropriate right correct " +
    "closest nearest made set defined listed described required expected assigned asked available itself name names text " +
    "texts value values word words field list set known judgement judgment care caution common sense"
  ).split(" "),
);

function namedIn(text: string, forms: readonly RegExp[]): { name: string; found: string }[] {
  return forms.flatMap((form) =>
    [...text.matchAll(form)].flatMap(({ 0: found, index, groups }) => {
      const { quoted, bare = "" } = groups!;
      if (isDenied(text, index)) return [];
      if (quoted === undefined && (noLabels.has(bare.toLowerCase()) || /ly$/iu.test(bare))) return [];
      return [{ name: (quoted ?? bare).trim(), found: found.trim() }];
    }),
  );
}
