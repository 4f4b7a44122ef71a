/** What the run, or what watches its metrics, thought that a person should know; the newest first. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Alert, RunDetail } from "../api";
import { searchFor } from "../charts/sections";
import { formatCount, formatNumber } from "../format";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import styles from "./Alerts.module.css";
import { findingOf } from "./findings";

const SIGNS: Record<Alert["level"], string> = { error: "✕", warning: "▲", info: "i" };

export function Alerts({ run }: { run: RunDetail }) {
  const found = useInfiniteQuery(queries.alerts(run.id, run.alert_count));
  const alerts = found.data?.pages.flatMap((page) => page.alerts) ?? [];
  return (
    <section aria-label="Alerts and findings" className={styles["section"]}>
      <h2>
        Alerts and findings <span className={styles["count"]}>{formatCount(run.alert_count)}</span>
      </h2>
      {found.isPending && <Outline lines={2} />}
      {found.isError && alerts.length === 0 && <Failure what="The alerts could not be fetched." error={found.error} onRetry={() => void found.refetch()} />}
      <ul className={styles["list"]}>
        {alerts.map((alert) => (
          <AlertLine key={alert.id} run={run} alert={alert} />
        ))}
      </ul>
      {found.hasNextPage && (
        <button type="button" data-look="link" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show older ones
        </button>
      )}
    </section>
  );
}

function AlertLine({ run, alert }: { run: RunDetail; alert: Alert }) {
  const finding = findingOf(alert);
  return (
    <li className={styles["alert"]} data-level={alert.level}>
      <span className={styles["sign"]} aria-hidden="true">{SIGNS[alert.level]}</span>
      <div className={styles["words"]}>
        <p>
          <span className="visually-hidden">{alert.level}: </span>
          <strong><bdi>{alert.title}</bdi></strong>
        </p>
        {finding !== null && finding.lastGood.length > 0 ? (
          <p>Last good values: {finding.lastGood.map(({ step, value }) => `${formatNumber(value)} at step ${formatCount(step)}`).join(", ")}</p>
        ) : (
          alert.text !== "" && <p className={styles["text"]}>{alert.text}</p>
        )}
        <p className="muted small">
          <Ago ms={alert.time_ms} />
          {alert.step !== null && <> · step {formatCount(alert.step)}</>}
          {finding !== null && (
            <>
              {" · "}
              <Link to="/p/$project/runs/$run/$tab" params={{ project: run.project, run: run.id, tab: "charts" }} search={{ find: searchFor(finding.metric) }}>
                <bdi>{finding.metric}</bdi>
              </Link>
            </>
          )}
        </p>
      </div>
    </li>
  );
}
