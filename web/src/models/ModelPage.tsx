/** A model: who holds which alias, its versions with their metrics, and every move that was made. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { type AuditEntry, type ModelDetail, type ModelVersion, api, isNotFound } from "../api";
import { VersionProof } from "../bundles/Proof";
import { RunningModel } from "../bundles/RunningNow";
import { formatBytes, formatChange, formatNumber } from "../format";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { useFollowed } from "../frame/followed";
import { Button } from "../parts/Button";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { useRights } from "../rights";
import { ModelAbout } from "./About";
import { AliasChip } from "./AliasChip";
import { FromRun } from "./FromRun";
import { GateCell, useHasGates } from "./GateCell";
import { History } from "./History";
import { MetricOverVersions } from "./MetricOverVersions";
import styles from "./ModelsPage.module.css";
import { ModelActs } from "./ModelActs";
import { MoveDeliveries } from "./MoveDeliveries";
import { PromoteDialog } from "./PromoteDialog";
import { Proposals } from "./ProposalList";
import { RollBackDialog } from "./RollBackDialog";
import { StateChip } from "./StateChip";
import { valueOf, wordOf } from "./overVersions";
import { shownMetrics } from "./shownMetrics";

export function ModelPage() {
  const { name } = useParams({ from: "/models/$name" });
  const query = useQuery(queries.model(name));
  useFollowed({ queryKey: queries.model(name).queryKey, fetch: (signal) => api.model(name, { signal }) });
  if (isNotFound(query.error)) return <NotFound />;
  return (
    <Page title={name} heading={<bdi>{name}</bdi>} crumbs={[{ label: "Models", to: "/models" }]}>
      {query.error !== null && query.data === undefined && <Failure what="The model could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline lines={8} />}
      {query.data !== undefined && <Loaded model={query.data} />}
    </Page>
  );
}

/** What webhooks are told of an alias. */
const MOVES: readonly AuditEntry["action"][] = ["alias.moved", "alias.rolled_back", "alias.removed"];

type Open = { kind: "promote"; version: number } | { kind: "rollback"; alias: string; from: number; to: number } | null;

function Loaded({ model }: { model: ModelDetail }) {
  const [open, setOpen] = useState<Open>(null);
  const close = () => { setOpen(null); };
  const newestMove = model.history.find(({ action }) => MOVES.includes(action));
  return (
    <>
      {model.is_archived && <p className={styles["part"]} role="note">This model is archived: the list of models leaves it out.</p>}
      <ModelAbout model={model} />
      <ModelActs model={model} onPromote={(version) => { setOpen({ kind: "promote", version }); }} />
      <Holders model={model} />
      <RunningModel model={model} />
      <Proposals model={model.name} />
      <Versions model={model} onPromote={(version) => { setOpen({ kind: "promote", version }); }} />
      <MetricOverVersions model={model} />
      <section className={styles["part"]} aria-label="History of the model">
        <h2>History</h2>
        <History entries={model.history} action={(entry) => (
          <>
            <RollBackButton model={model} entry={entry} onRollBack={setOpen} />
            {MOVES.includes(entry.action) && <MoveDeliveries project={model.project} entry={entry} isOpenAtFirst={entry === newestMove} />}
          </>
        )} />
      </section>
      {open?.kind === "promote" && <PromoteDialog target={{ kind: "version", project: model.project, model: model.name, version: open.version, alias: "production" }} onClose={close} />}
      {open?.kind === "rollback" && <RollBackDialog project={model.project} model={model.name} alias={open.alias} from={open.from} to={open.to} onClose={close} />}
    </>
  );
}

function Holders({ model }: { model: ModelDetail }) {
  if (model.aliases.length === 0) return <p className={styles["part"]}>Nothing is in production yet.</p>;
  return (
    <ul className={styles["holders"]} aria-label="Aliases">
      {model.aliases.map(({ alias, version, since_ms, moved_by, reason }) => (
        <li key={alias} className={`sentence ${styles["holder"] ?? ""}`}>
          <AliasChip alias={alias} />
          <Link to="/models/$name/$version" params={{ name: model.name, version: String(version) }}>v{version}</Link>
          <span className="muted" title={reason}>
            since <Ago ms={since_ms} />, {moved_by}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Versions({ model, onPromote }: { model: ModelDetail; onPromote: (version: number) => void }) {
  const holder = model.aliases.find(({ alias }) => alias === "production");
  const base = model.versions.find(({ version }) => version === holder?.version);
  const metrics = shownMetrics(model.versions, model.main_metric);
  const withheld = useRights(model.project);
  const hasGates = useHasGates(model.name);
  const hasBundles = (useQuery(queries.bundles(model.name)).data?.bundles.length ?? 0) > 0;
  return (
    <section className={styles["part"]} aria-label="Versions">
      <h2>Versions</h2>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Table of versions">
        <table className={styles["table"]}>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Aliases</th>
              {hasBundles && <th scope="col">Bundle</th>}
              <th scope="col">From run</th>
              {metrics.map((metric) => (
                <th key={metric} scope="col" className={styles["numeric"]}>{metric}</th>
              ))}
              <th scope="col" className={styles["numeric"]}>Size</th>
              {hasGates && <th scope="col">Gates</th>}
              <th scope="col">Registered</th>
              <th scope="col"><span className="visually-hidden">Promote</span></th>
            </tr>
          </thead>
          <tbody>
            {model.versions.map((version) => (
              <tr key={version.version}>
                <th scope="row">
                  <Link to="/models/$name/$version" params={{ name: model.name, version: String(version.version) }}>v{version.version}</Link>{" "}
                  <StateChip version={version} />
                </th>
                <td>{version.aliases.map((alias) => <AliasChip key={alias} alias={alias} />)}</td>
                {hasBundles && <td><VersionProof model={model.name} version={version.version} /></td>}
                <td><FromRun version={version} project={model.project} /></td>
                {metrics.map((metric) => (
                  <td key={metric} className={styles["numeric"]}>
                    <MetricCell version={version} base={base} metric={metric} />
                  </td>
                ))}
                <td className={styles["numeric"]}>{formatBytes(version.size_bytes)}</td>
                {hasGates && <td><GateCell model={model} version={version.version} /></td>}
                <td className="muted"><Ago ms={version.created_ms} />, {version.created_by}</td>
                <td className={styles["numeric"]}>
                  <Button reason={version.state === "archived" ? "This version is archived; take it back first." : withheld("editor")} aria-label={`Promote v${String(version.version)}…`} onClick={() => { onPromote(version.version); }}>Promote…</Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function MetricCell({ version, base, metric }: { version: ModelVersion; base: ModelVersion | undefined; metric: string }) {
  const value = valueOf(version.metrics[metric]);
  if (value === null) return <span className="muted">–</span>;
  const from = valueOf(base?.metrics[metric]);
  const word = wordOf(version.metrics[metric]);
  const change = from === null || from === 0 || base === version ? null : formatChange((value - from) / Math.abs(from));
  return (
    <span title={word === null ? String(value) : `${String(value)}, the ${word}`}>
      {formatNumber(value)} <span className="muted small">{base === version ? "base" : change}</span>
    </span>
  );
}

/** Offered where the version that was replaced, or one that held the alias earlier, could take it again. */
function RollBackButton({ model, entry, onRollBack }: { model: ModelDetail; entry: AuditEntry; onRollBack: (open: Open) => void }) {
  const { alias, from_version: to } = entry;
  const withheld = useRights(model.project);
  const isMove = entry.action === "alias.moved" || entry.action === "alias.rolled_back";
  const holder = model.aliases.find((one) => one.alias === alias);
  if (!isMove || alias === null || to === null || holder === undefined || holder.version === to) return null;
  return (
    <Button reason={withheld("promoter")} aria-label={`Roll ${alias} back to v${String(to)}`} onClick={() => { onRollBack({ kind: "rollback", alias, from: holder.version, to }); }}>
      Roll back
    </Button>
  );
}
