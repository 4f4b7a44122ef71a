/** The words of a formula, as docs/formulas.md has them. The server reads it whole and says what is wrong; here it is only rewritten. Pure. */

// a name in quotes, a name, a number, and any other sign
const WORD = /`([^`]+)`|\["((?:[^"\\]|\\.)*)"\]|(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_][\w.]*(?:\/[A-Za-z_][\w.]*)*)|(\S)/g;

const FUNCTIONS = new Map([["log", "np.log"], ["log2", "np.log2"], ["log10", "np.log10"], ["exp", "np.exp"], ["sqrt", "np.sqrt"], ["abs", "np.abs"], ["min", "np.minimum"], ["max", "np.maximum"]]);

/** Which metrics a formula takes, and the formula in Python, of columns of numbers in `value`. */
export function wordsOf(formula: string, metrics: readonly string[]): { names: string[]; python: string } {
  const known = new Set(metrics);
  const names = new Set<string>();
  const column = (name: string) => {
    names.add(name);
    return `value[${JSON.stringify(name)}]`;
  };
  const parts = Array.from(formula.matchAll(WORD), ([, ticked, quoted, number, word, sign]) => {
    if (ticked !== undefined) return column(ticked);
    if (quoted !== undefined) return column(quoted.replace(/\\(.)/g, "$1"));
    if (word !== undefined) {
      const pieces = word.split("/");
      const isDivision = !known.has(word) && pieces.length > 1 && pieces.every((piece) => known.has(piece));
      return FUNCTIONS.get(word) ?? (isDivision ? pieces.map(column).join(" / ") : column(word));
    }
    return number ?? (sign === "^" ? "**" : (sign ?? ""));
  });
  return { names: [...names], python: parts.join(" ").replaceAll("( ", "(").replaceAll(" )", ")").replace(/(np\.\w+) \(/g, "$1(").replaceAll(" ,", ",") };
}
