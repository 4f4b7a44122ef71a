/** What the pages ask for, under which key it is kept, and what to ask again after a change. */

import { QueryClient, infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { type ActFilter, ApiError, type CompareRequest, type LineageSubject, type NewCorrection, type RetentionPolicy, type RunSearch, api } from "./api";

const SECOND = 1000;

/** Asking so often is quick enough for a first run to appear by itself while its author looks on. */
export const FIRST_RUN_MS = 3 * SECOND;

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5 * SECOND,
      gcTime: 10 * 60 * SECOND,
      // a sentence from the server will not change by asking again; a lost connection may
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.isUnreachable || error.status >= 500),
      retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, 8000),
    },
  },
});

type RunKeysSearch = Pick<RunSearch, "text" | "filter" | "status" | "archived">;

const ALERTS_AT_ONCE = 20;
const NAMES_AT_ONCE = 50;
const ARTIFACTS_AT_ONCE = 100;
const CHANGES_AT_ONCE = 1000;

const MODELS = ["models"] as const;

export const queries = {
  me: () => queryOptions({ queryKey: ["me"], queryFn: api.me, staleTime: 60 * SECOND }),
  roles: () => queryOptions({ queryKey: ["roles"], queryFn: api.roles, staleTime: 60 * SECOND }),
  invitations: () => queryOptions({ queryKey: ["invitations"], queryFn: ({ signal }) => api.invitations({ signal }), staleTime: 0 }),
  accessKeys: (owner: string | null) => queryOptions({ queryKey: ["access keys", owner], queryFn: ({ signal }) => api.accessKeys({ owner }, { signal }), staleTime: 0 }),
  acts: (filter: ActFilter) =>
    infiniteQueryOptions({
      queryKey: ["acts", filter],
      queryFn: ({ pageParam, signal }) => api.acts({ ...filter, before: pageParam }, { signal }),
      initialPageParam: null as string | null,
      getNextPageParam: ({ next_cursor }) => next_cursor,
      staleTime: 0,
      placeholderData: keepPreviousData,
    }),
  people: () => queryOptions({ queryKey: ["people"], queryFn: ({ signal }) => api.people({ signal }), staleTime: 0 }),
  members: (project: string) => queryOptions({ queryKey: ["members", project], queryFn: ({ signal }) => api.members(project, { signal }), staleTime: 0 }),
  candidates: (project: string) => queryOptions({ queryKey: ["candidates", project], queryFn: ({ signal }) => api.candidates(project, { signal }) }),
  links: (project: string) => queryOptions({ queryKey: ["links", project], queryFn: ({ signal }) => api.links(project, { signal }), staleTime: 0 }),
  server: () => queryOptions({ queryKey: ["server"], queryFn: api.server, staleTime: Infinity }),
  projects: () => queryOptions({ queryKey: ["projects"], queryFn: ({ signal }) => api.projects({ signal }) }),
  /** What goes on in all projects; of each project that names one, with the last value of that metric. */
  running: (pinned: Record<string, string>) =>
    queryOptions({ queryKey: ["running", pinned], queryFn: ({ signal }) => api.running(pinned, { signal }), placeholderData: keepPreviousData }),
  storage: () => queryOptions({ queryKey: ["storage"], queryFn: ({ signal }) => api.storage({ signal }), staleTime: 60 * SECOND }),
  project: (name: string) => queryOptions({ queryKey: ["project", name], queryFn: () => api.project(name) }),
  goals: (project: string) => queryOptions({ queryKey: ["goals", project], queryFn: ({ signal }) => api.goals(project, { signal }) }),
  keys: (project: string) => queryOptions({ queryKey: ["keys", project], queryFn: () => api.keys(project) }),
  /** The names that begin so, for completing one. */
  keysFrom: (project: string, prefix: string) =>
    queryOptions({ queryKey: ["keys", project, prefix], queryFn: ({ signal }) => api.keysFrom(project, { prefix, limit: NAMES_AT_ONCE }, { signal }), placeholderData: keepPreviousData }),
  views: (project: string) => queryOptions({ queryKey: ["views", project], queryFn: ({ signal }) => api.views(project, { signal }) }),
  view: (id: string) => queryOptions({ queryKey: ["view", id], queryFn: ({ signal }) => api.view(id, { signal }), staleTime: 60 * SECOND }),
  leaderboards: (project: string) => queryOptions({ queryKey: ["leaderboards", project], queryFn: ({ signal }) => api.leaderboards(project, { signal }) }),
  leaderboard: (project: string, id: number) =>
    queryOptions({ queryKey: ["leaderboards", project, id], queryFn: ({ signal }) => api.leaderboard(project, id, { signal }) }),
  /** Runs finish and are deleted meanwhile. */
  standing: (project: string, id: number) =>
    queryOptions({ queryKey: ["leaderboards", project, id, "standing"], queryFn: ({ signal }) => api.standing(project, id, { signal }), refetchInterval: 60 * SECOND }),
  /** What the runs of a search have, counted anew each time that one asks. */
  runKeys: (project: string, { text, filter, status, archived }: RunKeysSearch) => {
    const search = { text, filter, status, archived };
    return queryOptions({ queryKey: ["run keys", project, search], queryFn: ({ signal }) => api.runKeys(project, search, { signal }), placeholderData: keepPreviousData });
  },
  /** With the first of its metrics alone, if they are very many; `runHaving` has those of a name. */
  run: (id: string) => queryOptions({ queryKey: ["run", id], queryFn: ({ signal }) => api.run(id, { signal }) }),
  runHaving: (id: string, text: string) =>
    queryOptions({ queryKey: ["run", id, "having", text], queryFn: ({ signal }) => api.runHaving(id, text, { signal }), placeholderData: keepPreviousData }),
  /** `state` is what the page knows of the run: with another one it asks again. */
  events: (id: string, state: string) =>
    queryOptions({ queryKey: ["run", id, "events", state], queryFn: ({ signal }) => api.events(id, { signal }), placeholderData: keepPreviousData }),
  /** `count` is how many there are as far as the page knows: with another one it asks again. */
  alerts: (id: string, count: number) =>
    infiniteQueryOptions({
      queryKey: ["run", id, "alerts", count],
      queryFn: ({ pageParam, signal }) => api.alerts(id, { before: pageParam, limit: ALERTS_AT_ONCE }, { signal }),
      initialPageParam: null as number | null,
      getNextPageParam: ({ alerts }) => (alerts.length < ALERTS_AT_ONCE ? null : alerts.at(-1)?.id),
      placeholderData: keepPreviousData,
    }),
  /** A run that goes on may be resumed from an earlier step at any time. */
  segments: (id: string, isGoing: boolean) =>
    queryOptions({ queryKey: ["run", id, "segments"], queryFn: ({ signal }) => api.segments(id, { signal }), refetchInterval: isGoing ? 15 * SECOND : false }),
  mediaNames: (id: string) => queryOptions({ queryKey: ["run", id, "media names"], queryFn: ({ signal }) => api.mediaNames(id, { signal }) }),
  mediaSteps: (id: string) => queryOptions({ queryKey: ["run", id, "media steps"], queryFn: ({ signal }) => api.mediaSteps(id, { signal }) }),
  mediaPiece: (id: number) => queryOptions({ queryKey: ["media", id], queryFn: ({ signal }) => api.mediaPiece(id, { signal }), staleTime: Infinity }),
  runArtifacts: (id: string) => queryOptions({ queryKey: ["run", id, "artifacts"], queryFn: ({ signal }) => api.runArtifacts(id, { signal }) }),
  artifacts: (project: string) => queryOptions({ queryKey: ["artifacts", project], queryFn: () => api.artifacts(project) }),
  artifactList: (project: string, asked: { q: string; kind: string | null }) =>
    infiniteQueryOptions({
      queryKey: ["artifacts", project, asked],
      queryFn: ({ pageParam, signal }) => api.artifactList(project, { ...asked, limit: ARTIFACTS_AT_ONCE, cursor: pageParam }, { signal }),
      initialPageParam: null as string | null,
      getNextPageParam: ({ next_cursor }) => next_cursor,
      placeholderData: keepPreviousData,
    }),
  artifactVersions: (project: string, name: string) =>
    infiniteQueryOptions({
      queryKey: ["artifacts", project, name, "versions"],
      queryFn: ({ pageParam, signal }) => api.artifactVersions(project, name, { before: pageParam }, { signal }),
      initialPageParam: null as number | null,
      getNextPageParam: ({ next_before }) => next_before,
    }),
  artifactVersion: (project: string, name: string, pointer: string) =>
    queryOptions({ queryKey: ["artifacts", project, name, pointer], queryFn: ({ signal }) => api.artifactVersion(project, name, pointer, { signal }) }),
  /** What a version holds never changes. */
  artifactTree: (id: number, path: string, find: string) =>
    infiniteQueryOptions({
      queryKey: ["artifact tree", id, path, find],
      queryFn: ({ pageParam, signal }) => api.artifactTree(id, { path, find, cursor: pageParam }, { signal }),
      initialPageParam: null as string | null,
      getNextPageParam: ({ next_cursor }) => next_cursor,
      staleTime: Infinity,
    }),
  artifactEntry: (id: number, path: string) =>
    queryOptions({ queryKey: ["artifact entry", id, path], queryFn: ({ signal }) => api.artifactEntry(id, path, { signal }), staleTime: Infinity }),
  artifactChanges: (id: number, since: number) =>
    infiniteQueryOptions({
      queryKey: ["artifact changes", id, since],
      queryFn: ({ pageParam, signal }) => api.artifactChanges(id, { since, limit: CHANGES_AT_ONCE, cursor: pageParam }, { signal }),
      initialPageParam: null as string | null,
      getNextPageParam: ({ next_cursor }) => next_cursor,
      staleTime: Infinity,
    }),
  rowChanges: (id: number, asked: { since: number; path: string; on: string[] | null; limit: number }) =>
    queryOptions({ queryKey: ["row changes", id, asked], queryFn: ({ signal }) => api.rowChanges(id, asked, { signal }), staleTime: Infinity, placeholderData: keepPreviousData }),
  textChanges: (id: number, since: number, path: string) =>
    queryOptions({ queryKey: ["text changes", id, since, path], queryFn: ({ signal }) => api.textChanges(id, { since, path }, { signal }), staleTime: Infinity }),
  dataOf: (project: string, runs: readonly string[]) =>
    queryOptions({ queryKey: ["compare", "data", project, runs], queryFn: ({ signal }) => api.compareData(project, runs, { signal }), enabled: runs.length > 0 }),
  compare: (asked: CompareRequest) =>
    queryOptions({ queryKey: ["compare", asked], queryFn: ({ signal }) => api.compare(asked, { signal }), enabled: asked.runs.length > 0, placeholderData: keepPreviousData }),
  /** Of all of these runs together; with `having` in them. */
  metricNames: (runs: readonly string[], having = "") =>
    queryOptions({ queryKey: ["metric names", runs, having], queryFn: ({ signal }) => api.metricNames({ runs: [...runs], having }, { signal }), placeholderData: keepPreviousData }),
  corrections: (project: string) =>
    infiniteQueryOptions({
      queryKey: ["corrections", project],
      queryFn: ({ pageParam, signal }) => api.corrections(project, { before: pageParam }, { signal }),
      initialPageParam: null as number | null,
      getNextPageParam: ({ next_before }) => next_before,
      staleTime: 0,
    }),
  correctionPreview: (project: string, correction: NewCorrection) =>
    queryOptions({ queryKey: ["correction", project, correction], queryFn: ({ signal }) => api.previewCorrection(project, correction, { signal }), staleTime: 0 }),
  space: (project: string) => queryOptions({ queryKey: ["space", project], queryFn: ({ signal }) => api.space(project, { signal }), staleTime: 0 }),
  fates: (project: string, artifact: string) =>
    queryOptions({ queryKey: ["retention", project, artifact], queryFn: ({ signal }) => api.fates(project, artifact, { signal }), staleTime: 0 }),
  triedPolicy: (project: string, artifact: string, policy: RetentionPolicy) =>
    queryOptions({ queryKey: ["retention", project, artifact, policy], queryFn: ({ signal }) => api.tryPolicy(project, artifact, policy, { signal }), staleTime: 0 }),
  trash: (project: string) => queryOptions({ queryKey: ["trash", project], queryFn: ({ signal }) => api.trash(project, { signal }), staleTime: 0 }),
  models: (archived: 0 | 1 = 0) => queryOptions({ queryKey: [...MODELS, { archived }], queryFn: ({ signal }) => api.models(archived, { signal }) }),
  model: (name: string) => queryOptions({ queryKey: [...MODELS, name], queryFn: ({ signal }) => api.model(name, { signal }) }),
  modelVersion: (name: string, version: number) =>
    queryOptions({ queryKey: [...MODELS, name, version], queryFn: ({ signal }) => api.modelVersion(name, version, { signal }) }),
  /** Which of its versions are bundles, and how they stand. */
  bundles: (model: string) => queryOptions({ queryKey: [...MODELS, model, "bundles"], queryFn: ({ signal }) => api.bundles(model, { signal }), staleTime: 30 * SECOND }),
  bundle: (model: string, version: number) => queryOptions({ queryKey: [...MODELS, model, version, "bundle"], queryFn: ({ signal }) => api.bundle(model, version, { signal }) }),
  consumers: (model: string) => queryOptions({ queryKey: [...MODELS, model, "consumers"], queryFn: ({ signal }) => api.consumers(model, { signal }) }),
  /** A file never changes. */
  filePreview: (artifactVersion: number, path: string) =>
    queryOptions({ queryKey: ["preview", artifactVersion, path], queryFn: ({ signal }) => api.filePreview(artifactVersion, path, { signal }), staleTime: Infinity }),
  storedJson: (artifactVersion: number, path: string) =>
    queryOptions({ queryKey: ["stored", artifactVersion, path], queryFn: ({ signal }) => api.storedJson(artifactVersion, path, { signal }), staleTime: Infinity }),
  card: (model: string, version: number) => queryOptions({ queryKey: [...MODELS, "card", model, version], queryFn: ({ signal }) => api.card(model, version, { signal }) }),
  lineage: (subject: LineageSubject) => queryOptions({ queryKey: [...MODELS, "lineage", subject], queryFn: ({ signal }) => api.lineage(subject, { signal }) }),
  /** Those that wait for somebody, of all models. */
  openProposals: () => queryOptions({ queryKey: [...MODELS, "", "open proposals"], queryFn: ({ signal }) => api.openProposals({ signal }), refetchInterval: 60 * SECOND, staleTime: 30 * SECOND }),
  proposals: (model: string) =>
    queryOptions({ queryKey: [...MODELS, model, "proposals"], queryFn: ({ signal }) => api.proposals(model, { signal }), refetchInterval: 15 * SECOND }),
  /** Others comment, approve and promote meanwhile, and what the rules say changes with what is logged. */
  proposal: (model: string, number: number) =>
    queryOptions({ queryKey: [...MODELS, model, "proposals", number], queryFn: ({ signal }) => api.proposal(model, number, { signal }), refetchInterval: 5 * SECOND, staleTime: 0 }),
  rules: (model: string) => queryOptions({ queryKey: [...MODELS, model, "rules"], queryFn: ({ signal }) => api.rules(model, { signal }) }),
  /** What the rules say changes with what is logged. */
  gate: (model: string, question: { candidate: string; against: string }) =>
    queryOptions({ queryKey: [...MODELS, model, "gate", question], queryFn: ({ signal }) => api.evaluate(model, question, { signal }), staleTime: 30 * SECOND }),
  promotion: (model: string, target: { alias: string; version?: number; artifact_version_id?: number }) =>
    queryOptions({ queryKey: [...MODELS, model, "promotion", target], queryFn: () => api.promotion(model, target), staleTime: 0 }),
};

/** After an alias has moved or a version was registered: all that names models, and the artifacts that link to them. */
export async function registryChanged(): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: MODELS }),
    client.invalidateQueries({ queryKey: ["audit"] }),
    client.invalidateQueries({ predicate: ({ queryKey }) => queryKey.includes("artifacts") }),
  ]);
}

export async function runChanged(id: string): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ["run", id] }),
    client.invalidateQueries({ queryKey: ["runs"] }),
    client.invalidateQueries({ queryKey: ["trash"] }),
    client.invalidateQueries({ queryKey: ["corrections"] }),
    client.invalidateQueries({ queryKey: ["projects"] }),
  ]);
}
