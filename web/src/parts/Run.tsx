/** How a run is named anywhere: its colour, its name, its state in a sign and a word. */

import { Link } from "@tanstack/react-router";
import type { RunRow, Status } from "../api";
import styles from "./Run.module.css";

const SIGNS: Record<Status, string> = { running: "●", finished: "✓", failed: "✕", stopped: "‖", lost: "?" };

export function StatusMark({ status, isShort = false }: { status: Status; isShort?: boolean }) {
  return (
    <span className={styles["status"]} data-status={status} title={status}>
      <span aria-hidden="true">{SIGNS[status]}</span>
      <span className={isShort ? "visually-hidden" : undefined}>{status}</span>
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
