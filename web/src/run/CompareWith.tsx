/** The way to what differs from the run that one would ask for: where this one comes from, the baseline, or the one before. */

import { Link } from "@tanstack/react-router";
import type { RunDetail } from "../api";
import styles from "./CompareWith.module.css";
import { useOtherRuns } from "./otherRuns";

/** Others are added on the page of the comparison. The older one is what this one is held against. */
export function CompareWith({ run }: { run: RunDetail }) {
  const other = useOtherRuns(run)[0];
  if (other === undefined) return null;
  return (
    <Link to="/p/$project/compare" params={{ project: run.project }} search={{ runs: `${other.id},${run.id}` }} className={styles["compare"]} title={`What differs from ${other.label}`}>
      Compare with <bdi>{other.label}</bdi>
    </Link>
  );
}
