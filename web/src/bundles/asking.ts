/** Asking a served model: where it may be, what it answers, and why it did not. The page sends it nothing but the inputs. */

export type Answer = { output: Record<string, unknown>; model: string | null; version: number | null; tookMs: number };

export type Outcome =
  | { kind: "answered"; answer: Answer }
  /** It read the inputs and would not have them, or could not answer; `field` where it named one. */
  | { kind: "refused"; status: number; message: string; field: string | null }
  | { kind: "unreached"; why: Why };

/** Why nothing came of it: the page's own policy, a server that lets no page of another origin ask, no server, or an answer of something else. */
export type Why = "mixed" | "policy" | "cors" | "away" | "unreadable";

const DEADLINE_MS = 60_000;

/** Where predictions are asked of a server at an address; null for one that a page cannot ask. */
export function predictionsAt(address: string): URL | null {
  try {
    const base = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(address.trim()) ? address.trim() : `http://${address.trim()}`);
    if ((base.protocol !== "http:" && base.protocol !== "https:") || base.hostname === "") return null;
    base.username = base.password = base.search = base.hash = "";
    base.pathname = `${base.pathname.replace(/\/+$/, "").replace(/\/predictions$/, "")}/predictions`;
    return base;
  } catch {
    return null;
  }
}

/** `inputs` are JSON by field; `token` is "" for a server that asks for none. Never raises; aborted by `signal`, it has not reached anything. */
export async function ask(url: URL, inputs: readonly (readonly [string, string])[], token: string, signal: AbortSignal): Promise<Outcome> {
  const body = `{"input":{${inputs.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}}`;
  const headers = { "Content-Type": "application/json", ...(token === "" ? {} : { Authorization: `Bearer ${token}` }) };
  const isForbidden = watchPolicy(url);
  const started = performance.now();
  try {
    const response = await fetch(url, { method: "POST", body, headers, credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]) });
    const text = await response.text();
    return outcomeOf(response.status, text, performance.now() - started);
  } catch {
    return { kind: "unreached", why: await whyNot(url, isForbidden, signal) };
  } finally {
    isForbidden.stop();
  }
}

/** What an answer says. Pure. */
export function outcomeOf(status: number, text: string, tookMs: number): Outcome {
  const body = parsed(text);
  if (status >= 200 && status < 300) {
    if (!isRecord(body) || !isRecord(body["output"])) return { kind: "unreached", why: "unreadable" };
    const { output, model, version } = body;
    return { kind: "answered", answer: { output: output as Record<string, unknown>, model: typeof model === "string" ? model : null, version: typeof version === "number" ? version : null, tookMs } };
  }
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : {};
  const message = typeof error["message"] === "string" ? error["message"] : `It answered ${String(status)}.`;
  return { kind: "refused", status, message, field: typeof error["field"] === "string" ? error["field"] : null };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Whether the policy of this page has forbidden a request to there since. */
function watchPolicy(url: URL): (() => boolean) & { stop: () => void } {
  let isForbidden = false;
  const listen = ({ blockedURI, effectiveDirective }: SecurityPolicyViolationEvent) => {
    isForbidden ||= effectiveDirective === "connect-src" && blockedURI.startsWith(url.origin);
  };
  document.addEventListener("securitypolicyviolation", listen);
  return Object.assign(() => isForbidden, { stop: () => { document.removeEventListener("securitypolicyviolation", listen); } });
}

/** A request that may not be read is let through wherever there is a server at all: that tells the two apart. */
async function whyNot(url: URL, isForbidden: () => boolean, signal: AbortSignal): Promise<Why> {
  await new Promise((resolve) => setTimeout(resolve)); // the browser tells of the policy in a task of its own
  if (isForbidden()) return "policy";
  if (location.protocol === "https:" && url.protocol === "http:" && !isLoopback(url.hostname)) return "mixed";
  try {
    await fetch(new URL("health-check", url), { mode: "no-cors", credentials: "omit", referrerPolicy: "no-referrer", signal });
    return "cors";
  } catch {
    return isForbidden() ? "policy" : "away";
  }
}

const isLoopback = (host: string) => host === "localhost" || host === "[::1]" || host.startsWith("127.");

/** What happened and the way out, for a page of `origin`. Pure. */
export function explain(why: Why, url: URL, origin: string, serve: string): { says: string; command: string | null } {
  switch (why) {
    case "policy":
      return { says: `The policy of this page does not let it ask ${url.origin}. Whoever runs the tracking server can allow it:`, command: `tracker server --serving-origin ${url.origin}` };
    case "cors":
      return { says: `There is a server at ${url.origin}, and it does not let pages of ${origin} read its answers. Start it with this page's address:`, command: serve };
    case "mixed":
      return { says: `This page came over HTTPS, and a browser lets it ask no plain HTTP address but this machine's. Give ${url.host} a certificate, or ask it from a terminal.`, command: null };
    case "unreadable":
      return { says: `What answered at ${url.href} is not a served model: its answer has no output.`, command: null };
    case "away":
      return { says: `Nothing answers at ${url.origin}. It may have ended, or not be reachable from this browser. Start one:`, command: serve };
  }
}
