/** Parts of a text in the colours of what they are. */

import type { Part } from "./highlighting";
import styles from "./previews.module.css";

export function Coloured({ parts }: { parts: readonly Part[] }) {
  return parts.map((part, index) => (typeof part === "string" ? part : <span key={index} className={styles[classOf(part.name)]}><Coloured parts={part.parts} /></span>));
}

const CLASSES: ReadonlyMap<string, string> = new Map([
  ...["keyword", "selector-tag", "built_in", "type", "meta", "name", "tag", "literal"].map((name): [string, string] => [name, "keyword"]),
  ...["string", "regexp", "addition", "symbol", "code"].map((name): [string, string] => [name, "string"]),
  ...["number", "variable", "template-variable", "attr", "attribute", "bullet", "link"].map((name): [string, string] => [name, "value"]),
  ...["comment", "quote", "deletion", "doctag"].map((name): [string, string] => [name, "comment"]),
  ...["title", "section", "strong"].map((name): [string, string] => [name, "title"]),
]);

const classOf = (name: string) => CLASSES.get(name) ?? "plain";
