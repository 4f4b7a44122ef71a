/** The Python and the shell that fetch a version: by the alias that it holds, or else by its number. Pure. */

type Named = { model: string; version: number; aliases: readonly string[] };

export function fetchLines({ model, version, aliases }: Named): string {
  const alias = aliases.find((one) => one === "production") ?? aliases[0];
  const exact = `${model}:v${String(version)}`;
  const lines = ["import tracker", ""];
  if (alias === undefined) return [...lines, `folder = tracker.use_model(${JSON.stringify(exact)})`].join("\n");
  return [
    ...lines,
    `folder = tracker.use_model(${JSON.stringify(`${model}@${alias}`)})  # whichever version holds ${alias}`,
    `folder = tracker.use_model(${JSON.stringify(exact)})  # exactly this version`,
  ].join("\n");
}

const MOST_FILES = 5;

type WithFiles = { files: readonly { path: string }[] };

/** `addressOf` is where a file is downloaded from. */
export function curlLines({ files }: WithFiles, origin: string, addressOf: (path: string) => string): string {
  const lines = files.slice(0, MOST_FILES).map(({ path }) => `curl -f -H "Authorization: Bearer $TRACKER_API_KEY" --create-dirs -o ${quoted(path)} ${quoted(origin + addressOf(path))}`);
  const left = files.length - MOST_FILES;
  return [...lines, ...(left > 0 ? [`# and ${String(left)} more`] : [])].join("\n");
}

/** As one word for a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
