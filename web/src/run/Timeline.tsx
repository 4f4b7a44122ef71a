/** What happened to a run, oldest first: its beginnings and its end, what it told, what people did to it and its models. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunDetail, RunEvent } from "../api";
import { formatMoment } from "../format";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import styles from "./Timeline.module.css";
import { signOf, wordsOf } from "./events";

export function Timeline({ run }: { run: RunDetail }) {
  // what the page knows of the run moves with most of what happens to it
  const asked = useQuery(queries.events(run.id, [run.status, run.alert_count, run.is_archived, run.is_stopping].join()));
  return (
    <section aria-label="Timeline">
      <h2>Timeline</h2>
      {asked.isPending && <Outline lines={2} />}
      {asked.isError && asked.data === undefined && <Failure what="What happened could not be fetched." error={asked.error} onRetry={() => void asked.refetch()} />}
      <ol className={styles["list"]}>
        {asked.data?.events.map((event, index) => (
          <li key={index} data-level={event.level}>
            <span className={styles["sign"]} aria-hidden="true">{signOf(event)}</span>
            <span>
              <Words event={event} />
              {(event.text ?? "") !== "" && event.kind !== "alert" && event.kind !== "ended" && <>: <bdi>{event.text}</bdi></>}
              {(event.by ?? null) !== null && <span className="muted"> by <bdi>{event.by}</bdi></span>}
              <span className="muted small" title={formatMoment(event.time_ms)}> · <Ago ms={event.time_ms} /></span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Words({ event }: { event: RunEvent }) {
  if (event.kind !== "registry" || typeof event.model !== "string" || typeof event.version !== "number") return <bdi>{wordsOf(event)}</bdi>;
  return <Link to="/models/$name/$version" params={{ name: event.model, version: String(event.version) }}><bdi>{wordsOf(event)}</bdi></Link>;
}
