/** How a metric went over the versions: a line of points, each a way to its version. What is in production stands out. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type ModelDetail, api, reasonOf } from "../api";
import { formatNumber } from "../format";
import { toast } from "../frame/Toasts";
import { goalWords } from "../goals";
import { Button } from "../parts/Button";
import { LineFigure } from "../parts/LineFigure";
import { registryChanged } from "../queries";
import { useRights } from "../rights";
import styles from "./MetricOverVersions.module.css";
import pages from "./ModelsPage.module.css";
import { type OverVersions, type Point, metricsOf, overVersions } from "./overVersions";
import { shownMetrics } from "./shownMetrics";

export function MetricOverVersions({ model }: { model: ModelDetail }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const metrics = metricsOf(model.versions);
  const metric = chosen ?? model.main_metric ?? shownMetrics(model.versions)[0];
  if (metric === undefined) return null;
  const shown = overVersions(model.versions, metric);
  const isMain = metric === model.main_metric;
  return (
    <section className={pages["part"]} aria-label="Main metric over versions">
      <h2>Over versions</h2>
      <div className={pages["tools"]}>
        <label>
          Metric{" "}
          <select value={metric} onChange={(event) => { setChosen(event.target.value); }}>
            {(metrics.includes(metric) ? metrics : [metric, ...metrics]).map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        {isMain ? <span className="muted">the main metric{model.goal === null ? "" : `, ${goalWords(model.goal)}`}</span> : <MakeMain model={model} metric={metric} />}
      </div>
      {shown === null ? <p className="muted">No version has a value of it.</p> : <Chart model={model.name} metric={metric} shown={shown} />}
    </section>
  );
}

function MakeMain({ model, metric }: { model: ModelDetail; metric: string }) {
  const withheld = useRights(model.project);
  const choose = async () => {
    try {
      await api.changeModel(model.name, { main_metric: metric });
      toast({ text: `Versions of ${model.name} are judged by ${metric} now` });
    } catch (error) {
      toast({ text: `Not saved: ${reasonOf(error)}`, isBad: true });
    }
    await registryChanged();
  };
  return <Button reason={withheld("editor")} title="Everybody sees this metric first then" onClick={() => void choose()}>Make it the main metric</Button>;
}

function Chart({ model, metric, shown: { points, least, most, leftOut } }: { model: string; metric: string; shown: OverVersions }) {
  return (
    <LineFigure
      label={`${metric} over versions`}
      corners={points.map(({ x, y }) => `${String(x)},${String(y)}`).join(" ")}
      least={least}
      most={most}
      ends={
        <>
          <span>v{points[0]?.version}</span>
          {leftOut > 0 && <span className="muted">{leftOut} without a value, or older</span>}
          {points.length > 1 && <span>v{points.at(-1)?.version}</span>}
        </>
      }
    >
      {points.map((point) => <Dot key={point.version} model={model} point={point} />)}
    </LineFigure>
  );
}

function Dot({ model, point: { version, value, x, y, aliases } }: { model: string; point: Point }) {
  const label = `v${String(version)}: ${formatNumber(value)}${aliases.length === 0 ? "" : `, ${aliases.join(", ")}`}`;
  return (
    <Link
      to="/models/$name/$version"
      params={{ name: model, version: String(version) }}
      className={styles["dot"]}
      style={{ left: `${String(x)}%`, top: `${String(y)}%` }}
      data-production={aliases.includes("production")}
      aria-label={label}
      title={label}
    />
  );
}
