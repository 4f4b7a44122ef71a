/** The registered models: what is in production, since when, and what is newest. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { type Model, api } from "../api";
import { plural } from "../format";
import { Page } from "../frame/Page";
import { useFollowed } from "../frame/followed";
import { useKeys } from "../frame/keys";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { AliasChip } from "./AliasChip";
import styles from "./ModelsPage.module.css";

export function ModelsPage() {
  const query = useQuery(queries.models());
  useFollowed({ queryKey: queries.models().queryKey, fetch: (signal) => api.models({ signal }) });
  const [text, setText] = useState("");
  const search = useRef<HTMLInputElement>(null);
  useKeys([{ key: "/", label: "Find a model", run: () => search.current?.focus() }]);
  const models = query.data?.models;
  const shown = models?.filter((model) => `${model.name} ${model.project} ${model.description}`.toLowerCase().includes(text.trim().toLowerCase())) ?? [];
  return (
    <Page title="Models" heading="Models" crumbs={[]}>
      {query.error !== null && query.data === undefined && <Failure what="The models could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline />}
      {models?.length === 0 && (
        <Empty title="No models yet">
          <p>Register one from a run: open its artifacts and press “Register model” or “Promote…”.</p>
        </Empty>
      )}
      {models !== undefined && models.length > 0 && (
        <>
          <div className={styles["tools"]}>
            <input ref={search} type="search" aria-label="Find a model" placeholder="Find a model" value={text} onChange={(event) => { setText(event.target.value); }} />
            <span className="muted">{plural(shown.length, "model")}</span>
          </div>
          <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Models">
            <table className={styles["table"]}>
              <thead>
                <tr>
                  <th scope="col">Model</th>
                  <th scope="col">In production</th>
                  <th scope="col">Other aliases</th>
                  <th scope="col">Versions</th>
                  <th scope="col">Project</th>
                  <th scope="col">Created</th>
                </tr>
              </thead>
              <tbody>
                {shown.map((model) => (
                  <ModelRow key={model.name} model={model} />
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Page>
  );
}

function ModelRow({ model }: { model: Model }) {
  const production = model.aliases.find(({ alias }) => alias === "production");
  return (
    <tr>
      <th scope="row">
        <Link to="/models/$name" params={{ name: model.name }}><bdi>{model.name}</bdi></Link>
        {model.description !== "" && <p className="muted">{model.description}</p>}
      </th>
      <td className="sentence">
        {production === undefined ? (
          <span className="muted">nothing yet</span>
        ) : (
          <>
            <Link to="/models/$name/$version" params={{ name: model.name, version: String(production.version) }}>v{production.version}</Link>{" "}
            <span className="muted">since <Ago ms={production.since_ms} />, {production.moved_by}</span>
          </>
        )}
      </td>
      <td>
        {model.aliases.filter(({ alias }) => alias !== "production").map(({ alias, version }) => (
          <span key={alias} className={styles["alias"]}><AliasChip alias={alias} /> v{version}</span>
        ))}
      </td>
      <td>{plural(model.version_count, "version")}</td>
      <td><Link to="/p/$project" params={{ project: model.project }}><bdi>{model.project}</bdi></Link></td>
      <td className="muted"><Ago ms={model.created_ms} /></td>
    </tr>
  );
}
