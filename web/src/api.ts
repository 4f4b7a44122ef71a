/**
 * The one door to the server. Statuses and the shape of errors are checked here; what comes out is trusted after.
 *
 * Types are generated from the server's own description. A failure is always an `ApiError` whose message is a sentence
 * made to be shown. What is turned away for want of a session waits at the door (`door.ts`) and is then sent again.
 */

import { waitAtDoor } from "./door";
import { takeEarly } from "./early";
import { type PackedRunColumns, type RunColumns, runColumnsOf } from "./runColumns";
import type { components } from "./schema";
import { type GroupsWithCurves, MESSAGE_PACK, type Packed, type PackedGroups, type Shape, type WithColumns, columnsOf, groupsOf, unpack } from "./series";

type Schemas = components["schemas"];
export type Me = Schemas["Me"];
/** The server sends every field, also one that has nothing to say. */
export type Preview = Required<Schemas["Preview"]>;
export type Roles = Schemas["Roles"];
export type Role = NonNullable<Roles["everywhere"]>;
export type ServerFacts = Schemas["ServerFacts"];
export type Invitation = Schemas["Invitation"];
export type AccessKey = Schemas["AccessKey"];
export type NewAccessKey = Schemas["NewAccessKey"];
export type Person = Schemas["Person"];
export type PersonChanges = Schemas["PersonChanges"];
export type Member = Schemas["Member"];
export type Members = Schemas["Members"];
export type Act = Schemas["Act"];
export type ActFilter = { actor: string | null; action: string | null; project: string | null };
export type SharedLink = Schemas["Link"];
export type Project = Schemas["Project"];
export type RunRow = Schemas["RunRow"];
export type RunDetail = Schemas["RunDetail"];
export type RunChanges = Schemas["RunChanges"];
export type Alert = Schemas["AlertItem"];
export type Segment = Schemas["SegmentFacts"];
export type CardFields = Schemas["CardFields"];
export type ModelCard = Schemas["ModelCard"];
export type LineageNode = Schemas["LineageNode"];
export type LineageEdge = Schemas["LineageEdge"];
export type LineageGraph = Schemas["LineageGraph"];
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
export type MediaName = Schemas["MediaName"];
export type MediaGroup = Schemas["MediaGroup"];
export type TableColumn = Schemas["TableColumn"];
export type TableQuery = Omit<Schemas["MediaTableQuery"], "file">;
export type TablePage = Schemas["TablePage"];
export type JoinQuery = Schemas["JoinQuery"];
export type JoinPage = Schemas["JoinPage"];
export type RunArtifact = Schemas["RunArtifact"];
export type ArtifactAbout = Schemas["ArtifactAbout"];
export type ListedArtifact = Schemas["ListedArtifact"];
export type TreePage = Schemas["TreePage"];
export type FileEntry = Schemas["FileEntry"];
export type ArtifactChanges = Schemas["ArtifactChanges"];
export type FileChange = Schemas["FileChange"];
export type ChangeTotals = Schemas["ChangeTotals"];
export type RowChangesPage = Schemas["TableChangesPage"];
export type TextChanges = Schemas["TextChanges"];
export type DataComparison = Schemas["DataComparison"];
export type CompareRequest = Schemas["CompareRequest"];
export type AbsentRun = Schemas["AbsentRun"];
export type Comparison = Schemas["Comparison"];
export type Model = Schemas["Model"];
export type ModelDetail = Schemas["ModelDetail"];
export type ModelVersion = Schemas["ModelVersion"];
export type ModelChanges = Schemas["ModelChanges"];
export type VersionChanges = Schemas["VersionChanges"];
export type VersionStateChange = Schemas["VersionStateChange"];
export type ModelVersionDetail = Schemas["ModelVersionDetail"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditFilter = { model: string | null; actor: string | null; action: string | null };
export type AuditVerification = Schemas["AuditVerification"];
export type AuditPage = Schemas["AuditPage"];
export type PromotionPreview = Schemas["PromotionPreview"];
export type AliasMove = Schemas["AliasMove"];
export type Moved = Schemas["Moved"];
export type Proposal = Schemas["Proposal"];
export type ProposalDetail = Schemas["ProposalDetail"];
export type Remark = Schemas["Remark"];
export type GateReport = Schemas["GateReport"];
export type RuleSet = Schemas["RuleSet"];
export type CheckedRules = Schemas["CheckedRules"];
export type RuleResult = Schemas["RuleResult"];
export type Correction = Schemas["Correction"];
export type NewCorrection = Schemas["NewCorrection"];
export type Trash = Schemas["Trash"];
export type TrashedRun = Schemas["TrashedRun"];
export type TrashedMetric = Schemas["TrashedMetric"];
export type TrashedVersion = Schemas["TrashedVersion"];
export type RetentionPolicy = Required<Schemas["Policy"]>;
export type Fates = Schemas["Fates"];
export type Keeper = Schemas["Keeper"];
export type ArtifactSpace = Schemas["ArtifactSpace"];
export type VersionFate = Schemas["VersionFate"];
export type ProjectStorage = Schemas["ProjectStorage"];
export type ProjectSpace = Schemas["ProjectSpace"];
export type Purged = Schemas["Purged"];
export type Running = Schemas["Running"];
export type RunningRun = Schemas["RunningRun"];
export type ProjectGoals = Schemas["ProjectGoals"];
export type SavedView = Schemas["SavedView"];
export type SavedViewFacts = Schemas["SavedViewFacts"];
export type RunColumnsRequest = Schemas["RunColumnsRequest"];
export type Importance = Schemas["Importance"];
export type ImportanceRequest = Schemas["ImportanceRequest"];
export type Manifest = Schemas["Manifest"];
export type BundleForm = Schemas["Form"];
export type BundleField = Schemas["Field"];
export type Signature = Schemas["Signature"];
export type BundleState = Schemas["BundleState"];
export type BundleReport = Schemas["BundleReport"];
export type Verification = Schemas["Verification"];
export type Consumer = Schemas["Consumer"];
export type BoardDefinition = Schemas["BoardDefinition"];
export type Leaderboard = Schemas["Leaderboard"];
export type NewLeaderboard = Schemas["NewLeaderboard"];
export type LeaderboardChanges = Schemas["LeaderboardChanges"];
export type Standing = Schemas["Standing"];
export type BoardRow = Schemas["BoardRow"];
export type Refusal = Schemas["Refusal"];
export type ProgressStep = Schemas["ProgressStep"];
export type Webhook = Schemas["Webhook"];
export type NewWebhook = Schemas["NewWebhook"];
export type WebhookChanges = Schemas["WebhookChanges"];
export type WebhookSecret = Schemas["WebhookSecret"];
export type Delivery = Schemas["Delivery"];
export type DeliveryDetail = Schemas["DeliveryDetail"];
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

  /** Whether what was asked for may have been done all the same. */
  get isUnanswered(): boolean {
    return this.isUnreachable || this.code === "unreadable";
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

type Options = { body?: unknown; query?: Query; signal?: AbortSignal; accept?: string; key?: string };

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

/** A pause before a change that got no answer is sent again, and before the time after that. */
const PAUSES_MS = [300, 1500];

/** A change. One without a whole answer may have been carried out: it is sent again under its key, by which the server knows. */
async function act<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const key = freshKey();
  for (const pauseMs of PAUSES_MS) {
    try {
      return await request<T>(method, path, { ...options, key });
    } catch (error) {
      if (!(error instanceof ApiError && error.isUnanswered)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return request<T>(method, path, { ...options, key });
}

/** `randomUUID` is there on secure pages alone. */
const freshKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

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

/** The first so many bytes at an address that the server gave, or all of them where there are fewer. */
async function firstBytes(address: string, mostBytes: number, { signal }: Asking = {}): Promise<ArrayBuffer> {
  const response = await reach(address, { signal: signal ?? null, headers: { Range: `bytes=0-${String(mostBytes - 1)}` } });
  if (response.status === 416) return new ArrayBuffer(0);
  if (!response.ok) throw await failure(response);
  return (await response.arrayBuffer()).slice(0, mostBytes);
}

/** The server takes changes from this origin only, and a form of another site cannot send this type. */
const headersOf = (method: Method, { accept, key }: Options): HeadersInit => ({
  ...(method === "GET" ? {} : { "Content-Type": "application/json" }),
  ...(accept === undefined ? {} : { Accept: accept }),
  ...(key === undefined ? {} : { "Idempotency-Key": key }),
});

const queryText = (query: Query): string => {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}`;
};

async function reach(address: string, init: RequestInit): Promise<Response> {
  const response = await send(address, init);
  if (response.status !== 401 || (await failure(response.clone())).code !== "unauthorized") return response;
  return (await waitAtDoor(init.signal ?? null)) ? reach(address, init) : response;
}

async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    const early = init.method === "GET" ? await takeEarly(address) : undefined;
    // what was turned away before may be let in by now
    return early === undefined || early.status === 401 ? await fetch(address, init) : early;
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

/** Fired on the window when the server says that one may not do what was asked. */
export const REFUSED = "tracker:refused";

async function failure(response: Response): Promise<ApiError> {
  if (response.status === 403) window.dispatchEvent(new Event(REFUSED));
  const body: unknown = await response.json().catch(() => null);
  const requestId = response.headers.get("X-Request-Id");
  return isErrorBody(body)
    ? new ApiError(response.status, body.error.code, body.error.message, positionOf(body.error), requestId)
    : new ApiError(response.status, "unexpected", `The server answered ${String(response.status)} ${response.statusText}.`.trim(), null, requestId);
}

function isErrorBody(body: unknown): body is { error: { code: string; message: string } } {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" && "message" in error && typeof error.message === "string";
}

const positionOf = (error: object) => ("position" in error && typeof error.position === "number" ? error.position : null);

const part = encodeURIComponent;
const projectPath = (name: string) => `/projects/${part(name)}`;
const runPath = (id: string) => `/runs/${part(id)}`;
const viewPath = (id: string) => `/views/${part(id)}`;
const modelPath = (name: string) => `/models/${part(name)}`;
const boardsPath = (project: string) => `${projectPath(project)}/leaderboards`;
const boardPath = (project: string, id: number) => `${boardsPath(project)}/${String(id)}`;
const hooksPath = (project: string) => `${projectPath(project)}/webhooks`;
const hookPath = (project: string, id: number) => `${hooksPath(project)}/${String(id)}`;
const versionPath = (model: string, version: number) => `${modelPath(model)}/versions/${String(version)}`;
/** What has a lineage. */
export type LineageSubject = { kind: "version"; model: string; version: number } | { kind: "run"; run: string } | { kind: "artifact"; id: number };
function subjectPath(subject: LineageSubject): string {
  if (subject.kind === "artifact") return artifactPath(subject.id);
  return subject.kind === "run" ? runPath(subject.run) : versionPath(subject.model, subject.version);
}
const artifactPath = (id: number) => `/artifact-versions/${String(id)}`;
const proposalPath = (model: string, number: number) => `${modelPath(model)}/proposals/${String(number)}`;
const filePath = (artifactVersion: number, path: string) => `/artifact-versions/${String(artifactVersion)}/files/${path.split("/").map(part).join("/")}`;
const aliasPath = (model: string, alias: string) => `${modelPath(model)}/aliases/${part(alias)}`;

export type Asking = { signal?: AbortSignal };

export const api = {
  server: () => request<ServerFacts>("GET", "/server"),
  health: async () => {
    const response = await reach("/healthz", {});
    if (!response.ok) throw await failure(response);
    await response.text(); // an answer that nobody reads keeps its connection
    return "ok" as const;
  },
  me: () => request<Me>("GET", "/me"),
  roles: () => request<Roles>("GET", "/me/roles"),
  signIn: (body: Schemas["SignIn"]) => request<Me>("POST", "/session", { body }),
  /** Where the browser is to go to sign in through the provider, and to come back to `to` from. */
  beginOidc: (to: string) => request<Schemas["Address"]>("POST", "/session/oidc", { body: { to } }),
  openLink: (secret: string) => request<Schemas["LinkOpened"]>("POST", "/session/link", { body: { secret } }),
  join: (body: Schemas["Joining"]) => request<Me>("POST", "/session/invitation", { body }),
  signOut: () => request<undefined>("DELETE", "/session"),

  acts: (query: ActFilter & { before: string | null }, asking?: Asking) => request<Schemas["ActPage"]>("GET", "/acts", { query, ...asking }),
  invitations: (asking?: Asking) => request<Schemas["Invitations"]>("GET", "/invitations", asking),
  invite: (body: Schemas["NewInvitation"]) => act<Schemas["InvitationMade"]>("POST", "/invitations", { body }),
  revokeInvitation: (id: number) => act<Invitation>("DELETE", `/invitations/${String(id)}`),
  changePassword: (body: Schemas["NewPassword"]) => request<undefined>("PUT", "/me/password", { body }),
  accessKeys: (query: { owner: string | null }, asking?: Asking) => request<Schemas["AccessKeys"]>("GET", "/keys", { query, ...asking }),
  createKey: (body: NewAccessKey) => act<Schemas["AccessKeyMade"]>("POST", "/keys", { body }),
  revokeKey: (id: number) => act<AccessKey>("DELETE", `/keys/${String(id)}`),
  people: (asking?: Asking) => request<Schemas["People"]>("GET", "/people", asking),
  createPerson: (body: Schemas["NewPerson"]) => act<Schemas["NewPersonMade"]>("POST", "/people", { body }),
  changePerson: (name: string, body: PersonChanges) => act<Schemas["NewPersonMade"]>("PATCH", `/people/${part(name)}`, { body }),
  members: (project: string, asking?: Asking) => request<Members>("GET", `${projectPath(project)}/members`, asking),
  candidates: (project: string, asking?: Asking) => request<Schemas["PersonNames"]>("GET", `${projectPath(project)}/members/candidates`, asking),
  giveRole: (project: string, name: string, role: Role) => act<Members>("PUT", `${projectPath(project)}/members/${part(name)}`, { body: { role } }),
  takeRole: (project: string, name: string) => act<Members>("DELETE", `${projectPath(project)}/members/${part(name)}`),
  openProject: (project: string, role: Role | null) => act<Members>("PUT", `${projectPath(project)}/everyone`, { body: { role } }),
  links: (project: string, asking?: Asking) => request<Schemas["Links"]>("GET", `${projectPath(project)}/links`, asking),
  createLink: (project: string, body: Schemas["NewLink"]) => act<Schemas["LinkMade"]>("POST", `${projectPath(project)}/links`, { body }),
  revokeLink: (project: string, link: number) => act<SharedLink>("DELETE", `${projectPath(project)}/links/${String(link)}`),

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
  changeRuns: (project: string, body: RunsChange) => act<Schemas["RunsChanged"]>("POST", `${projectPath(project)}/runs/change`, { body }),
  changeProject: (name: string, body: Schemas["ProjectChanges"]) => act<undefined>("PATCH", projectPath(name), { body }),
  goals: (project: string, asking?: Asking) => request<ProjectGoals>("GET", `${projectPath(project)}/goals`, asking),
  chooseGoal: (project: string, body: Schemas["ChosenGoal"]) => act<undefined>("PUT", `${projectPath(project)}/goals`, { body }),
  live: (project: string, body: LiveRequest, asking?: Asking) =>
    requestSeries<Schemas["LiveAnswer"]>(`${projectPath(project)}/live`, body, asking),
  runsLive: (body: LiveRequest, asking?: Asking) => requestSeries<Schemas["LiveAnswer"]>("/runs/live", body, asking),
  artifacts: (project: string) => request<Schemas["ArtifactList"]>("GET", `${projectPath(project)}/artifacts`),
  artifactList: (project: string, query: { q: string; kind: string | null; limit: number; cursor: string | null }, asking?: Asking) =>
    request<Schemas["ArtifactList"]>("GET", `${projectPath(project)}/artifacts`, { query, ...asking }),
  artifactVersions: (project: string, name: string, query: { before: number | null }, asking?: Asking) =>
    request<Schemas["VersionPage"]>("GET", `${projectPath(project)}/artifacts/${part(name)}/versions`, { query, ...asking }),
  artifactVersion: (project: string, name: string, pointer: string, asking?: Asking) =>
    request<ArtifactAbout>("GET", `${projectPath(project)}/artifacts/${part(name)}/versions/${part(pointer)}`, asking),
  artifactTree: (id: number, query: { path: string; find: string; cursor: string | null }, asking?: Asking) =>
    request<TreePage>("GET", `${artifactPath(id)}/tree`, { query, ...asking }),
  artifactEntry: (id: number, path: string, asking?: Asking) => request<FileEntry>("GET", `${artifactPath(id)}/entry`, { query: { path }, ...asking }),
  artifactChanges: (id: number, query: { since: number; limit: number; cursor: string | null }, asking?: Asking) =>
    request<ArtifactChanges>("GET", `${artifactPath(id)}/changes`, { query, ...asking }),
  rowChanges: (id: number, body: { since: number; path: string; on: string[] | null; limit: number }, asking?: Asking) =>
    request<RowChangesPage>("POST", `${artifactPath(id)}/table/changes`, { body, ...asking }),
  textChanges: (id: number, query: { since: number; path: string }, asking?: Asking) =>
    request<TextChanges>("GET", `${artifactPath(id)}/text/changes`, { query, ...asking }),
  moveArtifactAlias: (id: number, alias: string) => act<ArtifactAbout>("PUT", `${artifactPath(id)}/aliases/${part(alias)}`),
  removeArtifactAlias: (id: number, alias: string) => act<ArtifactAbout>("DELETE", `${artifactPath(id)}/aliases/${part(alias)}`),
  compareData: (project: string, runs: readonly string[], asking?: Asking) =>
    request<DataComparison>("POST", `${projectPath(project)}/data/compare`, { body: { runs: [...runs] }, ...asking }),

  corrections: (project: string, query: { before: number | null }, asking?: Asking) =>
    request<Schemas["CorrectionPage"]>("GET", `${projectPath(project)}/corrections`, { query, ...asking }),
  previewCorrection: (project: string, body: NewCorrection, asking?: Asking) =>
    request<Schemas["Effects"]>("POST", `${projectPath(project)}/corrections/preview`, { body, ...asking }),
  correct: (project: string, body: NewCorrection) =>
    act<Schemas["CorrectionMade"]>("POST", `${projectPath(project)}/corrections`, { body }),
  undoCorrection: (project: string, entry: number) =>
    act<Correction>("POST", `${projectPath(project)}/corrections/${String(entry)}/undo`, { body: {} }),
  trash: (project: string, asking?: Asking) => request<Trash>("GET", `${projectPath(project)}/trash`, asking),
  space: (project: string, asking?: Asking) => request<ProjectSpace>("GET", `${projectPath(project)}/space`, asking),
  fates: (project: string, artifact: string, asking?: Asking) => request<Schemas["Fates"]>("GET", `${projectPath(project)}/artifacts/${encodeURIComponent(artifact)}/retention`, asking),
  tryPolicy: (project: string, artifact: string, body: RetentionPolicy, asking?: Asking) => request<Schemas["Fates"]>("POST", `${projectPath(project)}/artifacts/${encodeURIComponent(artifact)}/retention`, { ...asking, body }),
  choosePolicy: (project: string, artifact: string, body: RetentionPolicy) => act<Schemas["Fates"]>("PUT", `${projectPath(project)}/artifacts/${encodeURIComponent(artifact)}/policy`, { body }),
  deleteVersions: (project: string, body: Schemas["VersionsRequest"]) => act<Schemas["MovedVersions"]>("POST", `${projectPath(project)}/versions/delete`, { body }),
  restoreVersions: (project: string, body: Schemas["VersionsRequest"]) => act<Schemas["MovedVersions"]>("POST", `${projectPath(project)}/versions/restore`, { body }),
  purgeTrash: (project: string, body: Schemas["PurgeRequest"]) => act<Purged>("POST", `${projectPath(project)}/trash/purge`, { body }),

  views: (project: string, asking?: Asking) => request<Schemas["SavedViewList"]>("GET", `${projectPath(project)}/views`, asking),
  view: (id: string, asking?: Asking) => request<SavedView>("GET", viewPath(id), asking),
  createView: (project: string, body: Schemas["NewSavedView"]) => act<SavedView>("POST", `${projectPath(project)}/views`, { body }),
  changeView: (id: string, body: Schemas["SavedViewChanges"]) => act<SavedView>("PATCH", viewPath(id), { body }),
  deleteView: (id: string) => act<undefined>("DELETE", viewPath(id)),

  leaderboards: (project: string, asking?: Asking) => request<Schemas["LeaderboardList"]>("GET", boardsPath(project), asking),
  leaderboard: (project: string, id: number, asking?: Asking) => request<Leaderboard>("GET", boardPath(project, id), asking),
  standing: (project: string, id: number, asking?: Asking) => request<Standing>("GET", `${boardPath(project, id)}/standing`, asking),
  createLeaderboard: (project: string, body: NewLeaderboard) => act<Leaderboard>("POST", boardsPath(project), { body }),
  changeLeaderboard: (project: string, id: number, body: LeaderboardChanges) => act<Leaderboard>("PATCH", boardPath(project, id), { body }),
  deleteLeaderboard: (project: string, id: number) => act<undefined>("DELETE", boardPath(project, id)),
  /** Where the browser downloads it from. */
  leaderboardExport: (project: string, id: number, format: "html" | "json") => `/api/v1${boardPath(project, id)}/export?format=${format}`,

  run: (id: string, asking?: Asking) => request<RunDetail>("GET", runPath(id), { query: FEW, ...asking }),
  /** With those of its metrics that have this text in their names. */
  runHaving: (id: string, having: string, asking?: Asking) => request<RunDetail>("GET", runPath(id), { query: { ...FEW, having }, ...asking }),
  changeRun: (id: string, changes: RunChanges) => act<RunDetail>("PATCH", runPath(id), { body: changes, query: FEW }),
  deleteRun: (id: string, reason = "") => act<undefined>("DELETE", runPath(id), reason === "" ? {} : { query: { reason } }),
  restoreRun: (id: string) => act<RunDetail>("POST", `${runPath(id)}/restore`, { query: FEW }),
  stopRun: (id: string, reason: string) => act<RunDetail>("POST", `${runPath(id)}/stop`, { body: { reason }, query: FEW }),
  alerts: (id: string, query: { before?: number | null; limit: number }, asking?: Asking) =>
    request<Schemas["AlertList"]>("GET", `${runPath(id)}/alerts`, { query, ...asking }),
  segments: (id: string, asking?: Asking) => request<Schemas["SegmentList"]>("GET", `${runPath(id)}/segments`, asking),
  restoreSegment: (id: string, number: number) =>
    act<Schemas["SegmentList"]>("POST", `${runPath(id)}/segments/${String(number)}/restore`),
  console: (id: string, query: { start: number; limit: number } & ConsoleFilter) => request<ConsolePage>("GET", `${runPath(id)}/console`, { query }),
  searchConsole: (id: string, search: ConsoleSearch, asking?: Asking) => request<Schemas["ConsoleFound"]>("GET", `${runPath(id)}/console/search`, { query: search, ...asking }),
  events: (id: string, asking?: Asking) => request<Schemas["RunEvents"]>("GET", `${runPath(id)}/events`, asking),
  holdings: (id: string, asking?: Asking) => request<RunHoldings>("GET", `${runPath(id)}/holdings`, asking),
  mediaNames: (id: string, asking?: Asking) => request<Schemas["MediaNames"]>("GET", `${runPath(id)}/media/names`, asking),
  mediaSteps: (id: string, asking?: Asking) => request<Schemas["MediaSteps"]>("GET", `${runPath(id)}/media/steps`, asking),
  mediaAt: (project: string, body: Schemas["MediaAtRequest"], asking?: Asking) => request<Schemas["MediaAt"]>("POST", `${projectPath(project)}/media/at`, { body, ...asking }),
  mediaPage: (id: string, query: { name: string; from_step: number; to_step: number; limit: number; cursor?: string }, asking?: Asking) => request<Schemas["MediaList"]>("GET", `${runPath(id)}/media`, { query, ...asking }),
  mediaPiece: (id: number, asking?: Asking) => request<Media>("GET", `/media/${String(id)}`, asking),
  /** The pieces of one name of a run, in order of their steps. */
  mediaOfName: (id: string, query: { name: string; kind: string; limit: number; cursor: string | null }, asking?: Asking) =>
    request<Schemas["MediaList"]>("GET", `${runPath(id)}/media`, { query, ...asking }),
  mediaTable: (id: number, body: Schemas["MediaTableQuery"], asking?: Asking) => request<TablePage>("POST", `/media/${String(id)}/table`, { body, ...asking }),
  joinTables: (id: number, body: JoinQuery, asking?: Asking) => request<JoinPage>("POST", `/media/${String(id)}/table/join`, { body, ...asking }),
  fileTable: (version: number, body: Schemas["FileTableQuery"], asking?: Asking) => request<TablePage>("POST", `/artifact-versions/${String(version)}/table`, { body, ...asking }),
  oneMedia: (id: number, asking?: Asking) => request<Media>("GET", `/media/${String(id)}`, asking),
  contentOf: firstBytes,
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

  models: (archived: 0 | 1, asking?: Asking) => request<Schemas["ModelList"]>("GET", "/models", { query: { archived }, ...asking }),
  model: (name: string, asking?: Asking) => request<ModelDetail>("GET", modelPath(name), asking),
  modelVersion: (name: string, version: number, asking?: Asking) =>
    request<ModelVersionDetail>("GET", versionPath(name, version), asking),
  changeModel: (name: string, changes: ModelChanges) => act<ModelDetail>("PATCH", modelPath(name), { body: changes }),
  archiveModel: (name: string, body: Schemas["ModelArchiving"]) => act<ModelDetail>("PUT", `${modelPath(name)}/archived`, { body }),
  changeVersion: (name: string, version: number, changes: VersionChanges) =>
    act<ModelVersionDetail>("PATCH", versionPath(name, version), { body: changes }),
  setVersionState: (name: string, version: number, body: VersionStateChange) =>
    act<ModelVersionDetail>("PUT", `${versionPath(name, version)}/state`, { body }),
  deleteVersion: (name: string, version: number, reason: string) =>
    act<AuditEntry>("DELETE", versionPath(name, version), { query: { reason } }),
  card: (model: string, version: number, asking?: Asking) => request<ModelCard>("GET", `${versionPath(model, version)}/card`, asking),
  changeCard: (model: string, version: number, body: Schemas["CardChange"]) => act<ModelCard>("PATCH", `${versionPath(model, version)}/card`, { body }),
  lineage: (subject: LineageSubject, asking?: Asking) => request<LineageGraph>("GET", `${subjectPath(subject)}/lineage`, asking),
  registerVersion: (model: string, artifactVersion: number) =>
    act<ModelVersionDetail>("POST", `${modelPath(model)}/versions`, { body: { artifact_version_id: artifactVersion } }),
  promotion: (model: string, query: { alias: string; version?: number; artifact_version_id?: number }) =>
    request<PromotionPreview>("GET", `${modelPath(model)}/promotion`, { query }),
  moveAlias: (model: string, alias: string, move: AliasMove) => act<Moved>("POST", aliasPath(model, alias), { body: move }),
  rollBack: (model: string, alias: string, body: Schemas["RollBack"]) =>
    act<Moved>("POST", `${aliasPath(model, alias)}/rollback`, { body }),
  openProposals: (asking?: Asking) => request<Schemas["ProposalList"]>("GET", "/proposals", { query: { state: "open" }, ...asking }),
  proposals: (model: string, asking?: Asking) => request<Schemas["ProposalList"]>("GET", `${modelPath(model)}/proposals`, asking),
  proposal: (model: string, number: number, asking?: Asking) => request<ProposalDetail>("GET", proposalPath(model, number), asking),
  propose: (model: string, body: Schemas["NewProposal"]) => act<Proposal>("POST", `${modelPath(model)}/proposals`, { body }),
  commentOn: (model: string, number: number, body: Schemas["NewComment"]) => act<ProposalDetail>("POST", `${proposalPath(model, number)}/comments`, { body }),
  approve: (model: string, number: number, body: Schemas["ApprovalGiven"]) => act<ProposalDetail>("POST", `${proposalPath(model, number)}/approval`, { body }),
  reject: (model: string, number: number, body: Schemas["Decision"]) => act<ProposalDetail>("POST", `${proposalPath(model, number)}/rejection`, { body }),
  withdraw: (model: string, number: number, body: Schemas["Decision"]) => act<ProposalDetail>("POST", `${proposalPath(model, number)}/withdrawal`, { body }),
  bundles: (model: string, asking?: Asking) => request<Schemas["BundleList"]>("GET", `${modelPath(model)}/bundles`, asking),
  bundle: (model: string, version: number, asking?: Asking) => request<BundleReport>("GET", `${versionPath(model, version)}/bundle`, asking),
  consumers: (model: string, asking?: Asking) => request<Schemas["ConsumerList"]>("GET", `${modelPath(model)}/consumers`, asking),
  /** What is in a file of an artifact version. */
  filePreview: (artifactVersion: number, path: string, asking?: Asking) => request<Preview>("GET", `/artifact-versions/${String(artifactVersion)}/preview?${new URLSearchParams({ path }).toString()}`, asking),
  /** A file of an artifact version that is JSON. */
  storedJson: (artifactVersion: number, path: string, asking?: Asking) => request<unknown>("GET", filePath(artifactVersion, path), asking),
  rules: (model: string, asking?: Asking) => request<RuleSet>("GET", `${modelPath(model)}/rules`, asking),
  checkRules: (model: string, text: string, asking?: Asking) => request<CheckedRules>("POST", `${modelPath(model)}/rules/check`, { body: { text }, ...asking }),
  changeRules: (model: string, body: Schemas["RulesChange"]) => act<RuleSet>("PUT", `${modelPath(model)}/rules`, { body }),
  evaluate: (model: string, body: Schemas["GateQuestion"], asking?: Asking) => request<GateReport>("POST", `${modelPath(model)}/gate`, { body, ...asking }),
  removeAlias: (model: string, alias: string, query: { replaces: number; reason: string }) =>
    act<AuditEntry>("DELETE", aliasPath(model, alias), { query }),

  webhooks: (project: string, asking?: Asking) => request<Schemas["WebhookList"]>("GET", hooksPath(project), asking),
  createWebhook: (project: string, body: NewWebhook) => act<WebhookSecret>("POST", hooksPath(project), { body }),
  changeWebhook: (project: string, id: number, body: WebhookChanges) => act<Webhook>("PATCH", hookPath(project, id), { body }),
  deleteWebhook: (project: string, id: number) => act<undefined>("DELETE", hookPath(project, id)),
  renewWebhookSecret: (project: string, id: number) => act<WebhookSecret>("POST", `${hookPath(project, id)}/secret`),
  testWebhook: (project: string, id: number) => act<Delivery>("POST", `${hookPath(project, id)}/test`),
  deliveries: (project: string, id: number, query: { before: number | null }, asking?: Asking) =>
    request<Schemas["DeliveryList"]>("GET", `${hookPath(project, id)}/deliveries`, { query, ...asking }),
  delivery: (project: string, id: number, delivery: string, asking?: Asking) =>
    request<DeliveryDetail>("GET", `${hookPath(project, id)}/deliveries/${part(delivery)}`, asking),
  redeliver: (project: string, id: number, delivery: string) => act<Delivery>("POST", `${hookPath(project, id)}/deliveries/${part(delivery)}/redeliver`),

  audit: (query: AuditFilter & { before?: number | null; limit?: number }, asking?: Asking) => request<AuditPage>("GET", "/audit", { query, ...asking }),
  verifyAudit: () => request<AuditVerification>("GET", "/audit/verification"),
};

/** The page of an output of a notebook, for a sandboxed frame and nothing else. */
export const frameAddress = (artifactVersion: number, path: string, cell: number, output: number) =>
  `/api/v1/artifact-versions/${String(artifactVersion)}/frame?${new URLSearchParams({ path, cell: String(cell), output: String(output) }).toString()}`;

export const fileAddress = (artifactVersion: number, path: string) => `/api/v1${filePath(artifactVersion, path)}`;

export const auditAddress = (query: AuditFilter & { format: "csv" | "jsonl" }) => `/api/v1/audit/export${queryText(query)}`;
export const actsAddress = (query: ActFilter & { format: "csv" | "jsonl" }) => `/api/v1/acts/export${queryText(query)}`;
export const consoleAddress = (run: string) => `/api/v1${runPath(run)}/console/text`;
export const exportAddress = (run: string) => `/api/v1${runPath(run)}/export`;
