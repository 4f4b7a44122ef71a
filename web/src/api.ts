/**
 * The one door to the server. Statuses and the shape of errors are checked here; what comes out is trusted after.
 *
 * Types are generated from the server's own description. A failure is always an `ApiError` whose message is a sentence
 * made to be shown. An answer of 401 opens the sign-in page, which returns to the address that asked.
 */

import { takeEarly } from "./early";
import { type PackedRunColumns, type RunColumns, runColumnsOf } from "./runColumns";
import type { components } from "./schema";
import { type GroupsWithCurves, MESSAGE_PACK, type Packed, type PackedGroups, type Shape, type WithColumns, columnsOf, groupsOf, unpack } from "./series";

type Schemas = components["schemas"];
export type Me = Schemas["Me"];
export type ServerFacts = Schemas["ServerFacts"];
export type Project = Schemas["Project"];
export type RunRow = Schemas["RunRow"];
export type RunDetail = Schemas["RunDetail"];
export type RunChanges = Schemas["RunChanges"];
export type Alert = Schemas["AlertItem"];
export type Segment = Schemas["SegmentFacts"];
export type RunSearch = Schemas["RunSearch"];
export type RunPage = Schemas["RunPage"];
export type RunKeys = Schemas["RunKeys"];
export type RunsChange = Schemas["RunsChange"];
export type SortKey = Schemas["SortKey"];
export type Keys = Schemas["Keys"];
export type MetricKey = Schemas["MetricKey"];
export type MetricSummary = Schemas["MetricSummary"];
export type LiveRequest = Schemas["LiveRequest"];
export type LiveAnswer = WithColumns<Schemas["LiveAnswer"]>;
export type SeriesRequest = Schemas["SeriesRequest"];
export type SeriesAnswer = WithColumns<Schemas["SeriesAnswer"]>;
export type GroupsRequest = Schemas["GroupsRequest"];
export type RunGroupsRequest = Schemas["RunGroupsRequest"];
export type RunGroups = Schemas["RunGroups"];
export type ConsolePage = Schemas["ConsolePage"];
export type ConsoleText = Schemas["ConsoleText"];
/** Of one stream, or of one process by its label; "" is the main one. */
export type ConsoleFilter = { stream?: "stdout" | "stderr"; label?: string };
export type ConsoleSearch = ConsoleFilter & { q?: string; regex?: 0 | 1; start?: number };
export type RunEvent = Schemas["RunEvent"];
export type RunHoldings = Schemas["RunHoldings"];
export type Media = Schemas["Media"];
export type RunArtifact = Schemas["RunArtifact"];
export type ArtifactVersion = Schemas["ArtifactVersion"];
export type CompareRequest = Schemas["CompareRequest"];
export type AbsentRun = Schemas["AbsentRun"];
export type Comparison = Schemas["Comparison"];
export type Model = Schemas["Model"];
export type ModelDetail = Schemas["ModelDetail"];
export type ModelVersion = Schemas["ModelVersion"];
export type ModelVersionDetail = Schemas["ModelVersionDetail"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditPage = Schemas["AuditPage"];
export type PromotionPreview = Schemas["PromotionPreview"];
export type AliasMove = Schemas["AliasMove"];
export type Moved = Schemas["Moved"];
export type Correction = Schemas["Correction"];
export type NewCorrection = Schemas["NewCorrection"];
export type Trash = Schemas["Trash"];
export type TrashedRun = Schemas["TrashedRun"];
export type TrashedMetric = Schemas["TrashedMetric"];
export type Purged = Schemas["Purged"];
export type Running = Schemas["Running"];
export type RunningRun = Schemas["RunningRun"];
export type ProjectGoals = Schemas["ProjectGoals"];
export type SavedView = Schemas["SavedView"];
export type SavedViewFacts = Schemas["SavedViewFacts"];
export type RunColumnsRequest = Schemas["RunColumnsRequest"];
export type Importance = Schemas["Importance"];
export type ImportanceRequest = Schemas["ImportanceRequest"];
export type Status = RunRow["status"];

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Where in the text that was sent, counted from 1; null where the failure is of no place in a text. */
    readonly position: number | null = null,
    /** By which the server's log knows the request; null where no server answered. */
    readonly requestId: string | null = null,
  ) {
    super(message);
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

/** What to tell a person about anything that was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** A run may have a hundred thousand metrics; a page shows so many of them, and as many of the system's. */
export const MOST_METRICS = 1000;
const FEW = { metrics: MOST_METRICS };

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Query = Record<string, string | number | null | undefined>;

type Options = { body?: unknown; query?: Query; signal?: AbortSignal; accept?: string };

async function request<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const response = await reach(`/api/v1${path}${queryText(options.query ?? {})}`, {
    method,
    signal: options.signal ?? null,
    headers: headersOf(method, options),
    body: options.body === undefined ? null : JSON.stringify(options.body),
  });
  if (!response.ok) throw await failure(response);
  return (response.status === 204 ? undefined : await parse(response)) as T;
}

/** Series come as columns of raw numbers; whatever goes wrong is told in JSON all the same. */
async function requestSeries<Answer>(path: string, body: SeriesRequest | LiveRequest, asking: Asking = {}): Promise<WithColumns<Answer>> {
  const answer = await request<Packed<Answer>>("POST", path, { body, accept: MESSAGE_PACK, ...asking });
  const shape: Shape = { smoothing: body.smoothing ?? null, band: body.band === true };
  return { ...answer, series: answer.series.map((one) => columnsOf(one, shape)) };
}

const requestGroups = async (body: GroupsRequest, asking: Asking = {}): Promise<GroupsWithCurves> =>
  groupsOf(await request<PackedGroups>("POST", "/groups/series", { body, accept: MESSAGE_PACK, ...asking }));
/** An answer that comes as a line of JSON after the other. */
async function requestLines<Line>(path: string, query: Query): Promise<Line[]> {
  const response = await reach(`/api/v1${path}${queryText(query)}`, { headers: headersOf("GET", { accept: "application/x-ndjson" }) });
  if (!response.ok) throw await failure(response);
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Line);
}

/** The server takes changes from this origin only, and a form of another site cannot send this type. */
const headersOf = (method: Method, { accept }: Options): HeadersInit => ({
  ...(method === "GET" ? {} : { "Content-Type": "application/json" }),
  ...(accept === undefined ? {} : { Accept: accept }),
});

const queryText = (query: Query): string => {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}`;
};

async function reach(address: string, init: RequestInit): Promise<Response> {
  try {
    const early = init.method === "GET" ? takeEarly(address) : undefined;
    return await (early ?? fetch(address, init));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The server cannot be reached.");
  }
}

async function parse(response: Response): Promise<unknown> {
  try {
    const isPacked = response.headers.get("Content-Type") === MESSAGE_PACK;
    return isPacked ? unpack(await response.arrayBuffer()) : await response.json();
  } catch {
    throw new ApiError(response.status, "unreadable", "The server's answer was cut short or cannot be read; try again.");
  }
}

async function failure(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const requestId = response.headers.get("X-Request-Id");
  const error = isErrorBody(body)
    ? new ApiError(response.status, body.error.code, body.error.message, positionOf(body.error), requestId)
    : new ApiError(response.status, "unexpected", `The server answered ${String(response.status)} ${response.statusText}.`.trim(), null, requestId);
  if (error.status === 401 && error.code !== "wrong_key") window.dispatchEvent(new Event(SIGNED_OUT));
  return error;
}

function isErrorBody(body: unknown): body is { error: { code: string; message: string } } {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" && "message" in error && typeof error.message === "string";
}

const positionOf = (error: object) => ("position" in error && typeof error.position === "number" ? error.position : null);

/** Fired on the window when the server asks for a key. */
export const SIGNED_OUT = "tracker:signed-out";

const part = encodeURIComponent;
const projectPath = (name: string) => `/projects/${part(name)}`;
const runPath = (id: string) => `/runs/${part(id)}`;
const viewPath = (id: string) => `/views/${part(id)}`;
const modelPath = (name: string) => `/models/${part(name)}`;
const aliasPath = (model: string, alias: string) => `${modelPath(model)}/aliases/${part(alias)}`;

type Asking = { signal?: AbortSignal };

export const api = {
  server: () => request<ServerFacts>("GET", "/server"),
  health: async () => {
    const response = await reach("/healthz", {});
    if (!response.ok) throw await failure(response);
    return "ok" as const;
  },
  me: () => request<Me>("GET", "/me"),
  signIn: (key: string) => request<Me>("POST", "/session", { body: { key } }),
  signOut: () => request<undefined>("DELETE", "/session"),

  projects: (asking?: Asking) => request<Schemas["ProjectList"]>("GET", "/projects", asking),
  running: (pinned: Record<string, string>, asking?: Asking) => request<Running>("POST", "/runs/running", { body: { pinned }, ...asking }),
  storage: (asking?: Asking) => request<Schemas["Storage"]>("GET", "/storage", asking),
  project: (name: string) => request<Project>("GET", projectPath(name)),
  keys: (project: string) => request<Keys>("GET", `${projectPath(project)}/keys`),
  keysFrom: (project: string, query: { prefix: string; limit: number }, asking?: Asking) =>
    request<Keys>("GET", `${projectPath(project)}/keys`, { query: { ...query, counts: "none" }, ...asking }),
  searchRuns: (project: string, search: RunSearch, asking?: Asking) =>
    request<RunPage>("POST", `${projectPath(project)}/runs/search`, { body: search, ...asking }),
  runColumns: async (project: string, body: RunColumnsRequest, asking?: Asking): Promise<RunColumns> =>
    runColumnsOf(await request<PackedRunColumns>("POST", `${projectPath(project)}/runs/columns`, { body, accept: MESSAGE_PACK, ...asking })),
  importance: (project: string, body: ImportanceRequest, asking?: Asking) =>
    request<Importance>("POST", `${projectPath(project)}/importance`, { body, ...asking }),
  /** What runs have under a key, the commonest first. */
  runValues: (project: string, body: Schemas["RunGroupsRequest"], asking?: Asking) =>
    request<Schemas["RunGroups"]>("POST", `${projectPath(project)}/runs/groups`, { body, ...asking }),
  /** The keys of the runs that match, with how many of them have each. */
  runKeys: (project: string, body: Schemas["RunKeysRequest"], asking?: Asking) =>
    request<RunKeys>("POST", `${projectPath(project)}/runs/keys`, { body, ...asking }),
  ranges: (project: string, body: Schemas["RunRangesRequest"], asking?: Asking) =>
    request<Schemas["RunRanges"]>("POST", `${projectPath(project)}/runs/ranges`, { body, ...asking }),
  changeRuns: (project: string, body: RunsChange) => request<Schemas["RunsChanged"]>("POST", `${projectPath(project)}/runs/change`, { body }),
  changeProject: (name: string, body: Schemas["ProjectChanges"]) => request<undefined>("PATCH", projectPath(name), { body }),
  goals: (project: string, asking?: Asking) => request<ProjectGoals>("GET", `${projectPath(project)}/goals`, asking),
  chooseGoal: (project: string, body: Schemas["ChosenGoal"]) => request<undefined>("PUT", `${projectPath(project)}/goals`, { body }),
  live: (project: string, body: LiveRequest, asking?: Asking) =>
    requestSeries<Schemas["LiveAnswer"]>(`${projectPath(project)}/live`, body, asking),
  runsLive: (body: LiveRequest, asking?: Asking) => requestSeries<Schemas["LiveAnswer"]>("/runs/live", body, asking),
  artifacts: (project: string) => request<Schemas["ArtifactList"]>("GET", `${projectPath(project)}/artifacts`),

  corrections: (project: string, query: { before: number | null }, asking?: Asking) =>
    request<Schemas["CorrectionPage"]>("GET", `${projectPath(project)}/corrections`, { query, ...asking }),
  previewCorrection: (project: string, body: NewCorrection, asking?: Asking) =>
    request<Schemas["Effects"]>("POST", `${projectPath(project)}/corrections/preview`, { body, ...asking }),
  correct: (project: string, body: NewCorrection) =>
    request<Schemas["CorrectionMade"]>("POST", `${projectPath(project)}/corrections`, { body }),
  undoCorrection: (project: string, entry: number) =>
    request<Correction>("POST", `${projectPath(project)}/corrections/${String(entry)}/undo`, { body: {} }),
  trash: (project: string, asking?: Asking) => request<Trash>("GET", `${projectPath(project)}/trash`, asking),
  purgeTrash: (project: string, body: Schemas["PurgeRequest"]) => request<Purged>("POST", `${projectPath(project)}/trash/purge`, { body }),

  views: (project: string, asking?: Asking) => request<Schemas["SavedViewList"]>("GET", `${projectPath(project)}/views`, asking),
  view: (id: string, asking?: Asking) => request<SavedView>("GET", viewPath(id), asking),
  createView: (project: string, body: Schemas["NewSavedView"]) => request<SavedView>("POST", `${projectPath(project)}/views`, { body }),
  changeView: (id: string, body: Schemas["SavedViewChanges"]) => request<SavedView>("PATCH", viewPath(id), { body }),
  deleteView: (id: string) => request<undefined>("DELETE", viewPath(id)),

  run: (id: string, asking?: Asking) => request<RunDetail>("GET", runPath(id), { query: FEW, ...asking }),
  /** With those of its metrics that have this text in their names. */
  runHaving: (id: string, having: string, asking?: Asking) => request<RunDetail>("GET", runPath(id), { query: { ...FEW, having }, ...asking }),
  changeRun: (id: string, changes: RunChanges) => request<RunDetail>("PATCH", runPath(id), { body: changes, query: FEW }),
  deleteRun: (id: string, reason = "") => request<undefined>("DELETE", runPath(id), reason === "" ? {} : { query: { reason } }),
  restoreRun: (id: string) => request<RunDetail>("POST", `${runPath(id)}/restore`, { query: FEW }),
  stopRun: (id: string, reason: string) => request<RunDetail>("POST", `${runPath(id)}/stop`, { body: { reason }, query: FEW }),
  alerts: (id: string, query: { before?: number | null; limit: number }, asking?: Asking) =>
    request<Schemas["AlertList"]>("GET", `${runPath(id)}/alerts`, { query, ...asking }),
  segments: (id: string, asking?: Asking) => request<Schemas["SegmentList"]>("GET", `${runPath(id)}/segments`, asking),
  restoreSegment: (id: string, number: number) =>
    request<Schemas["SegmentList"]>("POST", `${runPath(id)}/segments/${String(number)}/restore`),
  console: (id: string, query: { start: number; limit: number } & ConsoleFilter) => request<ConsolePage>("GET", `${runPath(id)}/console`, { query }),
  searchConsole: (id: string, search: ConsoleSearch, asking?: Asking) => request<Schemas["ConsoleFound"]>("GET", `${runPath(id)}/console/search`, { query: search, ...asking }),
  events: (id: string, asking?: Asking) => request<Schemas["RunEvents"]>("GET", `${runPath(id)}/events`, asking),
  holdings: (id: string, asking?: Asking) => request<RunHoldings>("GET", `${runPath(id)}/holdings`, asking),
  media: (id: string, asking?: Asking) => request<Schemas["MediaList"]>("GET", `${runPath(id)}/media`, asking),
  runArtifacts: (id: string, asking?: Asking) => request<Schemas["RunArtifacts"]>("GET", `${runPath(id)}/artifacts`, asking),
  groupRuns: (project: string, body: RunGroupsRequest, asking?: Asking) => request<RunGroups>("POST", `${projectPath(project)}/runs/groups`, { body, ...asking }),
  groupSeries: requestGroups,
  /** Every point of a metric of a run, in order of arrival. */
  everyPoint: (run: string, metric: string) => requestLines<Schemas["SeriesPart"]>(`${runPath(run)}/series`, { metric, resolution: "full" }),
  series: (body: SeriesRequest, asking?: Asking) => requestSeries<Schemas["SeriesAnswer"]>("/series", body, asking),
  /** What a formula is of; one that cannot be read is refused with the place. */
  formula: (formula: string, asking?: Asking) => request<Schemas["FormulaFacts"]>("POST", "/formulas", { body: { formula }, ...asking }),
  /** What the metrics of some runs are called. */
  metricNames: (body: Schemas["MetricNamesRequest"], asking?: Asking) => request<Schemas["MetricNames"]>("POST", "/runs/metrics", { body, ...asking }),
  compare: (body: CompareRequest, asking?: Asking) => request<Comparison>("POST", "/runs/compare", { body, ...asking }),

  models: (asking?: Asking) => request<Schemas["ModelList"]>("GET", "/models", asking),
  model: (name: string, asking?: Asking) => request<ModelDetail>("GET", modelPath(name), asking),
  modelVersion: (name: string, version: number, asking?: Asking) =>
    request<ModelVersionDetail>("GET", `${modelPath(name)}/versions/${String(version)}`, asking),
  registerVersion: (model: string, artifactVersion: number) =>
    request<ModelVersionDetail>("POST", `${modelPath(model)}/versions`, { body: { artifact_version_id: artifactVersion } }),
  promotion: (model: string, query: { alias: string; version?: number; artifact_version_id?: number }) =>
    request<PromotionPreview>("GET", `${modelPath(model)}/promotion`, { query }),
  moveAlias: (model: string, alias: string, move: AliasMove) => request<Moved>("POST", aliasPath(model, alias), { body: move }),
  rollBack: (model: string, alias: string, body: Schemas["RollBack"]) =>
    request<Moved>("POST", `${aliasPath(model, alias)}/rollback`, { body }),
  removeAlias: (model: string, alias: string, query: { replaces: number; reason: string }) =>
    request<AuditEntry>("DELETE", aliasPath(model, alias), { query }),
  audit: (query: { model?: string; before?: number | null; limit?: number }, asking?: Asking) => request<AuditPage>("GET", "/audit", { query, ...asking }),
};

export const fileAddress = (artifactVersion: number, path: string) =>
  `/api/v1/artifact-versions/${String(artifactVersion)}/files/${path.split("/").map(part).join("/")}`;

export const consoleAddress = (run: string) => `/api/v1${runPath(run)}/console/text`;
export const exportAddress = (run: string) => `/api/v1${runPath(run)}/export`;
