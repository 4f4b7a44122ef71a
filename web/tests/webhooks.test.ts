import { describe, expect, it } from "vitest";
import type { Delivery, Webhook } from "../src/api";
import { isOfEntry, readable, standingOf, webhookStanding } from "../src/settings/webhooks";

const NOW = 1_750_000_000_000;
const sent: Delivery = {
  id: "evt_1", event: "alias.moved", state: "delivered", attempts: 1, most_attempts: 8, created_ms: NOW, tried_ms: NOW, next_try_ms: null, status: 200,
  took_ms: 12, error: null,
};
const hook: Webhook = {
  id: 1, name: "bot", url: "https://hooks.example.org/", events: ["alias.moved"], is_active: true, created_ms: NOW, created_by: "ada", waiting: 0, last: null,
};

describe("a delivery", () => {
  it("that was taken says its status", () => {
    expect(standingOf(sent, NOW)).toEqual({ tone: "good", text: "200" });
  });
  it("that failed says which try comes when", () => {
    const failing: Delivery = { ...sent, state: "waiting", status: 503, attempts: 2, next_try_ms: NOW + 50_000 };
    expect(standingOf(failing, NOW)).toEqual({ tone: "bad", text: "503 · try 3 of 8 in 50 s" });
    expect(standingOf(failing, NOW + 60_000).text).toBe("503 · try 3 of 8 now");
  });
  it("that was given up says after how many tries", () => {
    expect(standingOf({ ...sent, state: "failed", status: null, attempts: 8 }, NOW).text).toBe("no answer · given up after 8 tries");
  });
  it("that is a test has one try and no words about it", () => {
    expect(standingOf({ ...sent, state: "failed", status: 404, most_attempts: 1 }, NOW)).toEqual({ tone: "bad", text: "404" });
  });
});

describe("a webhook", () => {
  it("that was told nothing says so", () => {
    expect(webhookStanding(hook, NOW).text).toBe("Nothing sent yet");
  });
  it("that is paused says what waits, whatever came last", () => {
    expect(webhookStanding({ ...hook, is_active: false, last: sent }, NOW).text).toBe("Paused");
    expect(webhookStanding({ ...hook, is_active: false, waiting: 2 }, NOW).text).toBe("Paused · 2 deliveries waiting");
  });
});

it("a body that is no JSON is shown as it is", () => {
  expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(readable("<html>")).toBe("<html>");
});

describe("a delivery of a move", () => {
  const entry = { action: "alias.moved", model: "cnn", time_ms: NOW } as const;
  const telling = (body: string) => ({ event: "alias.moved", exchange: { url: null, request_headers: [], request_body: body, answer_headers: null, answer_body: null } });
  it("is known by what its body says of the model and the moment", () => {
    expect(isOfEntry(telling(JSON.stringify({ time_ms: NOW, data: { model: "cnn" } })), entry)).toBe(true);
    expect(isOfEntry(telling(JSON.stringify({ time_ms: NOW, data: { model: "rnn" } })), entry)).toBe(false);
    expect(isOfEntry(telling(JSON.stringify({ time_ms: NOW + 1, data: { model: "cnn" } })), entry)).toBe(false);
    expect(isOfEntry(telling("cut sho"), entry)).toBe(false);
  });
});
