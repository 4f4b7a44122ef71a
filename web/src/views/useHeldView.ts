/** The view in the address of a workspace, however it stands there, and how to change it. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Search } from "../address";
import { type SavedView, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { client, queries } from "../queries";
import { useHandler } from "../parts/useHandler";
import { lastView } from "../settings";
import { placeOf, textOf } from "./held";

/** `parameters` have `of`, the id of the saved view that they come from; `base` is that view once it is known. */
export type HeldView = { parameters: Search; base: SavedView | null; hold: (parameters: Search, isReplacing?: boolean) => void };

/** The saved view that the address names is fetched already: see `HeldWorkspace`. */
export function useHeldView(project: string): HeldView {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const [kept, setKept] = useState<{ at: string; parameters: Search } | null>(null);
  const at = textOf(search);
  const saved = useQuery({ ...queries.view(search["v"] ?? ""), enabled: search["v"] !== undefined }).data;
  const parameters = useMemo(() => (kept?.at === at ? kept.parameters : heldBy(search, saved)), [kept, at, search, saved]);
  const of = parameters["of"];
  const base = useQuery({ ...queries.view(of ?? ""), enabled: of !== undefined, retry: false }).data ?? null;
  useEffect(() => {
    lastView(project).set(Object.fromEntries(Object.entries(search).filter((entry): entry is [string, string] => entry[1] !== undefined)));
  }, [project, search]);

  const go = useCallback(
    (to: Search, isReplacing: boolean) => navigate({ to: "/p/$project", params: { project }, search: to, replace: isReplacing, resetScroll: false }),
    [navigate, project],
  );
  const keep = useHandler((next: Search, isReplacing: boolean) => {
    const given = { at, parameters: next };
    setKept(given);
    const isLatest = () => textOf(latest.get(project) ?? {}) === textOf(next);
    api.createView(project, { parameters: compact(next) }).then(
      (view) => {
        client.setQueryData(queries.view(view.id).queryKey, view);
        if (isLatest()) void go({ v: view.id }, isReplacing);
      },
      (error: unknown) => { toast({ text: `The view is too long for the address, and could not be kept: ${reasonOf(error)}`, about: "view", isBad: true }); },
    );
  });
  const hold = useCallback(
    (next: Search, isReplacing = false) => {
      latest.set(project, next);
      const place = placeOf(next, knownBase(next["of"]));
      if (place.kind === "too-long") {
        keep(next, isReplacing);
        return;
      }
      setKept(null);
      void go(place.search, isReplacing);
    },
    [go, keep, project],
  );
  return { parameters, base, hold };
}

/** What a project's view was last changed to: an answer about an earlier change comes too late. */
const latest = new Map<string, Search>();

export function heldBy(search: Search, saved: SavedView | undefined): Search {
  if (saved === undefined) return search;
  return saved.name === null ? saved.parameters : { ...saved.parameters, of: saved.id };
}

function knownBase(id: string | undefined): SavedView | null {
  return id === undefined ? null : (client.getQueryData(queries.view(id).queryKey) ?? null);
}

export const compact = (parameters: Search): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""));
