/** A version of a model with its evidence on one page: what it was made from, what it is worth, and how it is used. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Suspense, lazy } from "react";
import { type ModelVersionDetail, api, fileAddress, isNotFound } from "../api";
import { BundleSection, type WholeReport, hasManifest } from "../bundles/BundleSection";
import { Lacks, ProofBadge } from "../bundles/Proof";
import { RunningVersion } from "../bundles/RunningNow";
import { UseIt } from "../bundles/UseIt";
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
import { VersionAbout } from "./About";
import { AliasChip } from "./AliasChip";
import { FileList } from "./ArtifactCard";
import { CodeAndPackages, Origin } from "./Evidence";
import { History } from "./History";
import { CardSection } from "./CardSection";
import { LineageSection } from "./LineageSection";
import styles from "./ModelsPage.module.css";
import { StateChip } from "./StateChip";
import { VersionActs } from "./VersionActs";
import { curlLines, fetchLines } from "./fetchLines";
import { heldReason } from "./promotion";

const TryIt = lazy(() => import("../bundles/TryIt").then((module) => ({ default: module.TryIt })));

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
  const { model, version: number } = version;
  const report = useQuery(queries.bundle(model, number)).data;
  // it is verified from elsewhere at any time, and held by processes that come and go
  useFollowed({ queryKey: queries.bundle(model, number).queryKey, fetch: (signal) => api.bundle(model, number, { signal }) });
  return (
    <>
      <div className={styles["holders"]}>
        {version.aliases.map((alias) => <AliasChip key={alias} alias={alias} />)}
        <StateChip version={version} />
        {hasManifest(report) && <><ProofBadge state={report.state} isDated /><Lacks state={report.state} /></>}
        <span className="muted">
          registered <Ago ms={version.created_ms} /> by {version.created_by} · {formatBytes(version.size_bytes)}
        </span>
      </div>
      {version.state !== "active" && <p className={styles["part"]} role="note">This version is {version.state}: <bdi>{version.state_reason}</bdi></p>}
      <VersionAbout version={version} />
      <VersionActs version={version} />
      <Held version={version} />
      {hasManifest(report) && <Box version={version} report={report} />}
      <Origin version={version} />
      <CardSection version={version} />
      <LineageSection subject={{ kind: "version", model: version.model, version: version.version }} />
      <div className={`${styles["part"] ?? ""} ${styles["columns"] ?? ""}`}>
        <Metrics version={version} />
        <ConfigTree config={version.config} />
      </div>
      <CodeAndPackages version={version} />
      <section className={styles["part"]} aria-label="Files of the version">
        <h2>Files</h2>
        <FileList id={version.artifact_version_id} files={version.files} />
        {report !== undefined && report.manifest === null && <LooseFiles />}
        {hasManifest(report) && <details><summary>Fetch the files alone</summary><FetchLines version={version} /></details>}
      </section>
      {!hasManifest(report) && (
        <section className={styles["part"]} aria-label="Use it">
          <h2>Use it</h2>
          <FetchLines version={version} />
        </section>
      )}
      {report !== undefined && report.manifest === null && report.consumers.length > 0 && <RunningVersion consumers={report.consumers} />}
      <VersionHistory version={version} />
    </>
  );
}

/** What a version that is a bundle says of itself, how it is used, and who holds it. */
function Box({ version, report }: { version: ModelVersionDetail; report: WholeReport }) {
  return (
    <>
      <BundleSection version={version} manifest={report.manifest} state={report.state} verifications={report.verifications} />
      <section className={styles["part"]} aria-label="Use it">
        <h2>Use it</h2>
        <UseIt version={version} manifest={report.manifest} />
      </section>
      <section className={styles["part"]} aria-label="Try it">
        <h2>Try it</h2>
        <Suspense fallback={<Outline lines={4} />}><TryIt key={version.version} version={version} manifest={report.manifest} /></Suspense>
      </section>
      <RunningVersion consumers={report.consumers} />
    </>
  );
}

const LooseFiles = () => (
  <p className="muted small">
    These are loose files: nothing says how they load. A version made with <code>tracker.log_model(model, example=…)</code>, or registered with <code>files={"{role: path}"}</code>, is loaded, verified and served.
  </p>
);

function FetchLines({ version }: { version: ModelVersionDetail }) {
  return (
    <>
      <CodeBlock text={fetchLines(version)} label="Python that fetches this version" />
      <CodeBlock text={curlLines(version, window.location.origin, (path) => fileAddress(version.artifact_version_id, path))} label="Shell that fetches this version" />
    </>
  );
}

/** What keeps the version from being archived or deleted, with the way there. */
function Held({ version }: { version: ModelVersionDetail }) {
  const reason = heldReason(version, "deleted");
  if (reason === undefined) return null;
  return (
    <p className={`muted small ${styles["part"] ?? ""}`}>
      {reason} <Link to="/models/$name" params={{ name: version.model }}>Who holds which alias</Link>
    </p>
  );
}

function VersionHistory({ version }: { version: ModelVersionDetail }) {
  const entries = useQuery(queries.model(version.model)).data?.history ?? [];
  const own = entries.filter(({ from_version, to_version }) => from_version === version.version || to_version === version.version);
  return (
    <section className={styles["part"]} aria-label="History of the version">
      <h2>History</h2>
      <History entries={own} />
    </section>
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
