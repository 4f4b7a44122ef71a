/** `Ctrl K`: everything that has a name, and the commands, found by typing. What was used last is on top. */

import * as Ariakit from "@ariakit/react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { type RunRow, api } from "../api";
import { Dialog } from "../parts/Dialog";
import { Swatch } from "../parts/Run";
import { queries } from "../queries";
import { searchFor } from "../charts/sections";
import { lastView, recent } from "../settings";
import { chooseTheme } from "../theme";
import styles from "./Palette.module.css";
import { commandsNow } from "./commands";
import { keysNow } from "./keys";
import { openKeys } from "./overlays";

type Item = { id: string; kind: string; label: string; hue?: number; open: () => void };

const MOST_RECENT = 8;
const MOST_SHOWN = 40;

export function Palette({ onClose }: { onClose: () => void }) {
  const combobox = Ariakit.useComboboxStore({ defaultOpen: true });
  const text = useDeferredValue(Ariakit.useStoreState(combobox, "value").trim());
  const items = useItems(text);
  const choose = (item: Item) => {
    recent.set([item.id, ...recent.get().filter((id) => id !== item.id)].slice(0, MOST_RECENT));
    onClose();
    item.open();
  };
  return (
    <Dialog title="Search and commands" onClose={onClose}>
      <Ariakit.ComboboxProvider store={combobox}>
        <Ariakit.Combobox className={styles["field"]} autoSelect="always" autoFocus aria-label="Search projects, runs, metrics, artifacts, models and commands" placeholder="Projects, runs, metrics, models, commands" />
        <Ariakit.ComboboxList className={styles["list"]} alwaysVisible aria-label="Results">
          {items.map((item) => (
            <Ariakit.ComboboxItem key={item.id} className={styles["item"]} value={item.id} setValueOnClick={false} hideOnClick={false} onClick={() => { choose(item); }}>
              <span className={styles["kind"]}>{item.kind}</span>
              {item.hue !== undefined && <Swatch hue={item.hue} />}
              <bdi className="clip">{item.label}</bdi>
            </Ariakit.ComboboxItem>
          ))}
        </Ariakit.ComboboxList>
        {items.length === 0 && <p className="muted">Nothing is called “{text}”.</p>}
      </Ariakit.ComboboxProvider>
    </Dialog>
  );
}

function useItems(text: string): Item[] {
  const navigate = useNavigate();
  const { project } = useParams({ strict: false });
  const projects = useQuery(queries.projects()).data?.projects ?? [];
  const models = useQuery(queries.models()).data?.models ?? [];
  const artifacts = useQuery({ ...queries.artifacts(project ?? ""), enabled: project !== undefined }).data?.artifacts ?? [];
  const runs = useQuery({
    queryKey: ["runs-named", project, text],
    queryFn: ({ signal }) => (project === undefined ? Promise.resolve([]) : runsNamed(project, text, signal)),
    placeholderData: (before) => before,
  }).data;
  const metrics = useQuery({ ...queries.keys(project ?? ""), enabled: project !== undefined }).data?.metrics ?? [];
  const toMetric = (name: string) => {
    if (project !== undefined) void navigate({ to: "/p/$project", params: { project }, search: { ...lastView(project).get(), find: searchFor(name) } });
  };
  const toArtifact = (run: string) => {
    if (project !== undefined) void navigate({ to: "/p/$project/runs/$run/$tab", params: { project, run, tab: "artifacts" } });
  };
  const named = [
    ...(runs ?? []).map((run) => runItem(run, () => void navigate({ to: "/p/$project/runs/$run", params: { project: run.project, run: run.id } }))),
    ...matching(
      [
        ...commands(navigate),
        ...commandsNow().filter(({ isTyped }) => isTyped !== true || text !== "").map(({ kind, label, run }): Item => ({ id: `${kind} ${label}`, kind, label, open: run })),
        ...projects.map(({ name }): Item => ({ id: `project ${name}`, kind: "project", label: name, open: () => void navigate({ to: "/p/$project", params: { project: name } }) })),
        ...models.map(({ name }): Item => ({ id: `model ${name}`, kind: "model", label: name, open: () => void navigate({ to: "/models/$name", params: { name } }) })),
        // there may be thousands: they are for who has begun to type
        ...(text === "" ? [] : artifacts.flatMap(({ name, version, run }): Item[] => (run === null ? [] : [artifactItem(`${name}:v${String(version)}`, () => { toArtifact(run); })]))),
        ...(text === "" ? [] : metrics.map(({ name }): Item => ({ id: `metric ${name}`, kind: "metric", label: name, open: () => { toMetric(name); } }))),
      ],
      text,
    ),
  ];
  const used = recent.get();
  const rank = (item: Item) => (used.includes(item.id) ? used.indexOf(item.id) : MOST_RECENT);
  return once(named).toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST_SHOWN);
}

/** By name, tag or config; a run whose id is pasted comes first. */
async function runsNamed(project: string, text: string, signal: AbortSignal): Promise<RunRow[]> {
  const { runs } = await api.searchRuns(project, { text, columns: [], limit: 12 }, { signal });
  if (!RUN_ID.test(text)) return runs;
  const byId = await api.searchRuns(project, { filter: `id = ${JSON.stringify(text)}`, columns: [], limit: 1 }, { signal });
  return [...byId.runs, ...runs];
}

/** What could be the id of a run, and is hardly a word. */
const RUN_ID = /^[\w-]{6,64}$/;

/** A page says better than the palette what happens there. */
const once = (items: readonly Item[]) => [...new Map(items.toReversed().map((item) => [item.id, item])).values()].toReversed();

const runItem = (run: RunRow, open: () => void): Item => ({ id: `run ${run.id}`, kind: "run", label: run.name, hue: run.hue, open });

const artifactItem = (label: string, open: () => void): Item => ({ id: `artifact ${label}`, kind: "artifact", label, open });

function commands(navigate: ReturnType<typeof useNavigate>): Item[] {
  const command = (label: string, open: () => void): Item => ({ id: `command ${label}`, kind: "command", label, open });
  return [
    command("All projects", () => void navigate({ to: "/" })),
    command("All models", () => void navigate({ to: "/models" })),
    command("Audit trail", () => void navigate({ to: "/audit" })),
    command("Dark theme", () => { chooseTheme("dark"); }),
    command("Light theme", () => { chooseTheme("light"); }),
    command("Theme of the system", () => { chooseTheme("system"); }),
    command("Show all keys", openKeys),
    ...keysNow().filter(({ key }) => key !== "?" && key !== "j" && key !== "k").map(({ label, run }) => command(label, run)),
  ];
}

function matching(items: readonly Item[], text: string): Item[] {
  const words = text.toLowerCase().split(/\s+/);
  return items.filter((item) => words.every((word) => `${item.kind} ${item.label}`.toLowerCase().includes(word)));
}
