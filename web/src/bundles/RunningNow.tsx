/** The processes that hold a version, and what an alias's processes hold rather than what it points at. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Consumer, type ModelDetail, api } from "../api";
import { formatCount, plural } from "../format";
import { useFollowed } from "../frame/followed";
import { AliasChip } from "../models/AliasChip";
import pages from "../models/ModelsPage.module.css";
import { Ago } from "../parts/Time";
import { useFew } from "../parts/useFew";
import { queries } from "../queries";
import styles from "./Bundle.module.css";
import { type Running, countText, runningNow } from "./running";

/** On a version's page: who holds it. */
export function RunningVersion({ consumers }: { consumers: readonly Consumer[] }) {
  return (
    <section className={pages["part"]} aria-label="Running now">
      <h2>Running now</h2>
      {consumers.length === 0 ? <p className="muted">No process says that it holds this version. Those that load or serve it say so every half minute.</p> : <Consumers consumers={consumers} />}
    </section>
  );
}

/** The processes that hold a model's versions, followed as they come and go; undefined until they are known. */
export function useConsumers(model: string): readonly Consumer[] | undefined {
  const query = queries.consumers(model);
  useFollowed({ queryKey: query.queryKey, fetch: (signal) => api.consumers(model, { signal }) });
  return useQuery(query).data?.consumers;
}

/** On a model's page: what each alias's processes hold. Nothing where no process was heard of. */
export function RunningModel({ model }: { model: ModelDetail }) {
  const consumers = useConsumers(model.name) ?? [];
  if (consumers.length === 0) return null;
  const rows = runningNow(model, consumers).filter(({ alias, groups, stale }) => alias === "production" || groups.length + stale.length > 0);
  return (
    <section className={pages["part"]} aria-label="Running now">
      <h2>Running now</h2>
      <ul className={styles["running"]} aria-label="What runs, by alias">
        {rows.map((running) => <Alias key={running.alias} model={model.name} running={running} />)}
      </ul>
      <details>
        <summary>{plural(consumers.length, "process", "processes")}</summary>
        <Consumers consumers={consumers} model={model.name} />
      </details>
    </section>
  );
}

function Alias({ model, running: { alias, isNumber, version, groups, stale, behind } }: { model: string; running: Running }) {
  const live = groups.flatMap(({ consumers }) => consumers);
  return (
    <li className="sentence">
      {isNumber ? <span>asked for as {alias}</span> : <span><AliasChip alias={alias} /> {version === null ? <span className="muted">points at nothing</span> : <>points at <Version model={model} version={version} /></>}</span>}
      {groups.map(({ version: held, consumers }) => (
        <span key={held} className={styles["group"]} data-behind={version !== null && held !== version} title={hostsOf(consumers)}>
          <Version model={model} version={held} /> runs in {countText(consumers)}
        </span>
      ))}
      {live.length === 0 && <span className="muted">no process is heard of</span>}
      {behind > 0 && (
        <span className={styles["badge"]} data-tone="warn">
          <span aria-hidden="true">! </span>{behind === live.length && live.length > 1 ? `all ${formatCount(behind)} run` : `${formatCount(behind)} of ${formatCount(live.length)} ${behind === 1 ? "runs" : "run"}`} another version than it points at
        </span>
      )}
      {stale.length > 0 && <span className="muted">{plural(stale.length, "process", "processes")} not heard of lately</span>}
    </li>
  );
}

const MOST_HOSTS = 10;

function hostsOf(consumers: readonly Consumer[]): string {
  const hosts = [...new Set(consumers.map(({ host }) => host))];
  return hosts.slice(0, MOST_HOSTS).join(", ") + (hosts.length > MOST_HOSTS ? ` and ${String(hosts.length - MOST_HOSTS)} more` : "");
}

const Version = ({ model, version }: { model: string; version: number }) => (
  <Link to="/models/$name/$version" params={{ name: model, version: String(version) }}>v{version}</Link>
);

const KINDS: Record<Consumer["kind"], string> = { load: "loads", serve: "serves" };

/** `model` where they hold versions of their own. */
function Consumers({ consumers, model }: { consumers: readonly Consumer[]; model?: string }) {
  const sorted = consumers.toSorted((a, b) => Number(a.is_stale) - Number(b.is_stale));
  const { shown, more } = useFew(sorted, 20);
  return (
    <>
      <div className={pages["scroll"]} tabIndex={0} role="region" aria-label="Table of processes">
        <table className={`${pages["table"] ?? ""} ${styles["table"] ?? ""}`}>
          <thead>
            <tr>
              <th scope="col">Host</th>
              {model !== undefined && <th scope="col">Holds</th>}
              <th scope="col">Asked for</th><th scope="col">Does</th><th scope="col">Since</th><th scope="col">Last heard of</th><th scope="col">By</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.id} data-stale={one.is_stale}>
                <th scope="row"><bdi>{one.host}</bdi></th>
                {model !== undefined && <td><Version model={model} version={one.version} /></td>}
                <td><bdi>{one.ref}</bdi></td>
                <td>{KINDS[one.kind]}{one.address !== null && <> at <bdi className="mono">{one.address}</bdi></>}</td>
                <td><Ago ms={one.since_ms} /></td>
                <td><Ago ms={one.seen_ms} />{one.is_stale && ", silent since"}</td>
                <td><bdi>{one.actor}</bdi></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more}
    </>
  );
}
