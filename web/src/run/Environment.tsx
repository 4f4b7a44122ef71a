/** Where a run came from: its code, its command, its machine. Every part may be missing. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { RunDetail } from "../api";
import { formatValue, plural } from "../format";
import { CodeBlock, CopyButton } from "../parts/Code";
import styles from "./Environment.module.css";
import { type Git, commandOf, devicesOf, gitOf, otherFacts, packagesOf, variablesOf } from "./environment";

export function Environment({ run }: { run: RunDetail }) {
  const { environment } = run;
  const git = gitOf(environment);
  const command = commandOf(environment);
  const devices = devicesOf(environment);
  const facts = otherFacts(environment);
  if (Object.keys(environment).length === 0) return null;
  return (
    <section aria-label="Environment" className={styles["section"]}>
      <h2>Environment</h2>
      {command !== null && <CodeBlock text={command} label="Command" />}
      <dl className={styles["facts"]}>
        {git !== null && <GitFacts run={run} git={git} />}
        {run.user !== null && <Fact name="Started by">{run.user}</Fact>}
        {facts.map(([name, value]) => (
          <Fact key={name} name={name}>{formatValue(value)}</Fact>
        ))}
        {devices.length > 0 && <Fact name="GPUs">{devices.join(", ")}</Fact>}
      </dl>
      <Variables variables={variablesOf(environment)} />
      <Packages packages={packagesOf(environment)} />
    </section>
  );
}

export function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function GitFacts({ run, git }: { run: RunDetail; git: Git }) {
  return (
    <>
      {git.commit !== null && (
        <Fact name="Commit">
          <span className="mono">{git.commit.slice(0, 10)}</span> <CopyButton text={git.commit} label="Copy commit" />{" "}
          {git.isDirty && (
            <Link to="/p/$project/runs/$run/$tab" params={{ project: run.project, run: run.id, tab: "code" }}>
              with uncommitted changes
            </Link>
          )}
        </Fact>
      )}
      {git.branch !== null && <Fact name="Branch"><bdi>{git.branch}</bdi></Fact>}
      {git.remote !== null && <Fact name="Remote"><Remote address={git.remote} /></Fact>}
    </>
  );
}

/** Only an address of the web becomes a link; anything else is text. */
export function Remote({ address }: { address: string }) {
  if (!/^https?:\/\//.test(address)) return <span className="mono">{address}</span>;
  return (
    <a href={address} rel="noopener noreferrer" target="_blank">
      {address}
    </a>
  );
}

function Variables({ variables }: { variables: readonly (readonly [string, string])[] }) {
  if (variables.length === 0) return null;
  return (
    <details className={styles["packages"]}>
      <summary>{plural(variables.length, "environment variable")}</summary>
      <ul>
        {variables.map(([name, value]) => (
          <li key={name}>
            <span className="mono">{name}</span> <span className="muted">{value}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

export function Packages({ packages }: { packages: readonly (readonly [string, string])[] }) {
  const [text, setText] = useState("");
  if (packages.length === 0) return null;
  const shown = packages.filter(([name]) => name.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <details className={styles["packages"]}>
      <summary>{packages.length} packages</summary>
      <input type="search" aria-label="Find a package" placeholder="Find a package" value={text} onChange={(event) => { setText(event.target.value); }} />
      <ul>
        {shown.map(([name, version]) => (
          <li key={name}>
            {name} <span className="muted">{version}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
