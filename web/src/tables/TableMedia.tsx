/** Tables that runs logged: one, or those of several runs at the same step, each for itself or two of them joined. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Shown, runOf, titleOf } from "../media/kinds/piece";
import { Outline } from "../parts/Note";
import { Swatch } from "../parts/Run";
import { JoinView } from "./JoinView";
import { TableView } from "./TableView";
import { joinedTables, mediaTable } from "./source";
import styles from "./tables.module.css";

const HEIGHT = { small: 260, large: 560 };

export function TableMedia(shown: Shown) {
  const { media, runs, size } = shown;
  const [first, second] = media;
  const [isJoined, setIsJoined] = useState(false);
  const [rightId, setRightId] = useState<number | null>(null);
  if (first === undefined) return null;
  const right = media.find(({ id }) => id === rightId) ?? second;
  return (
    <div className={styles["view"]}>
      {second !== undefined && (
        <div className={styles["tools"]}>
          <label>
            <input type="checkbox" checked={isJoined} onChange={(event) => { setIsJoined(event.target.checked); }} /> Join the rows
          </label>
          {isJoined && (
            <label>
              {titleOf(first, shown)} with{" "}
              <select value={right?.id} onChange={(event) => { setRightId(Number(event.target.value)); }}>
                {media.slice(1).map((piece) => <option key={piece.id} value={piece.id}>{titleOf(piece, shown)}</option>)}
              </select>
            </label>
          )}
        </div>
      )}
      {isJoined && right !== undefined ? (
        <Joined key={`${String(first.id)} ${String(right.id)}`} left={first.id} right={right.id} names={[titleOf(first, shown), titleOf(right, shown)]} label={first.name} height={HEIGHT[size]} />
      ) : (
        media.map((piece) => (
          <div key={piece.id} className={styles["view"]}>
            {second !== undefined && <p><Swatch hue={runOf(piece, runs).hue} /> <bdi>{titleOf(piece, shown)}</bdi></p>}
            <TableView source={mediaTable(piece.id)} label={second === undefined ? piece.name : `${piece.name}, ${titleOf(piece, shown)}`} height={HEIGHT[size]} />
          </div>
        ))
      )}
    </div>
  );
}

function Joined({ left, right, names, label, height }: { left: number; right: number; names: [string, string]; label: string; height: number }) {
  const source = mediaTable(left);
  const head = useQuery({ queryKey: ["rows", source.key, "columns", 0], queryFn: ({ signal }) => source.post({ limit: 1 }, { signal }), staleTime: Infinity, retry: false });
  if (head.data === undefined) return head.error === null ? <Outline lines={6} label="Loading the table" /> : <TableView source={source} label={label} height={height} />;
  return <JoinView source={joinedTables(left, right)} available={head.data.available} left={names[0]} right={names[1]} label={`${label}: ${names[0]} and ${names[1]}`} height={height} />;
}
