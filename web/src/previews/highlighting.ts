/** Which parts of a text are keywords, strings and so on. A chunk of its own: most pages show no code. */

import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import julia from "highlight.js/lib/languages/julia";
import latex from "highlight.js/lib/languages/latex";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

const lowlight = createLowlight({ bash, c, cpp, css, diff, dockerfile, go, ini, java, javascript, json, julia, latex, lua, makefile, markdown, python, r, rust, sql, typescript, xml, yaml });

/** A text, or a part with a name and parts of its own: data, never markup. */
export type Part = string | { name: string; parts: Part[] };

type Nodes = ReturnType<typeof lowlight.highlight>["children"];

/** The parts of a text; null for a language that is not known. */
export const highlighted = (text: string, language: string): Part[] | null => (lowlight.registered(language) ? partsOf(lowlight.highlight(language, text).children) : null);

const partsOf = (nodes: Nodes | undefined): Part[] =>
  (nodes ?? []).flatMap((node): Part[] => {
    if (node.type === "text") return [node.value];
    if (node.type !== "element") return [];
    const names = node.properties["className"];
    const name = Array.isArray(names) ? String(names[0]).replace("hljs-", "") : "";
    return [{ name, parts: partsOf(node.children as Nodes) }];
  });
