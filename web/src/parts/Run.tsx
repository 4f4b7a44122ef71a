/** How a run is named anywhere: its colour, its name, its state in a sign and a word. */

import { Link } from "@tanstack/react-router";
import type { RunRow, Status } from "../api";
import styles from "./Run.module.css";

const SIGNS: Record<Status, string> = { running: "●", finished: "✓", failed: "✕", stopped: "‖", lost: "?" };

/** A running run that was asked to stop is stopping; one that is lost will hear of it when it is back. */
export function StatusMark({ status, isStopping = false, isShort = false }: { status: Status; isStopping?: boolean; isShort?: boolean }) {
  const isOnTheWay = isStopping && status === "running";
  const word = isOnTheWay ? "stopping" : status;
  return (
    <span className={styles["status"]} data-status={word} title={word}>
      <span aria-hidden="true">{isOnTheWay ? SIGNS.stopped : SIGNS[status]}</span>
      <span className={isShort ? "visually-hidden" : undefined}>{word}</span>
    </span>
  );
}

export function Swatch({ hue, dash = 0 }: { hue: number; dash?: number }) {
  return <span className={styles["swatch"]} data-dash={dash} style={{ "--hue": `var(--hue-${String(hue % 10)})` }} aria-hidden="true" />;
}

type Named = Pick<RunRow, "id" | "name" | "hue" | "project">;

export function RunLink({ run }: { run: Named }) {
  return (
    <span className={styles["run"]}>
      <Swatch hue={run.hue} />
      <Link to="/p/$project/runs/$run" params={{ project: run.project, run: run.id }} title={run.name}>
        <bdi>{run.name}</bdi>
      </Link>
    </span>
  );
}
