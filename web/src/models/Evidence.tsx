/** What a version was made from, as it was at registration: run, data, cost, code and packages. */

import { Link } from "@tanstack/react-router";
import type { ModelVersionDetail } from "../api";
import { formatDuration, formatNumber } from "../format";
import { CodeBlock, CopyButton } from "../parts/Code";
import { Fact, Packages, Remote } from "../run/Environment";
import facts from "../run/Environment.module.css";
import { FromRun } from "./FromRun";
import styles from "./ModelsPage.module.css";

const HOUR_MS = 3_600_000;

const NotRecorded = () => <span className="muted">not recorded</span>;

export function Origin({ version }: { version: ModelVersionDetail }) {
  const { cost } = version;
  return (
    <section className={styles["part"]} aria-label="Where it comes from">
      <h2>From</h2>
      <dl className={facts["facts"]}>
        <Fact name="Run"><FromRun version={version} project={version.project} /></Fact>
        <Fact name="Artifact"><bdi>{version.artifact}</bdi></Fact>
        <Fact name="Project"><Link to="/p/$project" params={{ project: version.project }}><bdi>{version.project}</bdi></Link></Fact>
        <Fact name="Took">{cost?.duration_ms === null || cost === null ? <NotRecorded /> : formatDuration(cost.duration_ms)}</Fact>
        <Fact name="GPU hours">{cost?.gpu_ms === null || cost === null ? <NotRecorded /> : gpuHours(cost.gpu_ms, cost.gpu_count)}</Fact>
        <Fact name="Data"><Data version={version} /></Fact>
      </dl>
    </section>
  );
}

const gpuHours = (ms: number, count: number | null) => (count === 0 ? "none used" : `${formatNumber(ms / HOUR_MS)}${count === null ? "" : ` on ${String(count)}`}`);

function Data({ version: { data, code } }: { version: ModelVersionDetail }) {
  if (data.length === 0) return code === null ? <NotRecorded /> : <span className="muted">the run named none</span>;
  return (
    <ul>
      {data.map(({ project, name, version, kind, digest }) => (
        <li key={`${project} ${name} ${String(version)}`} title={`sha256 ${digest}`}>
          <bdi>{name}</bdi>:v{version} <span className="muted">{kind} of <bdi>{project}</bdi>, {digest.slice(0, 12)}</span>
        </li>
      ))}
    </ul>
  );
}

export function CodeAndPackages({ version }: { version: ModelVersionDetail }) {
  const { code } = version;
  return (
    <section className={styles["part"]} aria-label="Code and environment">
      <h2>Code and environment</h2>
      {code === null ? <p><NotRecorded /></p> : <Captured version={version} code={code} />}
    </section>
  );
}

function Captured({ version, code }: { version: ModelVersionDetail; code: NonNullable<ModelVersionDetail["code"]> }) {
  return (
    <div className={facts["section"]}>
      {code.command !== null && <CodeBlock text={code.command} label="Command" />}
      <dl className={facts["facts"]}>
        <Fact name="Commit">
          {code.commit === null ? <NotRecorded /> : <><span className="mono">{code.commit.slice(0, 10)}</span> <CopyButton text={code.commit} label="Copy commit" /></>}
          {code.is_dirty === true && " with uncommitted changes"}
        </Fact>
        {code.patch_digest !== null && <Fact name="Changes"><span className="mono" title={`sha256 ${code.patch_digest}`}>{code.patch_digest.slice(0, 12)}…</span></Fact>}
        {code.branch !== null && <Fact name="Branch"><bdi>{code.branch}</bdi></Fact>}
        {code.remote !== null && <Fact name="Remote"><Remote address={code.remote} /></Fact>}
        {code.script !== null && <Fact name="Script"><bdi className="mono">{code.script}</bdi></Fact>}
        <Fact name="Python">{code.python ?? <NotRecorded />}</Fact>
        {version.run !== null && (
          <Fact name="Files"><Link to="/p/$project/runs/$run/$tab" params={{ project: version.project, run: version.run, tab: "code" }}>The code of the run</Link></Fact>
        )}
      </dl>
      <Packages packages={Object.entries(code.packages ?? {})} />
    </div>
  );
}
