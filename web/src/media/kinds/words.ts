/** What a page, a drawing or a figure says in words and numbers. Nothing of it is run. */

/** The words of HTML or SVG. The document that the parser makes runs no scripts and fetches nothing. */
export function wordsOf(source: string): string {
  const parsed = new DOMParser().parseFromString(source, "text/html");
  for (const element of parsed.querySelectorAll("script, style, template, noscript")) element.remove();
  for (const element of parsed.querySelectorAll("p, div, li, tr, h1, h2, h3, h4, h5, h6, br, text, title, desc, figcaption")) element.append("\n");
  for (const element of parsed.querySelectorAll("td, th")) element.append("\t");
  return parsed.documentElement.textContent.replace(/[^\S\n\t]+/g, " ").replace(/[ \t]*\n\s*/g, "\n").trim();
}

const MOST_VALUES = 200;

/** The title of a Plotly figure, its axes, and of each trace its name and numbers. */
export function figureTexts(source: string): string {
  let figure: unknown;
  try {
    figure = JSON.parse(source);
  } catch {
    return "This is no figure that can be read.";
  }
  const layout = at(figure, "layout");
  const heads = ["title", "xaxis", "yaxis"].flatMap((name) => {
    const text = titleOf(name === "title" ? layout : at(layout, name));
    return text === "" ? [] : [`${name === "title" ? "Title" : `${name[0] ?? ""} axis`}: ${text}`];
  });
  const traces = at(figure, "data");
  const lines = (Array.isArray(traces) ? traces : []).flatMap((trace: unknown, index) => [
    "",
    `${String(index + 1)}. ${String(at(trace, "name") ?? "unnamed")} (${String(at(trace, "type") ?? "scatter")})`,
    ...["labels", "values", "x", "y", "z"].flatMap((name) => {
      const values = valuesOf(at(trace, name));
      return values === null ? [] : [`${name}: ${listed(values)}`];
    }),
  ]);
  return [...heads, ...lines].join("\n").trim();
}

const at = (value: unknown, name: string): unknown => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined);

function titleOf(value: unknown): string {
  const title = at(value, "title");
  const text = typeof title === "string" ? title : at(title, "text");
  return typeof text === "string" ? text : "";
}

const listed = (values: readonly unknown[]) => values.slice(0, MOST_VALUES).map((value) => (Array.isArray(value) ? `[${value.join(", ")}]` : String(value))).join(", ") + (values.length > MOST_VALUES ? `, and ${String(values.length - MOST_VALUES)} more` : "");

const TYPES = { i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array } as const;

/** Plotly writes arrays as lists or as bytes in base 64 with the type of their numbers. */
function valuesOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  const [packed, type] = [at(value, "bdata"), at(value, "dtype")];
  if (typeof packed !== "string" || typeof type !== "string" || !(type in TYPES)) return null;
  try {
    const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
    return [...new TYPES[type as keyof typeof TYPES](bytes.buffer)];
  } catch {
    return null;
  }
}
