/** Confusion matrices as cells of colour with their numbers, one beside the other or as the difference of two runs. */

import { type KeyboardEvent, Suspense, lazy, useRef, useState } from "react";
import { formatCount, formatNumber } from "../../format";
import { type Matrix, NORMALISINGS, type Normalising, cellName, cellText, classesShown, difference, largestOf, normalised, only, scoresOf, summaryOf } from "./confusion";
import { type ConfusionMatrix, readConfusionMatrix } from "./details";
import styles from "./kinds.module.css";
import { AsTable, Head, Refused, readAll } from "./parts";
import { type Piece, type Shown, placeOf, titleOf } from "./piece";

const Examples = lazy(() => import("./Examples").then((module) => ({ default: module.Examples })));

/** More classes than this cannot be told apart; those with most mistakes are shown then. */
const MOST_CLASSES = { small: 20, large: 40 } as const;

/** Per cent of the colour in the greatest cell: on more of it the number could not be read. */
const DEEPEST = 55;

type Ready = { piece: Piece; details: ConfusionMatrix };

export function ConfusionMedia(shown: Shown) {
  const [by, setBy] = useState<Normalising>("none");
  const [isDifference, setIsDifference] = useState(false);
  const [text, setText] = useState("");
  const { ready, refused } = readAll(shown.media, readConfusionMatrix);
  const [one, other] = ready;
  const most = MOST_CLASSES[shown.size];
  const isLong = ready.some(({ details }) => details.labels.length > most);
  const isCompared = isDifference && one !== undefined && other !== undefined;
  return (
    <div>
      <Refused pieces={refused} />
      <div className={styles["tools"]}>
        <label className={styles["choice"]}>
          Show
          <select aria-label="Show" value={by} onChange={(event) => { setBy(event.target.value as Normalising); }}>
            {Object.entries(NORMALISINGS).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
          </select>
        </label>
        {ready.length === 2 && <label className={styles["choice"]}><input type="checkbox" checked={isDifference} onChange={(event) => { setIsDifference(event.target.checked); }} /> Difference</label>}
        {isLong && <input type="search" aria-label="Find classes" placeholder="Find classes" value={text} onChange={(event) => { setText(event.target.value); }} />}
      </div>
      {isCompared ? (
        <Difference one={one} other={other} by={by} text={text} most={most} shown={shown} />
      ) : (
        <div className={styles["each"]} data-several={ready.length > 1}>
          {ready.map(({ piece, details }) => (
            <div key={placeOf(piece)} className={styles["one"]}>
              <Head piece={piece} shown={shown} />
              <OneMatrix piece={piece} details={details} by={by} text={text} most={most} label={titleOf(piece, shown)} />
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function OneMatrix({ piece, details, by, text, most, label }: Ready & { by: Normalising; text: string; most: number; label: string }) {
  const [cell, setCell] = useState<readonly [string, string] | null>(null);
  const places = classesShown(details, text, most);
  const matrix = only(normalised(details, by), places);
  return (
    <figure aria-label={`Confusion matrix of ${label}: ${summaryOf(details)}`}>
      <Cells matrix={matrix} label={label} {...(details.hasExamples ? { onOpen: (actual: string, predicted: string) => { setCell([actual, predicted]); } } : {})} />
      {cell !== null && <Suspense><Examples piece={piece} actual={cell[0]} predicted={cell[1]} onClose={() => { setCell(null); }} /></Suspense>}
      <div className={styles["tools"]}>
        <span className="muted small">{summaryOf(details)}{details.hasExamples && "; a cell opens its examples"}{places.length < details.labels.length && `; shown are ${formatCount(places.length)} with most mistakes`}</span>
        <AsTable
          what={label}
          numbers={() => ({
            title: `${piece.name}, class by class`,
            head: ["class", "actual", "predicted", "precision", "recall", "mostly taken for"],
            rows: scoresOf(details).map(({ label: name, actual, predicted, precision, recall }, index) => [name, formatCount(actual), formatCount(predicted), percent(precision), percent(recall), takenFor(details, index)]),
          })}
        />
      </div>
    </figure>
  );
}

function Difference({ one, other, by, text, most, shown }: { one: Ready; other: Ready; by: Normalising; text: string; most: number; shown: Shown }) {
  const whole = difference(normalised(one.details, by), normalised(other.details, by));
  const places = classesShown({ labels: whole.labels, counts: whole.values.map((row) => row.map(Math.abs)) }, text, most);
  const title = `${titleOf(one.piece, shown)} less ${titleOf(other.piece, shown)}`;
  if (whole.labels.length === 0) return <p className="muted">The two have no class in common.</p>;
  const matrix = only(whole, places);
  return (
    <figure aria-label={`Difference of confusion matrices: ${title}`}>
      <p className="muted small"><bdi>{title}</bdi>: orange where there are more, blue where there are fewer</p>
      <Cells matrix={matrix} label={title} />
      <div className={styles["tools"]}>
        <AsTable
          what={title}
          numbers={() => ({ title, head: ["actual", "predicted", "difference"], rows: matrix.labels.flatMap((actual, row) => matrix.labels.map((predicted, column) => [actual, predicted, cellText(matrix, matrix.values[row]?.[column] ?? 0)])) })}
        />
      </div>
    </figure>
  );
}

const percent = (share: number | null) => (share === null ? "–" : `${formatNumber(Math.round(share * 1000) / 10)} %`);

function takenFor({ labels, counts }: ConfusionMatrix, index: number): string {
  const row = (counts[index] ?? []).map((count, column) => (column === index ? 0 : count));
  const most = row.reduce((a, b) => Math.max(a, b), 0);
  return most === 0 ? "–" : `${labels[row.indexOf(most)] ?? ""} (${formatCount(most)})`;
}

const MOVES: Record<string, readonly [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function Cells({ matrix, label, onOpen }: { matrix: Matrix; label: string; onOpen?: (actual: string, predicted: string) => void }) {
  const { labels, values } = matrix;
  const largest = largestOf(matrix) || 1;
  const table = useRef<HTMLTableElement>(null);
  const [focused, setFocused] = useState<readonly [number, number]>([0, 0]);
  const [pointed, setPointed] = useState<readonly [number, number] | null>(null);
  const move = (event: KeyboardEvent) => {
    const step = MOVES[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const clamp = (place: number) => Math.min(labels.length - 1, Math.max(0, place));
    const next = [clamp(focused[0] + step[0]), clamp(focused[1] + step[1])] as const;
    setFocused(next);
    table.current?.querySelector<HTMLElement>(`[data-cell="${next.join()}"]`)?.focus();
  };
  return (
    <>
      <div className={styles["matrix"]}>
        <table ref={table} role="grid" aria-label={`${label}: actual classes down, predicted across`} onKeyDown={move} onPointerLeave={() => { setPointed(null); }}>
          <thead>
            <tr>
              <th scope="col"><span className="muted small">actual ↓ predicted →</span></th>
              {labels.map((name, column) => <th key={column} scope="col" title={name}><bdi>{name}</bdi></th>)}
            </tr>
          </thead>
          <tbody>
            {values.map((row, actual) => (
              <tr key={actual}>
                <th scope="row" title={labels[actual]}><bdi>{labels[actual]}</bdi></th>
                {row.map((value, predicted) => (
                  <td
                    key={predicted}
                    data-cell={`${String(actual)},${String(predicted)}`}
                    data-sign={matrix.isDifference ? Math.sign(value) : undefined}
                    data-opens={onOpen !== undefined}
                    style={{ "--share": `${String(Math.round((Math.abs(value) / largest) * DEEPEST))}%` }}
                    tabIndex={focused[0] === actual && focused[1] === predicted ? 0 : -1}
                    aria-label={cellName(matrix, actual, predicted)}
                    onFocus={() => { setFocused([actual, predicted]); }}
                    onPointerEnter={() => { setPointed([actual, predicted]); }}
                    onClick={() => onOpen?.(labels[actual] ?? "", labels[predicted] ?? "")}
                    onKeyDown={(event) => { if (event.key === "Enter") onOpen?.(labels[actual] ?? "", labels[predicted] ?? ""); }}
                  >
                    {value === 0 ? <span className="muted">0</span> : cellText(matrix, value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted small" aria-hidden="true">{pointed === null ? "\u00a0" : cellName(matrix, ...pointed)}</p>
    </>
  );
}
