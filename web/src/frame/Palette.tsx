/** `Ctrl K`: everything that has a name, and the commands, found by typing. What was used last is on top. */

import * as Ariakit from "@ariakit/react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
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
const MOST_SHOWN = 60;
const MOST_OF_A_KIND = 12;

export function Palette({ onClose }: { onClose: () => void }) {
  const combobox = Ariakit.useComboboxStore({ defaultOpen: true });
  const text = Ariakit.useStoreState(combobox, "value").trim();
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
  const found = useQuery({
    queryKey: ["runs-named", project, text],
    queryFn: ({ signal }) => (project === undefined ? Promise.resolve([]) : api.searchRuns(project, { text, columns: [], limit: 12 }, { signal }).then((page) => page.runs)),
    placeholderData: (before) => before,
  });
  const runs = (found.data ?? []).map((run) => runItem(run, () => void navigate({ to: "/p/$project/runs/$run", params: { project: run.project, run: run.id } })));
  const metrics = useQuery({ ...queries.keys(project ?? ""), enabled: project !== undefined }).data?.metrics ?? [];
  const toMetric = (name: string) => {
    if (project !== undefined) void navigate({ to: "/p/$project", params: { project }, search: { ...lastView(project).get(), find: searchFor(name) } });
  };
  const toArtifact = (run: string) => {
    if (project !== undefined) void navigate({ to: "/p/$project/runs/$run/$tab", params: { project, run, tab: "artifacts" } });
  };
  // there may be thousands of metrics: they are for who has begun to type
  const isTyped = text !== "";
  const pages = commandsNow().filter((command) => isTyped || command.isTyped !== true);
  const offered = (kind: (kind: string) => boolean) => pages.filter((command) => kind(command.kind)).map(({ kind: name, label, run }): Item => ({ id: `${name} ${label}`, kind: name, label, open: run }));
  // what is known at once stands first, so that Enter does not take what the server's answer has just put there
  const named = [
    matching([...commands(navigate), ...offered((kind) => kind !== "metric")], text),
    matching(projects.map(({ name }): Item => ({ id: `project ${name}`, kind: "project", label: name, open: () => void navigate({ to: "/p/$project", params: { project: name } }) })), text),
    matching(models.map(({ name }): Item => ({ id: `model ${name}`, kind: "model", label: name, open: () => void navigate({ to: "/models/$name", params: { name } }) })), text),
    // those of the text before may not be what is looked for now
    found.isPlaceholderData ? matching(runs, text) : runs,
    matching(isTyped ? artifacts.flatMap(({ name, version, run }) => (run === null ? [] : [artifactItem(`${name}:v${String(version)}`, () => { toArtifact(run); })])) : [], text),
    matching(isTyped ? [...offered((kind) => kind === "metric"), ...metrics.map(({ name }): Item => ({ id: `metric ${name}`, kind: "metric", label: name, open: () => { toMetric(name); } }))] : [], text),
  ].flatMap((ofKind, index) => (index === 0 ? ofKind : once(ofKind).slice(0, MOST_OF_A_KIND)));
  const used = recent.get();
  const rank = (item: Item) => (used.includes(item.id) ? used.indexOf(item.id) : MOST_RECENT);
  return once(named).toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST_SHOWN);
}

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
    command("Settings", () => void navigate({ to: "/settings" })),
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
