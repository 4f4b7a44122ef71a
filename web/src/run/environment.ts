/** What the client captured, which may lack anything or hold more than we know. Pure. */

import { formatBytes } from "../format";
import { own } from "../own";

type Bag = Record<string, unknown>;

export type Git = { commit: string | null; branch: string | null; remote: string | null; isDirty: boolean; patch: string | null; log: Commit[] };

/** `subject` is the first line of what was said of it. */
export type Commit = { id: string; subject: string };

const isBag = (value: unknown): value is Bag => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

export function gitOf(environment: Bag): Git | null {
  const git = environment["git"];
  if (!isBag(git)) return null;
  return { commit: text(git["commit"]), branch: text(git["branch"]), remote: text(git["remote"]), isDirty: git["is_dirty"] === true, patch: text(git["patch"]), log: commitsOf(git) };
}

const commitsOf = (git: Bag): Commit[] => bagsOf(git, "log").map((commit) => ({ id: text(commit["commit"]) ?? "", subject: text(commit["subject"]) ?? "" })).filter(({ id }) => id !== "");

export function commandOf(environment: Bag): string | null {
  const command = environment["command"];
  if (Array.isArray(command)) return command.map((word) => shellWord(String(word))).join(" ");
  return text(command);
}

const shellWord = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export function packagesOf(environment: Bag): [string, string][] {
  const packages = environment["packages"];
  if (Array.isArray(packages)) return packages.map((line) => splitRequirement(String(line)));
  if (!isBag(packages)) return [];
  return Object.entries(packages).map(([name, version]): [string, string] => [name, String(version)]).toSorted(([a], [b]) => a.localeCompare(b));
}

function splitRequirement(line: string): [string, string] {
  const [name = line, version = ""] = line.split("==");
  return [name, version];
}

/** The names of GPUs, however they were given. */
export function devicesOf(environment: Bag): string[] {
  const gpus = environment["gpus"] ?? environment["gpu"];
  if (!Array.isArray(gpus)) return text(gpus) === null ? [] : [String(gpus)];
  return gpus.map((gpu: unknown) => (isBag(gpu) ? (text(gpu["name"]) ?? JSON.stringify(gpu)) : String(gpu)));
}

/** Environment variables by name. */
export function variablesOf(environment: Bag): [string, string][] {
  const variables = environment["env"];
  if (!isBag(variables)) return [];
  return Object.entries(variables).map(([name, value]): [string, string] => [name, String(value)]).toSorted(([a], [b]) => a.localeCompare(b));
}

export type Source = { name: string; text: string };
export type LeftOut = { path: string; reason: string };

/** What was captured besides the patch: files that Git does not follow, or the cells of a notebook. */
export function sourcesOf(environment: Bag): Source[] {
  const files = bagsOf(environment["source"], "files").map((file): Source => ({ name: text(file["path"]) ?? "?", text: text(file["text"]) ?? "" }));
  const notebook = environment["notebook"];
  const path = isBag(notebook) ? (text(notebook["path"]) ?? "notebook") : "notebook";
  const cells = bagsOf(notebook, "cells").map((cell): Source => ({ name: `${path}, cell ${String(cell["number"] ?? "?")}`, text: text(cell["text"]) ?? "" }));
  return [...files, ...cells];
}

/** The files that were not captured, with why; the first of them where they are many. */
export function leftOutOf(environment: Bag): { listed: LeftOut[]; count: number } {
  const source = environment["source"];
  const listed = bagsOf(source, "left_out").map((one): LeftOut => ({ path: text(one["path"]) ?? "?", reason: text(one["reason"]) ?? "" }));
  const count = isBag(source) ? source["left_out_count"] : null;
  return { listed, count: typeof count === "number" ? count : listed.length };
}

function bagsOf(owner: unknown, part: string): Bag[] {
  const found = isBag(owner) ? owner[part] : null;
  return Array.isArray(found) ? found.filter(isBag) : [];
}

const SHOWN_ELSEWHERE = new Set(["git", "command", "packages", "gpus", "gpu", "user", "env", "source", "notebook", "dvc"]);
const LABELS: Record<string, string> = { host: "Host", os: "System", memory_bytes: "Memory", cwd: "Directory", cpu: "CPU" };

/** Everything else, with parts of parts as "part.name". */
export function otherFacts(environment: Bag): [string, unknown][] {
  return Object.entries(environment)
    .filter(([name]) => !SHOWN_ELSEWHERE.has(name))
    .flatMap(([name, value]): [string, unknown][] => (isBag(value) ? Object.entries(value).map(([part, inside]): [string, unknown] => [`${label(name)} ${part.replaceAll("_", " ")}`, inside]) : [[label(name), value]]))
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]): [string, unknown] => (name === "Memory" && typeof value === "number" ? [name, formatBytes(value)] : [name, value]));
}

const label = (name: string) => own(LABELS, name) ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
