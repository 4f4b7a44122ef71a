/** What one types of a formula: the name that is being typed, and names in quotes where they need them. Pure. */

const WORD = "[\\p{L}\\p{N}_]";
/** What the server reads as one name without quotes. */
const PLAIN = new RegExp(`^[\\p{L}_]${WORD}*(?:\\.${WORD}+)*$`, "u");
const IN_NAME = /[\p{L}\p{N}_.]/u;

export const FUNCTIONS = ["log", "log10", "exp", "sqrt", "abs", "min", "max"] as const;

export const written = (name: string): string => {
  if (PLAIN.test(name)) return name;
  const quote = ['"', "'", "`"].find((one) => !name.includes(one)) ?? '"';
  return `${quote}${name}${quote}`;
};

/** `from` to the caret is the name that is being typed, with its opening quote. */
export function wordAt(text: string, caret: number): { from: number; word: string } {
  const before = text.slice(0, caret);
  const quote = openQuote(before);
  if (quote !== -1) return { from: quote, word: before.slice(quote + 1) };
  const word = /[\p{L}\p{N}_./-]*$/u.exec(before)?.[0].replace(/^[-./]+/, "") ?? "";
  return { from: caret - word.length, word };
}

/** With what was chosen in the place of the name that is being typed, and where the caret goes. */
export function inserted(text: string, caret: number, insert: string): { text: string; caret: number } {
  const { from } = wordAt(text, caret);
  const quote = text[from] ?? "";
  const rest = "\"'`".includes(quote) && quote !== "" && text[caret] === quote ? text.slice(caret + 1) : text.slice(caret);
  return { text: text.slice(0, from) + insert + rest, caret: from + insert.length };
}

/**
 * With quotes around the metrics that need them and stand there without. Where all the parts of such a name are metrics
 * themselves, it stays what it is: a reckoning with these.
 */
export function withQuotes(text: string, metrics: readonly string[]): string {
  const known = new Set(metrics);
  const names = metrics.filter((name) => !PLAIN.test(name) && !name.split(/[^\p{L}\p{N}_.]+/u).every((part) => known.has(part))).toSorted((a, b) => b.length - a.length);
  let made = "";
  let at = 0;
  while (at < text.length) {
    const sign = text[at] ?? "";
    if ("\"'`".includes(sign)) {
      const end = text.indexOf(sign, at + 1);
      const next = end === -1 ? text.length : end + 1;
      made += text.slice(at, next);
      at = next;
      continue;
    }
    const isStart = !IN_NAME.test(text[at - 1] ?? " ");
    const name = isStart ? names.find((one) => text.startsWith(one, at) && !IN_NAME.test(text[at + one.length] ?? " ")) : undefined;
    made += name === undefined ? sign : written(name);
    at += name?.length ?? 1;
  }
  return made;
}

/** Where a quote stands that is not closed; -1 for none. */
function openQuote(before: string): number {
  let open = -1;
  for (let index = 0; index < before.length; index += 1) {
    const sign = before[index] ?? "";
    if (open === -1 && "\"'`".includes(sign)) open = index;
    else if (open !== -1 && sign === before[open]) open = -1;
  }
  return open;
}
