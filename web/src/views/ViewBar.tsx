/** Which view of the project is open, what there are besides, and the ways to keep or drop what was changed of it. */

import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy, useState } from "react";
import type { Search } from "../address";
import { type SavedView, type SavedViewFacts, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { useCommands } from "../frame/commands";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { copyText } from "../parts/clipboard";
import { client, queries } from "../queries";
import styles from "./ViewBar.module.css";
import { isAsSaved, textOf } from "./held";
import { startingView } from "./starting";
import { compact } from "./useHeldView";

const ViewDialog = lazy(() => import("./ViewDialog").then((module) => ({ default: module.ViewDialog })));

type Props = { project: string; parameters: Search; base: SavedView | null; onOpen: (parameters: Search) => void };

export function ViewBar({ project, parameters, base, onOpen }: Props) {
  const [hasAsked, setHasAsked] = useState(false);
  const [dialog, setDialog] = useState<"save-as" | "rename" | "delete" | null>(null);
  const listed = useQuery({ ...queries.views(project), enabled: hasAsked });
  const isChanged = base === null ? textOf({ ...parameters, of: undefined }) !== textOf(startingView()) : !isAsSaved(parameters, base);
  const name = base?.name ?? "Default";
  const open = (view: SavedViewFacts) => void openView(view, onOpen);
  const save = () => { if (base !== null) void saveView(base, parameters, onOpen); };
  const share = () => { if (base !== null) void shareView(base); };
  useCommands(() => [
    { kind: "command", label: "Save view as…", run: () => { setDialog("save-as"); } },
    ...(base !== null && base.is_own && isChanged ? [{ kind: "command", label: `Save view ${name}`, run: save }] : []),
    { kind: "command", label: "Open the default view", run: () => { onOpen(startingView()); } },
    ...(listed.data?.views ?? []).map((view) => ({ kind: "view", label: view.name ?? "", run: () => { open(view); } })),
  ]);
  const entries: MenuEntry[] = [
    { kind: "heading", label: "Views of this project" },
    { kind: "choice", label: "Default", isChosen: base === null, onSelect: () => { onOpen(startingView()); } },
    ...(listed.data?.views ?? []).map((view): MenuEntry => ({ kind: "choice", label: labelOf(view), isChosen: view.id === base?.id, onSelect: () => { open(view); } })),
    ...(listed.error === null ? [] : [{ kind: "heading", label: reasonOf(listed.error) } as const]),
    { kind: "line" },
    { kind: "do", label: "Save as…", onSelect: () => { setDialog("save-as"); } },
  ];
  if (base !== null) {
    entries.push({ kind: "do", label: "Copy link", onSelect: () => void copyLink(base.id) });
    if (base.is_own) {
      entries.push(
        { kind: "choice", label: "Shared with everybody", isChosen: base.is_shared, onSelect: share },
        { kind: "do", label: "Rename…", onSelect: () => { setDialog("rename"); } },
        { kind: "do", label: "Delete…", isDangerous: true, onSelect: () => { setDialog("delete"); } },
      );
    }
  }
  return (
    <div className={styles["bar"]}>
      <Menu label={`View: ${name}`} look="plain" entries={entries} onOpen={() => { setHasAsked(true); }}>
        <span className="muted">View:</span>
        <bdi className="clip">{name}</bdi>
        <Icon name="down" size={12} />
      </Menu>
      {isChanged && (
        <>
          {base?.is_own === true && <button type="button" data-look="link" onClick={save}>Save</button>}
          <button type="button" data-look="link" onClick={() => { setDialog("save-as"); }}>Save as</button>
          <button type="button" data-look="link" onClick={() => { onOpen(base === null ? startingView() : { ...base.parameters, of: base.id }); }}>Discard</button>
        </>
      )}
      {dialog !== null && (
        <Suspense>
          <ViewDialog {...{ project, parameters, base, onOpen }} act={dialog} onClose={() => { setDialog(null); }} />
        </Suspense>
      )}
    </div>
  );
}

const labelOf = ({ name, owner, is_own, is_shared }: SavedViewFacts) => `${name ?? ""}${is_own ? (is_shared ? " · shared" : "") : ` · by ${owner}`}`;

async function openView({ id, name }: SavedViewFacts, onOpen: (parameters: Search) => void): Promise<void> {
  try {
    const view = await client.fetchQuery({ ...queries.view(id), staleTime: 0 });
    onOpen({ ...view.parameters, of: id });
  } catch (error) {
    toast({ text: `The view “${name ?? ""}” could not be opened: ${reasonOf(error)}`, about: "view", isBad: true });
  }
}

async function saveView(base: SavedView, parameters: Search, onOpen: (parameters: Search) => void): Promise<void> {
  try {
    const saved = await api.changeView(base.id, { revision: base.revision, parameters: compact({ ...parameters, of: undefined }) });
    client.setQueryData(queries.view(saved.id).queryKey, saved);
    onOpen({ ...saved.parameters, of: saved.id });
    toast({ text: `Saved the view “${saved.name ?? ""}”`, about: "view" });
  } catch (error) {
    toast({ text: reasonOf(error), about: "view", isBad: true, lastsMs: 12_000 });
    await client.invalidateQueries({ queryKey: queries.view(base.id).queryKey });
  }
}

async function shareView(base: SavedView): Promise<void> {
  try {
    const changed = await api.changeView(base.id, { revision: base.revision, is_shared: !base.is_shared });
    client.setQueryData(queries.view(changed.id).queryKey, changed);
    await client.invalidateQueries({ queryKey: queries.views(base.project).queryKey });
    toast({ text: changed.is_shared ? `Everybody finds “${changed.name ?? ""}” in this menu now` : `“${changed.name ?? ""}” is yours alone again; who has its link can still open it`, about: "view" });
  } catch (error) {
    toast({ text: reasonOf(error), about: "view", isBad: true, lastsMs: 12_000 });
    await client.invalidateQueries({ queryKey: queries.view(base.id).queryKey });
  }
}

async function copyLink(id: string): Promise<void> {
  const link = `${window.location.origin}/v/${id}`;
  try {
    await copyText(link);
    toast({ text: "The link is copied", about: "view" });
  } catch {
    // the browser has not given the right
    toast({ text: link, about: "view", lastsMs: 20_000 });
  }
}
