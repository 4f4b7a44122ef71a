import { describe, expect, it, vi } from "vitest";
import { addressesFor, askEarly, takeEarly } from "../src/early";

describe("what is asked for before there is a page", () => {
  it("is who looks, and of a workspace the project with its keys", () => {
    expect(addressesFor("/models")).toEqual(["/api/v1/me"]);
    expect(addressesFor("/p/a%20b/runs/r1")).toEqual(["/api/v1/me"]);
    expect(addressesFor("/p/a%20b/")).toEqual(["/api/v1/me", "/api/v1/projects/a%20b", "/api/v1/projects/a%20b/keys"]);
  });

  it("is answered once, and by its own address", async () => {
    const answer = new Response("{}");
    vi.stubGlobal("fetch", () => Promise.resolve(answer));
    askEarly(["/api/v1/me"]);
    expect(takeEarly("/api/v1/server")).toBeUndefined();
    expect(await takeEarly("/api/v1/me")).toBe(answer);
    expect(takeEarly("/api/v1/me")).toBeUndefined();
    vi.unstubAllGlobals();
  });
});
