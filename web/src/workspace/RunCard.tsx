/** A run at a glance beside the list: its state, config and summary. The page below stays as it is. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { RunDetail } from "../api";
import { formatNumber, formatValue, plural } from "../format";
import { Icon } from "../parts/Icon";
import { Failure, Outline } from "../parts/Note";
import { StatusMark, Swatch } from "../parts/Run";
import { Ago, Lasting } from "../parts/Time";
import { queries } from "../queries";
import { CompareWith } from "../run/CompareWith";
import styles from "./RunCard.module.css";

type Props = { id: string; isTable: boolean; width: number; onClose: () => void };

/** More than this is for the run's own page. */
const MOST_LINES = 60;

export function RunCard({ id, isTable, width, onClose }: Props) {
  const { data: run, error, refetch } = useQuery(queries.run(id));
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => { if (event.key === "Escape" && !event.defaultPrevented && document.querySelector("dialog[open]") === null) onClose(); };
    window.addEventListener("keydown", onKey);
    return () => { window.removeEventListener("keydown", onKey); };
  }, [onClose]);
  return (
    <aside ref={card} className={styles["card"]} aria-label={`About ${run?.name ?? "the run"}`} style={isTable ? { right: 16 } : { left: `min(${String(width + 8)}px, calc(100vw - 368px))` }}>
      <header className={styles["head"]}>
        {run !== undefined && <Swatch hue={run.hue} />}
        <h2 className="clip"><bdi>{run?.name ?? "…"}</bdi></h2>
        <button type="button" data-look="icon" aria-label="Close" title="Close (Esc)" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {error !== null && <Failure what="The run could not be fetched." error={error} onRetry={() => void refetch()} />}
      {run === undefined ? error === null && <Outline /> : <About run={run} />}
    </aside>
  );
}

function About({ run }: { run: RunDetail }) {
  const config = Object.entries(run.config);
  const metrics = Object.entries(run.metrics).filter(([, { kind }]) => kind !== "system");
  const isGoing = run.status === "running";
  return (
    <>
      <p className="muted">
        <StatusMark status={run.status} isStopping={run.is_stopping} /> · <Ago ms={run.created_ms} /> · <Lasting from={run.started_ms} to={run.finished_ms ?? (isGoing ? null : run.heartbeat_ms)} />
        {run.status === "lost" && <> · last heard <Ago ms={run.heartbeat_ms} /></>}
      </p>
      {run.tags.length > 0 && <p className="muted small">{run.tags.join(", ")}</p>}
      {run.notes !== "" && <p className={styles["notes"]}>{run.notes}</p>}
      <div className={styles["body"]}>
        <Lines title="Config" lines={config.map(([key, value]) => [key, formatValue(value)])} />
        <Lines title="Summary" lines={metrics.map(([name, { shown, last }]) => [name, numberText(shown ?? last)])} />
        {Object.keys(run.summary).length > 0 && <Lines title="Set by hand" lines={Object.entries(run.summary).map(([key, value]) => [key, formatValue(value)])} />}
      </div>
      <p>
        <Link to="/p/$project/runs/$run" params={{ project: run.project, run: run.id }}>Open the run</Link> <span className="muted small">or double click it, or Enter</span>
        {run.artifact_count > 0 && (
          <>
            {" · "}
            <Link to="/p/$project/runs/$run/$tab" params={{ project: run.project, run: run.id, tab: "artifacts" }}>{plural(run.artifact_count, "artifact")}</Link>
          </>
        )}
      </p>
      <CompareWith run={run} />
    </>
  );
}

const numberText = (value: number | null) => (value === null ? "none" : formatNumber(value));

function Lines({ title, lines }: { title: string; lines: [string, string][] }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {lines.length === 0 && <p className="muted small">Nothing</p>}
      <dl className={styles["lines"]}>
        {lines.slice(0, MOST_LINES).map(([key, value]) => (
          <div key={key}>
            <dt className="clip" title={key}><bdi>{key}</bdi></dt>
            <dd className="number clip" title={value}>{value}</dd>
          </div>
        ))}
      </dl>
      {lines.length > MOST_LINES && <p className="muted small">and {lines.length - MOST_LINES} more on its page</p>}
    </section>
  );
}
