/** What one types to load, serve, verify and package a version, with its real name and this server's address. Pure. */

type Named = { model: string; version: number; aliases: readonly string[] };

/** `name:v3`: exactly this version. */
export const exactRef = ({ model, version }: Pick<Named, "model" | "version">): string => `${model}:v${String(version)}`;

/** By the alias that it holds, production before others, or else by its number. */
export function refOf({ model, version, aliases }: Named): string {
  const alias = aliases.find((one) => one === "production") ?? aliases[0];
  return alias === undefined ? exactRef({ model, version }) : `${model}@${alias}`;
}

export type Way = { label: string; about: string; text: string };

/** `origin` is this server's address. A pickle is loaded by whoever says so alone. `inputs` are values for the fields, as JSON. */
type Given = Named & { origin: string; isPickle: boolean; inputs: readonly (readonly [name: string, json: string])[] };

/** Where `tracker serve` answers unless it is told otherwise. */
export const SERVED_AT = "http://127.0.0.1:8091";

/** The ways to use a bundle, in the order in which one comes to need them. */
export function waysOf(given: Given): Way[] {
  const { origin, isPickle, inputs, ...version } = given;
  const place = `export TRACKER_URL=${quoted(origin)}`;
  const body = `{"input": {${inputs.map(([name, json]) => `${JSON.stringify(name)}: ${json}`).join(", ")}}}`;
  return [
    {
      label: "Load",
      about: "In Python. It is fetched once, and loads without the server afterwards.",
      text: ["import tracker", "", `model = tracker.load(${JSON.stringify(refOf(version))}${isPickle ? ", allow_pickle=True" : ""}, url=${JSON.stringify(origin)})`, `output = model.predict(${pythonArguments(inputs)})`].join("\n"),
    },
    {
      label: "Serve",
      about: "Over HTTP. It follows its alias without dropping a request; --cors lets this page ask it.",
      text: [place, serveLine(given), "", `curl ${SERVED_AT}/predictions -H 'Content-Type: application/json' -d ${quoted(body)}`].join("\n"),
    },
    {
      label: "Verify",
      about: "Runs the stored example in an environment of the lock. The result stands here as a badge.",
      text: [place, verifyLine(given)].join("\n"),
    },
    {
      label: "Package",
      about: "Writes a Dockerfile with pinned packages and the verified files; --format writes other layouts.",
      text: [place, `tracker package ${exactRef(version)} --out ${quoted(`${version.model}-v${String(version.version)}`)}${flag(given)}`].join("\n"),
    },
  ];
}

export const verifyLine = (given: Pick<Given, "model" | "version" | "isPickle">): string => `tracker verify ${exactRef(given)}${flag(given)}`;

/** So that a page of this server may ask it. */
export const serveLine = (given: Pick<Given, "model" | "version" | "aliases" | "isPickle" | "origin">): string =>
  `tracker serve ${refOf(given)}${flag(given)} --cors ${quoted(given.origin)}`;

const flag = ({ isPickle }: { isPickle: boolean }) => (isPickle ? " --allow-pickle" : "");

const KEYWORDS = new Set("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" "));

function pythonArguments(inputs: Given["inputs"]): string {
  const isPlain = inputs.every(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name));
  if (isPlain) return inputs.map(([name, json]) => `${name}=${pythonValue(json)}`).join(", ");
  return `**{${inputs.map(([name, json]) => `${JSON.stringify(name)}: ${pythonValue(json)}`).join(", ")}}`;
}

const PYTHON: Record<string, string> = { true: "True", false: "False", null: "None" };

/** JSON as Python writes it; words in strings stay. */
const pythonValue = (json: string): string => json.replace(/"(?:[^"\\]|\\.)*"|true|false|null/g, (part) => PYTHON[part] ?? part);

/** As one word for a shell; what needs no quotes has none. */
const quoted = (text: string) => (/^[A-Za-z0-9@:/._-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);
