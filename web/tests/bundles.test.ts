import { describe, expect, it } from "vitest";
import type { BundleField, BundleState, Consumer, Manifest, Signature, Verification } from "../src/api";
import { explain, outcomeOf, predictionsAt } from "../src/bundles/asking";
import { briefInputs } from "../src/bundles/example";
import { blankOf, readInputs, rows, textsOf } from "../src/bundles/inputs";
import { refOf, waysOf } from "../src/bundles/lines";
import { countText, runningNow, servesOf } from "../src/bundles/running";
import { filesWithoutRole, lockOf, measuredOf, quick, shapeText, standingOf } from "../src/bundles/words";

const PASSED: Verification = { id: 1, time_ms: 1000, actor: "ada", outcome: "pass", checked: "replay" };
const stateWith = (proof: Verification | null): BundleState => ({ version: 3, kind: "onnx", forms: ["onnx"], missing_roles: [], proof, barred_by: null });

describe("how a version stands", () => {
  it("is told by its newest verification", () => {
    expect(standingOf(stateWith(PASSED))).toMatchObject({ tone: "good", word: "Verified", at: 1000 });
    expect(standingOf(stateWith({ ...PASSED, checked: "files" }))).toMatchObject({ tone: "good", word: "Files verified" });
    expect(standingOf(stateWith({ ...PASSED, outcome: "fail", message: "y differs by 3" }))).toMatchObject({ tone: "bad", word: "Failed", says: "y differs by 3" });
    expect(standingOf(stateWith(null))).toMatchObject({ tone: "none", word: "Not verified", at: null });
  });
  it("names the files that have changed, a few of many", () => {
    const problems = ["a.pt", "b.txt", "c.json", "d.bin", "e.bin"].map((path) => ({ path, message: "sha256 differs" }));
    expect(standingOf(stateWith({ ...PASSED, outcome: "fail", checked: "files", problems }))).toMatchObject({ tone: "bad", word: "Files changed", says: "No longer what it was: a.pt, b.txt, c.json and 2 more." });
  });
  it("has its figures in units, and nothing where nothing was measured", () => {
    expect(measuredOf({ ...PASSED, load_ms: 820, latency_p50_ms: 0.4321, peak_memory_bytes: 2e8, max_difference: 0 })).toEqual({ load: "820 ms", p50: "0.432 ms", p99: null, memory: "200 MB", difference: "none" });
    expect(quick(2345)).toBe("2.3 s");
  });
});

describe("a manifest", () => {
  it("tells shapes, free sizes by their names", () => {
    expect([shapeText(["batch", 4]), shapeText([null, 3]), shapeText([]), shapeText(undefined)]).toEqual(["batch × 4", "any × 3", "one value", "one value"]);
  });
  it("has one lock for all forms, saying what not all of them need", () => {
    expect(lockOf([{ kind: "onnx", packages: ["numpy==2.1.0", "onnxruntime==1.20.0"] }, { kind: "torch", packages: ["numpy==2.1.0", "torch==2.5.0"] }])).toEqual([
      { line: "numpy==2.1.0", of: [] }, { line: "onnxruntime==1.20.0", of: ["ONNX"] }, { line: "torch==2.5.0", of: ["PyTorch"] },
    ]);
  });
  it("knows the files that no role names, references among them", () => {
    const manifest: Manifest = { format: 1, kind: "files", python: "3.12", roles: { weights: ["a.pt"] }, files: [{ path: "a.pt", sha256: "0", size_bytes: 1 }, { path: "b", sha256: "0", size_bytes: 1 }], references: [{ path: "c", uri: "s3://b/c" }] };
    expect(filesWithoutRole(manifest)).toEqual(["b", "c"]);
  });
});

describe("the lines to copy", () => {
  const given = { model: "digits", version: 3, aliases: ["staging", "production"], origin: "http://tracker:8090", isPickle: false, inputs: [["x", "[[0, 1]]"], ["flag", "true"]] as const };
  const text = (label: string, more: Partial<typeof given> = {}) => waysOf({ ...given, ...more }).find((way) => way.label === label)?.text ?? "";
  it("use production before other aliases, and the number where there is none", () => {
    expect([refOf(given), refOf({ ...given, aliases: ["staging"] }), refOf({ ...given, aliases: [] })]).toEqual(["digits@production", "digits@staging", "digits:v3"]);
  });
  it("load in Python, with values as Python writes them", () => {
    expect(text("Load")).toBe('import tracker\n\nmodel = tracker.load("digits@production", url="http://tracker:8090")\noutput = model.predict(x=[[0, 1]], flag=True)');
    expect(text("Load", { inputs: [["a b", '"true"'], ["class", "null"]] as never })).toContain('model.predict(**{"a b": "true", "class": None})');
  });
  it("serve for this page, and are quoted for a shell", () => {
    expect(text("Serve")).toContain("tracker serve digits@production --cors http://tracker:8090\n");
    expect(text("Serve", { inputs: [["x", `"it's"`]] as never })).toContain(`-d '{"input": {"x": "it'\\''s"}}'`);
  });
  it("verify and package exactly this version, and ask for leave to unpickle where nothing else would do", () => {
    expect(text("Verify")).toContain("tracker verify digits:v3");
    expect(text("Package")).toContain("tracker package digits:v3 --out digits-v3");
    expect(text("Verify", { isPickle: true as never })).toContain("digits:v3 --allow-pickle");
    expect(text("Load", { isPickle: true as never })).toContain("allow_pickle=True");
  });
});

const field = (more: Partial<BundleField>): BundleField => ({ name: "x", dtype: "float32", ...more });
const signature = (...inputs: BundleField[]): Signature => ({ inputs, outputs: [] });
const errorOf = (one: BundleField, text: string) => {
  const read = readInputs(signature(one), new Map([[one.name, text]]));
  return read.kind === "wrong" ? read.errors.get(one.name) : undefined;
};

describe("what is typed for an input", () => {
  it("is sent as it was typed: large integers keep their digits", () => {
    const read = readInputs(signature(field({ dtype: "int64" }), field({ name: "say", dtype: "string" })), new Map([["x", " 9007199254740993 "], ["say", 'a "word"']]));
    expect(read).toEqual({ kind: "ready", inputs: [["x", "9007199254740993"], ["say", String.raw`"a \"word\""`]] });
  });
  it.each([
    [field({ shape: ["n", 2] }), "[[1, 2], [3]]", "[1] has 1 value, 2 expected: float32, n × 2."],
    [field({ shape: ["n", 2] }), "[1, 2]", "[0] is 1; a list is expected there: float32, n × 2."],
    [field({ shape: ["n"] }), '[1, "two"]', '[1] is "two"; a number is expected.'],
    [field({ shape: [null, null] }), "[[1], [2, 3]]", "[1] has 2 values, 1 expected: float32, any × any."],
    [field({ dtype: "uint8" }), "256", "This is 256; a whole number from 0 to 255 is expected."],
    [field({ dtype: "int32" }), "1.5", "This is 1.5; a whole number is expected."],
    [field({}), "", "Give float32."],
    [field({ dtype: "bool" }), "1", "This is 1; true or false is expected."],
  ])("is refused with its place and what was expected: %#", (one, text, message) => {
    expect(errorOf(one, text)).toBe(message);
  });
  it("says where text is not JSON, and how infinities are written", () => {
    expect(errorOf(field({ shape: [1] }), "[NaN]")).toMatch(/^This is not JSON: .*Write "NaN", "Infinity" and "-Infinity" in quotes\.$/);
    expect(errorOf(field({ shape: [1] }), '["NaN"]')).toBeUndefined();
    expect(errorOf(field({}), "-Infinity")).toBeUndefined();
  });
  it("has free sizes equal wherever their name stands", () => {
    const read = readInputs(signature(field({ shape: ["n"] }), field({ name: "mask", dtype: "bool", shape: ["n"] })), new Map([["x", "[1, 2]"], ["mask", "[true]"]]));
    expect(read.kind === "wrong" && [...read.errors]).toEqual([["mask", "Its n is 1, and that of x is 2; they have to be the same."]]);
  });
  it("starts as the example, or as zeros of its shape, or empty where those are many", () => {
    expect(textsOf(signature(field({ shape: ["n", 2] }), field({ name: "say", dtype: "string" })), { x: [[1, 2], [3, 4]], say: "hello", other: 1 })).toEqual(new Map([["x", "[\n  [1, 2],\n  [3, 4]\n]"], ["say", "hello"]]));
    expect([blankOf(field({ shape: ["n", 3] })), blankOf(field({})), blankOf(field({ shape: [3, 224, 224] })), blankOf(field({ dtype: "string" }))]).toEqual(["[[0, 0, 0]]", "0", "", ""]);
    expect(textsOf(signature(field({})), "no object")).toEqual(new Map());
  });

  it("leaves what it cannot fill in as it is", () => {
    expect(blankOf(field({ shape: [0, 4294967296] }))).toBe("");
    expect(blankOf(field({ shape: [0, 2] }))).toBe("[]");
    const stored: unknown = JSON.parse('{"x": [9007199254740993], "y": [9007199254740991]}');
    const names = [field({ shape: ["n"], dtype: "int64" }), field({ name: "y", shape: ["n"], dtype: "int64" })];
    expect(textsOf(signature(...names), stored)).toEqual(new Map([["y", "[9007199254740991]"]]));
  });
  it("stands in a line to copy where it is short", () => {
    expect(briefInputs([field({ shape: ["n", 100] }), field({ name: "__proto__", dtype: "string" })], { x: [Array.from({ length: 100 }, () => 0)] })).toEqual([["x", "[…]"], ["__proto__", '""']]);
    expect(rows({ a: [1, 2] })).toBe('{"a":[1,2]}');
  });
});

describe("asking a served model", () => {
  it("goes to its predictions, over the web alone", () => {
    expect(["http://gpu-1:8000", "gpu-1:8000/", "https://models.example/net/predictions", "http://u:p@h:1/?q#x"].map((one) => predictionsAt(one)?.href)).toEqual([
      "http://gpu-1:8000/predictions", "http://gpu-1:8000/predictions", "https://models.example/net/predictions", "http://h:1/predictions",
    ]);
    expect(["javascript:alert(1)", "file:///etc/passwd", "", "http://"].map((one) => predictionsAt(one))).toEqual([null, null, null, null]);
  });
  it("tells an answer from a refusal that names a field, and both from anything else", () => {
    expect(outcomeOf(200, '{"output":{"y":[1]},"model":"net","version":3}', 12)).toEqual({ kind: "answered", answer: { output: { y: [1] }, model: "net", version: 3, tookMs: 12 } });
    expect(outcomeOf(422, '{"error":{"code":"bad_input","message":"x has 2 axes","field":"x"}}', 1)).toEqual({ kind: "refused", status: 422, message: "x has 2 axes", field: "x" });
    expect(outcomeOf(502, "<html>", 1)).toEqual({ kind: "refused", status: 502, message: "It answered 502.", field: null });
    expect(outcomeOf(200, "<html>", 1)).toEqual({ kind: "unreached", why: "unreadable" });
  });
  it("explains what kept it from answering, with the way out", () => {
    const told = (why: Parameters<typeof explain>[0]) => explain(why, new URL("http://gpu-1:8000/predictions"), "http://tracker:8090", "tracker serve net:v3 --cors http://tracker:8090");
    expect(told("policy").command).toBe("tracker server --serving-origin http://gpu-1:8000");
    expect(told("cors").command).toContain("--cors http://tracker:8090");
    expect(told("away").says).toContain("Nothing answers at http://gpu-1:8000");
  });
});

const consumer = (id: string, more: Partial<Consumer> = {}): Consumer => ({ id, version: 2, ref: "production", kind: "load", host: "gpu-1", address: null, actor: "ada", since_ms: 0, seen_ms: 0, is_stale: false, ...more });

describe("what runs", () => {
  const model = { aliases: [{ alias: "production", version: 2 }, { alias: "staging", version: 3 }], latest_version: 3 };
  it("is told by alias, with those that hold another version than it points at", () => {
    const [production, staging, ...others] = runningNow(model, [consumer("a"), consumer("b", { version: 1, host: "gpu-2" }), consumer("c", { version: 1, is_stale: true }), consumer("d", { ref: "v1", version: 1 }), consumer("e", { ref: "latest", version: 2 })]);
    expect(production).toMatchObject({ version: 2, behind: 1, groups: [{ version: 2 }, { version: 1 }], stale: [{ id: "c" }] });
    expect(staging).toMatchObject({ version: 3, behind: 0, groups: [] });
    expect(others).toMatchObject([{ alias: "v1", version: 1, behind: 0 }, { alias: "latest", version: 3, behind: 1 }]);
  });
  it("counts processes and hosts", () => {
    expect([countText([consumer("a")]), countText([consumer("a"), consumer("b")]), countText([consumer("a"), consumer("b", { host: "x" })])]).toEqual(["1 process", "2 processes on 1 host", "2 processes on 2 hosts"]);
  });
  it("can be asked where it serves and was heard of, this version first", () => {
    const address = "http://h:1";
    const serves = [consumer("old", { kind: "serve", address, version: 1, seen_ms: 9 }), consumer("gone", { kind: "serve", address, is_stale: true }), consumer("mine", { kind: "serve", address }), consumer("load")];
    expect(servesOf(serves, 2).map(({ id }) => id)).toEqual(["mine", "old"]);
  });
});
