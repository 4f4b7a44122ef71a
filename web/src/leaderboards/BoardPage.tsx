/** One leaderboard: who stands where, the best so far, and what does not count, with its reason. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { type BoardRow, type Leaderboard, type Refusal, type Standing, api, isNotFound } from "../api";
import { formatBytes, formatCount, formatDuration, formatMoment, formatNumber, plural } from "../format";
import { Page } from "../frame/Page";
import { AliasChip } from "../models/AliasChip";
import { Button } from "../parts/Button";
import { LineFigure } from "../parts/LineFigure";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries } from "../queries";
import { useRights } from "../rights";
import { ConfirmDialog } from "../settings/ConfirmDialog";
import { BoardDialog } from "./BoardDialog";
import styles from "./Boards.module.css";
import { HowToEvaluate } from "./LeaderboardsPage";
import { REFUSALS, configWords, progressLine, question, rowsWords, scoreWords } from "./board";

export function BoardPage() {
  const { project, board } = useParams({ from: "/p/$project/leaderboards/$board" });
  const id = /^[0-9]{1,15}$/.test(board) ? Number(board) : 0;
  const query = useQuery(queries.leaderboard(project, id));
  const name = query.data?.name ?? "Leaderboard";
  const crumbs = [{ label: project, to: `/p/${encodeURIComponent(project)}` }, { label: "Leaderboards", to: `/p/${encodeURIComponent(project)}/leaderboards` }];
  return (
    <Page title={name} heading={<bdi>{name}</bdi>} here={<bdi>{name}</bdi>} crumbs={crumbs}>
      {query.isPending && <Outline />}
      {query.error !== null && query.data === undefined && (
        isNotFound(query.error)
          ? <Empty title="There is no such leaderboard"><p>It was deleted, or the link is mistyped. <Link to="/p/$project/leaderboards" params={{ project }}>All of {project}</Link></p></Empty>
          : <Failure what="The leaderboard could not be fetched." error={query.error} onRetry={() => void query.refetch()} />
      )}
      {query.data !== undefined && <Board board={query.data} />}
    </Page>
  );
}

function Board({ board }: { board: Leaderboard }) {
  const { project, id, definition } = board;
  const query = useQuery(queries.standing(project, id));
  const standing = query.data;
  return (
    <>
      <p><bdi>{definition.task}</bdi> · {question(definition)}{standing !== undefined && <span className="muted"> · {rowsWords(standing.row_count, definition.rows)}</span>}</p>
      {definition.data === null && <p className="muted small">It names no data, so scores on different data stand side by side.</p>}
      {(definition.filter ?? "") !== "" && <p className="muted small">Runs where <code>{definition.filter}</code></p>}
      <Acts board={board} />
      {query.error !== null && standing === undefined && <Failure what="The standing could not be read." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline />}
      {standing !== undefined && (
        <>
          {standing.rows.length === 0 ? <Nothing board={board} standing={standing} /> : <Table board={board} standing={standing} />}
          <Progress metric={definition.metric} standing={standing} />
          <Refused project={project} standing={standing} />
        </>
      )}
    </>
  );
}

function Acts({ board }: { board: Leaderboard }) {
  const { project, id, name } = board;
  const withheld = useRights(project);
  const navigate = useNavigate();
  const [opened, setOpened] = useState<"edit" | "delete" | null>(null);
  const close = () => { setOpened(null); };
  const remove = async () => {
    await api.deleteLeaderboard(project, id);
    await navigate({ to: "/p/$project/leaderboards", params: { project } });
    client.removeQueries({ queryKey: ["leaderboards", project, id] });
    await client.invalidateQueries({ queryKey: queries.leaderboards(project).queryKey });
  };
  return (
    <div className={styles["tools"]}>
      <Button reason={withheld("editor")} onClick={() => { setOpened("edit"); }}>Edit</Button>
      <Button reason={withheld("editor")} onClick={() => { setOpened("delete"); }}>Delete</Button>
      <a href={api.leaderboardExport(project, id, "html")} download>Export as page</a>
      <a href={api.leaderboardExport(project, id, "json")} download>Export as JSON</a>
      {opened === "edit" && <BoardDialog project={project} board={board} onClose={close} onSaved={close} />}
      {opened === "delete" && (
        <ConfirmDialog title={`Delete ${name}`} act="Delete leaderboard" onAct={remove} onClose={close}>
          <p>The leaderboard goes for good, for everybody. The runs and models on it stay as they are.</p>
        </ConfirmDialog>
      )}
    </div>
  );
}

function Nothing({ board: { definition }, standing }: { board: Leaderboard; standing: Standing }) {
  return (
    <Empty title="Nothing counts yet">
      <p>{standing.refused_count > 0 ? `${plural(standing.refused_count, "candidate")} did not count, for the reasons below.` : `No ${definition.rows === "model" ? "version" : "finished run"} has a value of ${definition.metric}.`} A run counts once it has finished and logged these:</p>
      <HowToEvaluate data={definition.data ?? "digits-val:v3"} metric={definition.metric} />
    </Empty>
  );
}

function Table({ board: { project, definition }, standing }: { board: Leaderboard; standing: Standing }) {
  const { size_metric: sizeMetric = null, time_metric: timeMetric = null } = definition;
  return (
    <section aria-label="Standing">
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Who stands where">
        <table className={styles["table"]}>
          <thead>
            <tr>
              <th scope="col" className={styles["numeric"]}>Rank</th>
              <th scope="col">{definition.rows === "model" ? "Model" : "Family"}</th>
              <th scope="col" className={styles["numeric"]}><bdi>{definition.metric}</bdi></th>
              <th scope="col" className={styles["numeric"]} title="So many runs the mean and its ± are of">Runs</th>
              {sizeMetric !== null && <th scope="col" className={styles["numeric"]}><bdi>{sizeMetric}</bdi></th>}
              {timeMetric !== null && <th scope="col" className={styles["numeric"]}><bdi>{timeMetric}</bdi></th>}
              <th scope="col" className={styles["numeric"]}>Time</th>
              <th scope="col" className={styles["numeric"]}>GPU time</th>
              <th scope="col" className={styles["numeric"]}>Size</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {standing.rows.map((row) => (
              <tr key={row.model === null ? row.runs[0]?.id : row.label}>
                <td className={styles["numeric"]}>{row.rank}</td>
                <th scope="row"><Name project={project} row={row} /></th>
                <td className={styles["numeric"]} title={row.run_count > 1 ? `best of a single run: ${formatNumber(row.best)}` : undefined}><strong>{formatNumber(row.score)}</strong>{scoreWords(row).slice(formatNumber(row.score).length)}</td>
                <td className={styles["numeric"]}>{formatCount(row.run_count)}</td>
                {sizeMetric !== null && <td className={styles["numeric"]}><Known value={row.size} as={formatNumber} /></td>}
                {timeMetric !== null && <td className={styles["numeric"]}><Known value={row.time} as={formatNumber} /></td>}
                <td className={styles["numeric"]}><Known value={row.duration_ms} as={formatDuration} /></td>
                <td className={styles["numeric"]}><Known value={row.gpu_ms} as={formatDuration} /></td>
                <td className={styles["numeric"]}><Known value={row.size_bytes} as={formatBytes} /></td>
                <td className={styles["when"]}><Ago ms={row.time_ms} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted small">
        ± is the standard deviation of single runs that differ by their seed alone; with one run there is none.
        {standing.row_count > standing.rows.length && ` The first ${formatCount(standing.rows.length)} of ${formatCount(standing.row_count)} are shown.`}
      </p>
    </section>
  );
}

function Known({ value, as }: { value: number | null; as: (value: number) => string }) {
  return value === null ? <span className="muted" title="not known">–</span> : as(value);
}

function Name({ project, row }: { project: string; row: BoardRow }) {
  const best = row.runs[0];
  const said = configWords(row.config);
  return (
    <>
      {row.model !== null && row.version !== null ? (
        <Link to="/models/$name/$version" params={{ name: row.model, version: String(row.version) }}><bdi>{row.label}</bdi></Link>
      ) : best === undefined ? <bdi>{row.label}</bdi> : (
        <Link to="/p/$project/runs/$run" params={{ project, run: best.id }}><bdi>{row.label}</bdi></Link>
      )}
      {row.aliases.map((alias) => <span key={alias}> <AliasChip alias={alias} /></span>)}
      {said !== "" && <p className="muted small">{said}</p>}
      {row.model === null && row.runs.length > 1 && (
        <details className={styles["runs"]}>
          <summary>{plural(row.run_count, "run")}</summary>
          <ul>
            {row.runs.map((run) => (
              <li key={run.id}><Link to="/p/$project/runs/$run" params={{ project, run: run.id }}><bdi>{run.name}</bdi></Link> {formatNumber(run.score)}</li>
            ))}
          </ul>
          {row.run_count > row.runs.length && <p className="muted small">and {formatCount(row.run_count - row.runs.length)} more</p>}
        </details>
      )}
    </>
  );
}

function Progress({ metric, standing }: { metric: string; standing: Standing }) {
  const line = progressLine(standing.progress);
  if (line === null) return null;
  const [first, last] = [line.places[0], line.places.at(-1)];
  return (
    <section className={styles["part"]} aria-label="Best so far">
      <h2>Best so far</h2>
      <p className="muted small">Of a single {standing.rows[0]?.model === null ? "run, when it had ended" : "version, when it was registered"}; not a mean.</p>
      {line.places.length > 1 && (
        <LineFigure
          label={`${metric}, best so far`}
          corners={line.corners}
          least={line.least}
          most={line.most}
          ends={
            <>
              <span>{first !== undefined && <Ago ms={first.step.time_ms} />}</span>
              <span>{last !== undefined && <Ago ms={last.step.time_ms} />}</span>
            </>
          }
        >
          {line.places.map(({ x, y, step }) => (
            <span
              key={`${String(step.time_ms)} ${step.label}`}
              className={styles["dot"]}
              style={{ left: `${String(x)}%`, top: `${String(y)}%` }}
              title={`${formatNumber(step.score)}: ${step.label}, ${formatMoment(step.time_ms)}`}
              aria-hidden="true"
            />
          ))}
        </LineFigure>
      )}
      <details>
        <summary>{plural(line.places.length, "step")}</summary>
        <ol className={styles["steps"]}>
          {standing.progress.map((step) => (
            <li key={`${String(step.time_ms)} ${step.label}`}>{formatNumber(step.score)} <bdi>{step.label}</bdi> <span className="muted"><Ago ms={step.time_ms} /></span></li>
          ))}
        </ol>
      </details>
    </section>
  );
}

function Refused({ project, standing: { refused, refused_count: count, refusals } }: { project: string; standing: Standing }) {
  if (count === 0) return null;
  return (
    <section className={styles["part"]} aria-label="What does not count">
      <h2>What does not count</h2>
      <details>
        <summary>{plural(count, "candidate")}: {refusals.map((one) => `${formatCount(one.count)} ${REFUSALS[one.code]}`).join(", ")}</summary>
        <ul className={styles["refused"]}>
          {refused.map((one) => (
            <li key={`${one.run ?? ""} ${one.label}`}><RefusedName project={project} refusal={one} /> <span className="muted">{one.reason}</span></li>
          ))}
        </ul>
        {count > refused.length && <p className="muted small">and {formatCount(count - refused.length)} more</p>}
      </details>
    </section>
  );
}

function RefusedName({ project, refusal: { label, run, model, version } }: { project: string; refusal: Refusal }) {
  if (model !== null && version !== null) return <Link to="/models/$name/$version" params={{ name: model, version: String(version) }}><bdi>{label}</bdi></Link>;
  return run === null ? <bdi>{label}</bdi> : <Link to="/p/$project/runs/$run" params={{ project, run }}><bdi>{label}</bdi></Link>;
}
