/** Figures that a run logged, one panel a name, at the step that the slider rests on. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Media, RunDetail } from "../api";
import { formatBytes, formatCount } from "../format";
import { Empty, Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import { useIsDark } from "../theme";
import styles from "./MediaTab.module.css";

const REFRESH_MS = 5000;

export function MediaTab({ run }: { run: RunDetail }) {
  const media = useQuery({ ...queries.media(run.id), refetchInterval: run.status === "running" ? REFRESH_MS : false });
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const all = media.data?.media;
  const names = useMemo(() => Map.groupBy(all ?? [], ({ name }) => name), [all]);
  const steps = useMemo(() => [...new Set((all ?? []).map(({ step }) => step))].sort((a, b) => a - b), [all]);
  if (media.error !== null) return <Failure what="The media could not be fetched." error={media.error} onRetry={() => void media.refetch()} />;
  if (all === undefined) return <Outline />;
  if (all.length === 0) return <Empty title="No media"><p>Plotly figures given to <code>tracker.log</code> are shown here.</p></Empty>;
  const chosen = search["step"] === undefined ? NaN : Number(search["step"]);
  const step = steps.findLast((one) => one <= chosen) ?? steps.at(-1) ?? 0;
  const choose = (index: number) => {
    const next = steps[index];
    if (next !== undefined) void navigate({ to: ".", search: (now: Record<string, string | undefined>) => ({ ...now, step: index === steps.length - 1 ? undefined : String(next) }), replace: true, resetScroll: false });
  };
  return (
    <section aria-label="Media" className={styles["media"]}>
      {steps.length > 1 && (
        <label className={styles["slider"]}>
          <span>Step</span>
          <input type="range" aria-label="Step" min={0} max={steps.length - 1} value={steps.indexOf(step)} aria-valuetext={`step ${formatCount(step)}`} onChange={(event) => { choose(Number(event.target.value)); }} />
          <output>{formatCount(step)}</output>
        </label>
      )}
      <div className={styles["panels"]}>
        {[...names].map(([name, items]) => (
          <Panel key={name} name={name} media={items.findLast((one) => one.step <= step) ?? null} />
        ))}
      </div>
    </section>
  );
}

function Panel({ name, media }: { name: string; media: Media | null }) {
  const theme = useIsDark() ? "dark" : "light";
  return (
    <figure className={styles["panel"]} aria-label={media === null ? name : `${name} at step ${String(media.step)}`}>
      <figcaption>
        <bdi>{name}</bdi>
        {media !== null && <span className="muted">step {formatCount(media.step)} · {formatBytes(media.size_bytes)}</span>}
      </figcaption>
      {media?.frame_url == null ? (
        <p className="muted">{media === null ? "Nothing was logged up to this step." : `Media of the kind ${media.kind} are shown by a later version.`}</p>
      ) : (
        // what a run logged is hostile: it gets scripts but neither our origin nor our cookies
        <iframe className={styles["frame"]} title={`${name} at step ${String(media.step)}`} sandbox="allow-scripts" src={`${media.frame_url}?theme=${theme}`} loading="lazy" />
      )}
      {media !== null && media.caption !== "" && <p className={styles["caption"]}>{media.caption}</p>}
    </figure>
  );
}
