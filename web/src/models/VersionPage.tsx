/** A version of a model with its evidence: run, metrics at registration, config, files, and the Python that fetches it. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { type ModelVersionDetail, api, isNotFound } from "../api";
import { formatBytes, formatCount, formatNumber } from "../format";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { useFollowed } from "../frame/followed";
import { CodeBlock } from "../parts/Code";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { ConfigTree } from "../run/ConfigTree";
import tables from "../run/Tables.module.css";
import { AliasChip } from "./AliasChip";
import { FileList } from "./ArtifactCard";
import { FromRun } from "./ModelPage";
import styles from "./ModelsPage.module.css";
import { PromoteDialog } from "./PromoteDialog";
import { fetchLines } from "./fetchLines";

export function VersionPage() {
  const { name, version } = useParams({ from: "/models/$name/$version" });
  const number = Number(version.replace(/^v/, ""));
  const query = useQuery({ ...queries.modelVersion(name, number), enabled: Number.isInteger(number) });
  useFollowed({ queryKey: queries.modelVersion(name, number).queryKey, fetch: (signal) => api.modelVersion(name, number, { signal }) });
  if (!Number.isInteger(number) || isNotFound(query.error)) return <NotFound />;
  const crumbs = [
    { label: "Models", to: "/models" },
    { label: name, to: `/models/${encodeURIComponent(name)}` },
  ];
  return (
    <Page title={`${name} v${String(number)}`} heading={<><bdi>{name}</bdi> v{number}</>} here={`v${String(number)}`} crumbs={crumbs}>
      {query.error !== null && query.data === undefined && <Failure what="The version could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline lines={8} />}
      {query.data !== undefined && <Loaded version={query.data} />}
    </Page>
  );
}

function Loaded({ version }: { version: ModelVersionDetail }) {
  const [isPromoting, setIsPromoting] = useState(false);
  return (
    <>
      <div className={styles["holders"]}>
        {version.aliases.map((alias) => <AliasChip key={alias} alias={alias} />)}
        <span className="muted">
          registered <Ago ms={version.created_ms} /> by {version.created_by} · {formatBytes(version.size_bytes)}
        </span>
        <button type="button" data-look="primary" onClick={() => { setIsPromoting(true); }}>Promote…</button>
      </div>
      {version.description !== "" && <p className={styles["part"]}>{version.description}</p>}
      <section className={styles["part"]} aria-label="Where it comes from">
        <h2>From</h2>
        <p>
          <FromRun version={version} project={version.project} /> <span className="muted">{version.artifact} in</span>{" "}
          <Link to="/p/$project" params={{ project: version.project }}><bdi>{version.project}</bdi></Link>
        </p>
      </section>
      <section className={styles["part"]} aria-label="Use it">
        <h2>Use it</h2>
        <CodeBlock text={fetchLines(version)} label="Python that fetches this version" />
      </section>
      <div className={`${styles["part"] ?? ""} ${styles["columns"] ?? ""}`}>
        <Metrics version={version} />
        <ConfigTree config={version.config} />
      </div>
      <section className={styles["part"]} aria-label="Files of the version">
        <h2>Files</h2>
        <FileList id={version.artifact_version_id} files={version.files} />
      </section>
      {isPromoting && <PromoteDialog target={{ kind: "version", model: version.model, version: version.version, alias: "production" }} onClose={() => { setIsPromoting(false); }} />}
    </>
  );
}

function Metrics({ version }: { version: ModelVersionDetail }) {
  const metrics = Object.entries(version.metrics).filter(([, { kind }]) => kind !== "system");
  return (
    <section className={tables["section"]} aria-label="Metrics at registration">
      <h2>Metrics at registration</h2>
      {metrics.length === 0 ? (
        <p className="muted">The run had none.</p>
      ) : (
        <div className={tables["scroll"]} tabIndex={0} role="region" aria-label="Table of metrics">
          <table className={tables["table"]}>
            <thead>
              <tr>
                <th scope="col">metric</th>
                <th scope="col">last</th>
                <th scope="col">min</th>
                <th scope="col">max</th>
              </tr>
            </thead>
            <tbody>
              {metrics.map(([name, { last, last_step, min, max }]) => (
                <tr key={name}>
                  <th scope="row"><bdi>{name}</bdi></th>
                  <td title={last_step === null ? undefined : `at step ${formatCount(last_step)}`}>{last === null ? "–" : formatNumber(last)}</td>
                  <td>{min === null ? "–" : formatNumber(min)}</td>
                  <td>{max === null ? "–" : formatNumber(max)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
