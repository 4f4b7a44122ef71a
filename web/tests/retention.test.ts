import { describe, expect, it } from "vitest";
import { draftOf, readDraft } from "../src/storage/policyDraft";
import { NO_POLICY, fateText, holding, keeperText, policyText, versionNames } from "../src/storage/words";

const EMPTY = draftOf(NO_POLICY);

describe("a policy in words", () => {
  it("says that every version stays where there is none", () => {
    expect(policyText({})).toBe("every version stays");
    expect(policyText(NO_POLICY)).toBe("every version stays");
  });

  it("names what stays and when the others go", () => {
    expect(policyText({ ...NO_POLICY, keep_best: 3, metric: "loss", goal: "min", keep_last: 2, ttl_days: 30 })).toBe("the best 3 by loss (lower is better) and the newest 2 stay; the others go after 30 days");
    expect(policyText({ ...NO_POLICY, keep_last: 1 })).toBe("the newest one stays; the others go at once");
    expect(policyText({ ...NO_POLICY, keep_best: 1, metric: "acc", keep_last: 1 })).toBe("the best one by acc (higher is better) and the newest one stay; the others go at once");
    expect(policyText({ ...NO_POLICY, ttl_days: 1 })).toBe("each version goes after 1 day");
  });
});

describe("the fields of a policy", () => {
  it("read as what was written into them", () => {
    const policy = { keep_best: 3, metric: "loss", goal: "min" as const, keep_last: 2, ttl_days: 0.5 };
    expect(readDraft(draftOf(policy), null)).toEqual({ policy, problems: {} });
    expect(readDraft(EMPTY, null)).toEqual({ policy: NO_POLICY, problems: {} });
  });

  it("take the goal that the project has for the metric, unless another is said", () => {
    const draft = { ...EMPTY, best: "2", metric: "loss" };
    expect(readDraft(draft, "min").policy.goal).toBe("min");
    expect(readDraft({ ...draft, goal: "max" }, "min").policy.goal).toBe("max");
    expect(readDraft(draft, null).problems.goal).toContain("loss");
  });

  it("say at which of them something is wrong", () => {
    expect(Object.keys(readDraft({ ...EMPTY, best: "1.5", last: "0", days: "soon" }, null).problems)).toEqual(["best", "metric", "last", "days"]);
    expect(Object.keys(readDraft({ ...EMPTY, metric: "loss" }, null).problems)).toEqual(["best"]);
    expect(Object.keys(readDraft({ ...EMPTY, days: "-1" }, null).problems)).toEqual(["days"]);
  });
});

it("lets a person delete what only a policy may not", () => {
  const keepers = [{ kind: "runs", name: "2" }, { kind: "newest", name: "" }, { kind: "hand", name: "" }] as const;
  expect(holding(keepers, false)).toEqual([keepers[0]]);
  expect(holding(keepers, true)).toEqual([]);
  expect(holding([{ kind: "alias", name: "best" }, { kind: "leaderboard", name: "" }], true)).toHaveLength(2);
});

it("says what keeps a version, without the name of what one does not see", () => {
  expect(keeperText({ kind: "evidence", name: "digits:v3" })).toBe("the model version digits:v3 is judged by it");
  expect(keeperText({ kind: "leaderboard", name: "" })).toBe("a leaderboard of another project ranks by it");
});

it("says when a version goes", () => {
  const one = { id: 1, version: 1, created_ms: 0, size_bytes: 1, value: null, keepers: [], fate: "expires" as const, reason: "nothing keeps it", expires_ms: 3 * 86_400_000 };
  expect(fateText(one, 0)).toBe("Goes to the trash in 3 days: nothing keeps it");
});

it("names many versions by the first of them", () => {
  expect(versionNames([{ version: 4 }, { version: 2 }])).toBe("v4, v2");
  expect(versionNames(Array.from({ length: 14 }, (_, version) => ({ version })))).toMatch(/v11 and 2 more$/);
});
