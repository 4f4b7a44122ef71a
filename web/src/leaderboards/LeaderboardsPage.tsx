/** The leaderboards of a project: what each asks. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { type Leaderboard, isNotFound } from "../api";
import { Page } from "../frame/Page";
import { Button } from "../parts/Button";
import { CodeBlock } from "../parts/Code";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { useRights } from "../rights";
import { NotFoundProject } from "../workspace/NotFoundProject";
import { BoardDialog } from "./BoardDialog";
import styles from "./Boards.module.css";
import { question } from "./board";

export function LeaderboardsPage() {
  const { project } = useParams({ from: "/p/$project/leaderboards" });
  const query = useQuery(queries.leaderboards(project));
  const [isNew, setIsNew] = useState(false);
  const withheld = useRights(project);
  const navigate = useNavigate();
  if (isNotFound(query.error)) return <NotFoundProject project={project} />;
  const boards = query.data?.leaderboards;
  return (
    <Page title={`Leaderboards of ${project}`} heading="Leaderboards" here="Leaderboards" crumbs={[{ label: "Projects", to: "/" }, { label: project, to: `/p/${encodeURIComponent(project)}` }]}>
      {query.error !== null && query.data === undefined && <Failure what="The leaderboards could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline />}
      {boards?.length === 0 && (
        <Empty title="No leaderboards yet">
          <p>One ranks run families or models by a metric, on the same data. Say what your evaluations are made on:</p>
          <HowToEvaluate data="digits-val:v3" metric="val/acc" />
        </Empty>
      )}
      {boards !== undefined && (
        <div className={styles["tools"]}>
          <Button data-look="primary" reason={withheld("editor")} onClick={() => { setIsNew(true); }}>New leaderboard</Button>
        </div>
      )}
      {boards !== undefined && boards.length > 0 && (
        <ul className={styles["list"]}>
          {boards.map((board) => <Item key={board.id} board={board} />)}
        </ul>
      )}
      {isNew && (
        <BoardDialog
          project={project}
          board={null}
          onClose={() => { setIsNew(false); }}
          onSaved={(made) => void navigate({ to: "/p/$project/leaderboards/$board", params: { project, board: String(made.id) } })}
        />
      )}
    </Page>
  );
}

function Item({ board: { id, project, name, definition, changed_ms, created_by } }: { board: Leaderboard }) {
  return (
    <li>
      <h2><Link to="/p/$project/leaderboards/$board" params={{ project, board: String(id) }}><bdi>{name}</bdi></Link></h2>
      <p><bdi>{definition.task}</bdi> · {question(definition)}</p>
      <p className="muted small">{definition.rows === "model" ? "versions of models" : "run families"}, made by <bdi>{created_by}</bdi>, changed <Ago ms={changed_ms} /></p>
    </li>
  );
}

/** The lines that a training script needs for its runs to count. */
export function HowToEvaluate({ data, metric }: { data: string; metric: string }) {
  const name = JSON.stringify(metric);
  const text = `scores = {${name}: {"img-1": 1, "img-2": 0}}  # by example\ntracker.log({${name}: 0.5})               # their mean is the score\ntracker.log_evaluation("eval", scores, data=${JSON.stringify(data)})`;
  return <CodeBlock text={text} label="How to log an evaluation" />;
}
