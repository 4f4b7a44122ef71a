import { describe, expect, it } from "vitest";
import type { GateReport, PromotionPreview, Proposal, Roles } from "../src/api";
import { barOf, changeOf, gateSentence, intervalText, splitMetrics, spreadText, stepOf } from "../src/models/promotion";
import { waitingFor } from "../src/models/waiting";

const PREVIEW: PromotionPreview = {
  model: "resnet", alias: "production", is_protected: true, model_exists: true, next_version: 8, holder: null, holder_since: null, candidate: null,
  candidate_artifact: "resnet:v1", candidate_size_bytes: 10, candidate_run: "r2", candidate_run_name: "heron", candidate_cost: null, holder_cost: null,
  metrics: [], differences: null, gates: null, approval: { needed: 0, may: [] }, webhooks: [], obstacle: null, barred_by: null, open_proposal: null, may_roll_back: false,
};
const RULE: GateReport["rules"][number] = { name: "accuracy", kind: "bound", line: 2, says: "val/acc is at least 0.77", verdict: "pass", found: "0.781", slices: [] };
const gates = (...verdicts: GateReport["verdict"][]): GateReport => ({
  model: "resnet", alias: "production", candidate_version: 7, against_version: 6, revision: 1, digest: "d", evaluated_ms: 0,
  verdict: verdicts.includes("fail") ? "fail" : (verdicts.find((one) => one !== "pass") ?? "pass"), rules: verdicts.map((verdict) => ({ ...RULE, verdict })),
});
const METRIC: PromotionPreview["metrics"][number] = {
  name: "val/acc", holder: null, candidate: null, holder_spread: null, candidate_spread: null, relative: 0.012, goal: "max", change: "better", is_gated: false, is_main: false,
};

describe("the button", () => {
  it("promotes, and registers first where it must", () => {
    expect(stepOf(PREVIEW, { isOverriding: false })).toEqual({ kind: "promote", label: "Register and promote v8", needs: "promoter", isOverride: false, hindrance: null });
  });
  it("asks for approval where that is needed, whatever the gates say", () => {
    const step = stepOf({ ...PREVIEW, approval: { needed: 1, may: ["bob"] }, gates: gates("fail") }, { isOverriding: false });
    expect(step).toEqual({ kind: "propose", label: "Request approval", needs: "editor", isOverride: false, hindrance: null });
  });
  it("is hindered by a gate that does not pass, but for an admin who says so", () => {
    const preview = { ...PREVIEW, gates: gates("fail", "pass") };
    expect(stepOf(preview, { isOverriding: false }).hindrance).toBe("A gate fails.");
    expect(stepOf(preview, { isOverriding: true })).toEqual({ kind: "promote", label: "Promote anyway", needs: "admin", isOverride: true, hindrance: null });
  });
  it("is not pressed for what cannot be promoted, whoever says so", () => {
    const preview = { ...PREVIEW, gates: gates("fail"), obstacle: "v7 is archived." };
    expect(stepOf(preview, { isOverriding: true }).hindrance).toBe("v7 is archived.");
  });
});

describe("a bundle that is barred", () => {
  const barred = { ...PREVIEW, gates: gates("fail"), barred_by: "v7 has no file for the role 'vocab'" };
  it("hinders before gates and before what is asked of others, and no override helps", () => {
    expect(stepOf(barred, { isOverriding: true }).hindrance).toBe("v7 has no file for the role 'vocab'.");
    expect(stepOf({ ...barred, approval: { needed: 1, may: ["bob"] } }, { isOverriding: false }).hindrance).toBe("v7 has no file for the role 'vocab'.");
  });
  it("is told as a sentence", () => {
    expect(barOf({ barred_by: "the newest check of the files of v2 failed: gone." })).toBe("The newest check of the files of v2 failed: gone.");
    expect(barOf({ barred_by: null })).toBeNull();
  });
});

describe("gates", () => {
  it("are told as a sentence of those that hinder", () => {
    expect(gateSentence(gates("pass"))).toBe("");
    expect(gateSentence(gates("not_enough_evidence"))).toBe("One has not enough evidence.");
    expect(gateSentence(gates("fail", "fail", "not_enough_evidence"))).toBe("2 gates fail, one has not enough evidence.");
  });
  it("say of an interval how sure it is and of how much", () => {
    const interval = { difference: 0.011, low: 0.00412, high: 0.0191, confidence: 0.95, source: "seeds", candidate_count: 5, holder_count: 5 } as const;
    expect(intervalText(interval)).toBe("better by between +0.00412 and +0.0191, 95 %, 5 against 5 seeds");
    expect(intervalText({ ...interval, low: -0.002, high: 0.003 })).toContain("between −0.002 and +0.003");
    expect(intervalText({ ...interval, low: null, high: null, candidate_count: 1 })).toBe("too few for an interval: 1 against 5 seeds");
  });
});

describe("a change", () => {
  it("is said in a word beside its amount", () => {
    expect(changeOf(METRIC)).toEqual({ amount: "+1.2 %", sign: "✓", word: "better" });
    expect(changeOf({ change: "worse", relative: 0.128 })).toEqual({ amount: "+12.8 %", sign: "✕", word: "worse" });
    expect(changeOf({ change: "changed", relative: null })).toEqual({ amount: "", sign: "", word: "changed" });
    expect(changeOf({ change: null, relative: null })).toBeNull();
  });
  it("of several seeds has a spread, of one none", () => {
    expect(spreadText({ mean: 0.7812, deviation: 0.00412, count: 5 })).toBe("0.7812 ± 0.0041, 5 seeds");
    expect(spreadText({ mean: 0.7812, deviation: 0, count: 1 })).toBeNull();
  });
});

describe("metrics", () => {
  it("stand first that a rule names, then the model's own", () => {
    const metrics = ["a", "b", "c", "d"].map((name) => ({ ...METRIC, name, goal: null, is_gated: name === "d", is_main: name === "c" }));
    expect(splitMetrics(metrics, 1).first.map(({ name }) => name)).toEqual(["d", "c"]);
    expect(splitMetrics(metrics, 1).others.map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

describe("proposals", () => {
  const proposal = (created_by: string, project: string, state: Proposal["state"] = "open"): Proposal => ({
    model: "resnet", project, number: 1, alias: "production", version: 7, reason: "", state, created_ms: 0, created_by, closed_ms: null, closed_by: null, approvals: 0, needed: 1,
  });
  it("wait for those who may promote, and not for who has made them", () => {
    const roles: Roles = { everywhere: null, may_create: true, projects: { vision: "promoter", text: "editor" } };
    const [theirs, own, elsewhere, closed] = [proposal("bob", "vision"), proposal("ada", "vision"), proposal("bob", "text"), proposal("bob", "vision", "rejected")];
    expect(waitingFor({ name: "ada" }, roles, [theirs, own, elsewhere, closed])).toEqual([theirs]);
  });
});
