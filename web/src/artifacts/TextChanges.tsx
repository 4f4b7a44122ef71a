/** Of a text in two versions, the lines that differ. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { TextChanges as Texts } from "../api";
import { DiffLayout, LineDiff } from "../parts/LineDiff";
import { Failure, Outline } from "../parts/Note";
import { comparedLines } from "../parts/comparedLines";
import { queries } from "../queries";
import styles from "./Artifacts.module.css";

export function TextChanges({ version, since, path }: { version: number; since: number; path: string }) {
  const query = useQuery(queries.textChanges(version, since, path));
  if (query.data === undefined) return query.error === null ? <Outline lines={3} /> : <Failure what="The lines could not be compared." error={query.error} />;
  const { before, after, notes } = query.data;
  return (
    <section className={styles["lines"]} aria-label={`Lines of ${path} that differ`}>
      {notes.map((note) => <p key={note} className="muted small">{note}</p>)}
      {before === after ? <p>No line differs.{notes.length === 0 && " The bytes do, in what a text does not show."}</p> : <Lines texts={query.data} />}
    </section>
  );
}

function Lines({ texts: { path, before, after } }: { texts: Texts }) {
  const lines = useMemo(() => comparedLines(before, after), [before, after]);
  return (
    <>
      {lines !== null && <DiffLayout />}
      <LineDiff name={path} names={["before", "now"]} lines={lines} />
    </>
  );
}
