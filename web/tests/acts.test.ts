import { afterEach, describe, expect, it, vi } from "vitest";
import { api } from "../src/api";

type Sent = { method: string; key: string | undefined };

/** A server that gives these answers in turn; a text is why one does not come. What it was asked. */
function serverThat(...answers: (Response | string)[]): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", (_address: string, init: RequestInit) => {
    sent.push({ method: init.method ?? "", key: new Headers(init.headers).get("Idempotency-Key") ?? undefined });
    const answer = answers.shift() ?? "nothing is left to answer";
    return typeof answer === "string" ? Promise.reject(new TypeError(answer)) : Promise.resolve(answer);
  });
  return sent;
}

const done = (): Response => new Response(null, { status: 204 });

describe("a change", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("has a key of its own", async () => {
    const sent = serverThat(done(), done());
    await api.deleteView("a");
    await api.deleteView("a");
    const [first, second] = sent;
    expect(first?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(second?.key).not.toBe(first?.key);
  });

  it.each([["no answer", "connection reset"], ["half an answer", new Response("{", { status: 200 })]])("that got %s is sent again under its key", async (_what, lost) => {
    vi.useFakeTimers();
    const sent = serverThat(lost, new Response("{}", { status: 200 }));
    const change = api.stopRun("r", "");
    await vi.runAllTimersAsync();
    await change;
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  it("is given up after three times, and at once where it was refused", async () => {
    vi.useFakeTimers();
    const sent = serverThat();
    const change = expect(api.deleteView("a")).rejects.toThrow("cannot be reached");
    await vi.runAllTimersAsync();
    await change;
    expect(sent).toHaveLength(3);
    const refused = serverThat(new Response("{}", { status: 409 }));
    await expect(api.deleteView("a")).rejects.toThrow("409");
    expect(refused).toHaveLength(1);
  });

  it("is no question: that has no key", async () => {
    const sent = serverThat(new Response("{}", { status: 200 }));
    await api.compare({ runs: [] });
    expect(sent).toEqual([{ method: "POST", key: undefined }]);
  });
});
