/** What people say of a model or a version: its description and its tags, changed where they stand. */

import { Suspense, lazy } from "react";
import { type ModelDetail, type ModelVersionDetail, api } from "../api";
import { Editable, type Outcome, saved } from "../parts/Editable";
import styles from "../parts/Editable.module.css";
import { Tags } from "../parts/Tags";
import { client, queries, registryChanged } from "../queries";
import { useRights } from "../rights";

const Markdown = lazy(() => import("../parts/Markdown").then((module) => ({ default: module.Markdown })));

type Said = { description: string; tags: string[] };
type Change = { description?: string; tags?: string[]; before: { description?: string; tags?: string[] } };
type Props = { project: string; said: Said; save: (change: Change) => Promise<Outcome>; /** As it is by now. */ now: () => Said };

export function ModelAbout({ model }: { model: ModelDetail }) {
  const { queryKey } = queries.model(model.name);
  const save = (change: Change) =>
    saved(
      async () => {
        client.setQueryData(queryKey, await api.changeModel(model.name, change));
        void registryChanged();
      },
      () => client.refetchQueries({ queryKey, exact: true }),
    );
  return <About project={model.project} said={model} save={save} now={() => client.getQueryData(queryKey) ?? model} />;
}

export function VersionAbout({ version }: { version: ModelVersionDetail }) {
  const { queryKey } = queries.modelVersion(version.model, version.version);
  const save = (change: Change) =>
    saved(
      async () => {
        client.setQueryData(queryKey, await api.changeVersion(version.model, version.version, change));
        void registryChanged();
      },
      () => client.refetchQueries({ queryKey, exact: true }),
    );
  return <About project={version.project} said={version} save={save} now={() => client.getQueryData(queryKey) ?? version} />;
}

function About({ project, said, save, now }: Props) {
  const reason = useRights(project)("editor");
  return (
    <section className={styles["about"]} aria-label="About">
      <Editable label="Description" value={said.description} isLong reason={reason} onSave={(description, before) => save({ description, before: { description: before } })}>
        {said.description === "" ? <span className="muted">No description</span> : <Suspense fallback={<p className={styles["notes"]}>{said.description}</p>}><Markdown text={said.description} /></Suspense>}
      </Editable>
      <Tags tags={said.tags} reason={reason} change={(change) => changeTags(said, change, save, now)} />
    </section>
  );
}

/** A tag is added to, or taken from, whatever tags there are by now. Answers whether the server took it. */
async function changeTags({ tags }: Said, change: (tags: string[]) => string[], save: Props["save"], now: Props["now"]): Promise<boolean> {
  const outcome = await save({ tags: change(tags), before: { tags } });
  if (outcome !== "changed meanwhile") return outcome === "saved";
  const latest = now().tags;
  return (await save({ tags: change(latest), before: { tags: latest } })) === "saved";
}
