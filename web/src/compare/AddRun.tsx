/** Finds runs by a word, in this project or another, and puts them beside those that are compared. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api } from "../api";
import { Dialog } from "../parts/Dialog";
import { Failure } from "../parts/Note";
import { StatusMark, Swatch } from "../parts/Run";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import styles from "./AddRun.module.css";

type Props = { project: string; chosen: readonly string[]; most: number; onAdd: (id: string) => void; onClose: () => void };

const AT_ONCE = 20;

export function AddRun({ project, chosen, most, onAdd, onClose }: Props) {
  const [text, setText] = useState("");
  const [from, setFrom] = useState(project);
  const projects = useQuery(queries.projects()).data?.projects ?? [];
  const wanted = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: ["runs-named", from, wanted, AT_ONCE],
    queryFn: ({ signal }) => api.searchRuns(from, { text: wanted, columns: [], limit: AT_ONCE }, { signal }),
    placeholderData: keepPreviousData,
  });
  const runs = found.data?.runs ?? [];
  const isFull = chosen.length >= most;
  return (
    <Dialog title="Add a run" onClose={onClose} footer={<button type="button" onClick={onClose}>Done</button>}>
      <div className={styles["fields"]}>
        <input type="search" aria-label="Find a run" placeholder="Name, id, tag, config" data-autofocus value={text} onChange={(event) => { setText(event.target.value); }} />
        <label>
          in{" "}
          <select aria-label="Project" value={from} onChange={(event) => { setFrom(event.target.value); }}>
            {(projects.some(({ name }) => name === project) ? projects.map(({ name }) => name) : [project, ...projects.map(({ name }) => name)]).map((name) => (
              <option key={name} value={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      {isFull && <p className="muted">{most} runs are compared at once; remove one to add another.</p>}
      {found.error !== null && <Failure what="The runs could not be found." error={found.error} onRetry={() => void found.refetch()} />}
      {found.data !== undefined && runs.length === 0 && <p className="muted">No run of {from} has “{wanted}” in its name, tags or config.</p>}
      <ul className={styles["list"]} aria-label="Runs found">
        {runs.map((run) => {
          const isHere = chosen.includes(run.id);
          return (
            <li key={run.id}>
              <Swatch hue={run.hue} />
              <bdi className="clip">{run.name}</bdi>
              <StatusMark status={run.status} isShort />
              <span className="muted small"><Ago ms={run.created_ms} /></span>
              <button type="button" disabled={isHere || isFull} aria-label={isHere ? `${run.name} is compared` : `Add ${run.name}`} onClick={() => { onAdd(run.id); }}>
                {isHere ? "Added" : "Add"}
              </button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
