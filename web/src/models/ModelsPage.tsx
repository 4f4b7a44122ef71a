/** The registered models: what is in production, since when, and what is newest. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { type Model, api } from "../api";
import { VersionProof } from "../bundles/Proof";
import { plural } from "../format";
import { Page } from "../frame/Page";
import { useFollowed } from "../frame/followed";
import { useKeys } from "../frame/keys";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { useSeen } from "../parts/useSeen";
import { queries } from "../queries";
import { AliasChip } from "./AliasChip";
import styles from "./ModelsPage.module.css";
import { WaitingForYou } from "./ProposalList";

export function ModelsPage() {
  const [archived, setArchived] = useState<0 | 1>(0);
  const query = useQuery({ ...queries.models(archived), placeholderData: keepPreviousData });
  useFollowed({ queryKey: queries.models(archived).queryKey, fetch: (signal) => api.models(archived, { signal }) });
  const [text, setText] = useState("");
  const search = useRef<HTMLInputElement>(null);
  useKeys([{ key: "/", label: "Find a model", run: () => search.current?.focus() }]);
  const models = query.data?.models;
  const shown = models?.filter((model) => `${model.name} ${model.project} ${model.description} ${model.tags.join(" ")}`.toLowerCase().includes(text.trim().toLowerCase())) ?? [];
  return (
    <Page title="Models" heading="Models" crumbs={[]}>
      {query.error !== null && query.data === undefined && <Failure what="The models could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline />}
      <WaitingForYou />
      {models?.length === 0 && (
        <>
        <Empty title="No models yet">
          <p>Register one from a run: open its artifacts and press “Register model” or “Promote…”.</p>
        </Empty>
        <Archived archived={archived} onChange={setArchived} />
        </>
      )}
      {models !== undefined && models.length > 0 && (
        <>
          <div className={styles["tools"]}>
            <input ref={search} type="search" aria-label="Find a model" placeholder="Find a model" value={text} onChange={(event) => { setText(event.target.value); }} />
            <span className="muted">{plural(shown.length, "model")}</span>
            <Archived archived={archived} onChange={setArchived} />
          </div>
          <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Models">
            <table className={styles["table"]}>
              <thead>
                <tr>
                  <th scope="col">Model</th>
                  <th scope="col">In production</th>
                  <th scope="col">Other aliases</th>
                  <th scope="col">Newest</th>
                  <th scope="col">Versions</th>
                  <th scope="col">Project</th>
                  <th scope="col">Owner</th>
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

function Archived({ archived, onChange }: { archived: 0 | 1; onChange: (archived: 0 | 1) => void }) {
  return (
    <label>
      <input type="checkbox" checked={archived === 1} onChange={(event) => { onChange(event.target.checked ? 1 : 0); }} /> Archived too
    </label>
  );
}

function ModelRow({ model }: { model: Model }) {
  const production = model.aliases.find(({ alias }) => alias === "production");
  const row = useRef<HTMLTableRowElement>(null);
  const isSeen = useSeen(row);
  return (
    <tr ref={row}>
      <th scope="row">
        <Link to="/models/$name" params={{ name: model.name }}><bdi>{model.name}</bdi></Link>
        {model.is_archived && <span className="muted"> (archived)</span>}
        {model.description !== "" && <p className={styles["brief"]}>{model.description}</p>}
        {model.tags.length > 0 && <p className="muted small">{model.tags.join(" · ")}</p>}
      </th>
      <td className="sentence">
        {production === undefined ? (
          <span className="muted">nothing yet</span>
        ) : (
          <>
            <Link to="/models/$name/$version" params={{ name: model.name, version: String(production.version) }}>v{production.version}</Link>{" "}
            <span className="muted">since <Ago ms={production.since_ms} />, {production.moved_by}</span>{" "}
            <VersionProof model={model.name} version={production.version} isAsked={isSeen} />
          </>
        )}
      </td>
      <td>
        {model.aliases.filter(({ alias }) => alias !== "production").map(({ alias, version }) => (
          <span key={alias} className={styles["alias"]}><AliasChip alias={alias} /> v{version}</span>
        ))}
      </td>
      <td className="sentence">
        {model.latest_version === null || model.latest_ms === null ? (
          <span className="muted">none</span>
        ) : (
          <>
            <Link to="/models/$name/$version" params={{ name: model.name, version: String(model.latest_version) }}>v{model.latest_version}</Link>{" "}
            <span className="muted"><Ago ms={model.latest_ms} /></span>{" "}
            {model.latest_version !== production?.version && <VersionProof model={model.name} version={model.latest_version} isAsked={isSeen} />}
          </>
        )}
      </td>
      <td>{plural(model.version_count, "version")}</td>
      <td><Link to="/p/$project" params={{ project: model.project }}><bdi>{model.project}</bdi></Link></td>
      <td><bdi>{model.created_by}</bdi></td>
    </tr>
  );
}
