/** The Python that fetches a version: by the alias that it holds, or else by its number. Pure. */

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
