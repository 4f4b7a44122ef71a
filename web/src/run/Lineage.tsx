/** From what this run read, through the run, to what it made and what became of that in the registry. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import type { RunArtifact, RunDetail } from "../api";
import { ArtifactLink } from "../artifacts/links";
import { AliasChip } from "../models/AliasChip";
import { useModelLinks } from "../models/modelLinks";
import { queries } from "../queries";

export function Lineage({ run }: { run: RunDetail }) {
  const asked = useQuery({ ...queries.runArtifacts(run.id), enabled: run.artifact_count > 0 });
  const links = useModelLinks(run.project);
  const artifacts = asked.data?.artifacts ?? [];
  if (artifacts.length === 0) return null;
  const [read, made] = [artifacts.filter(({ direction }) => direction === "input"), artifacts.filter(({ direction }) => direction === "output")];
  const versions = made.flatMap(({ id }) => links.get(id) ?? []);
  return (
    <section aria-label="Lineage">
      <h2>Lineage</h2>
      <p>
        {read.length > 0 && <><Names artifacts={read} /> <Arrow words="read by" /></>}
        <strong>this run</strong>
        {made.length > 0 && <> <Arrow words="which made" /> <Names artifacts={made} /></>}
        {versions.length > 0 && (
          <>
            {" "}<Arrow words="registered as" />{" "}
            {versions.map(({ model, version, aliases }, index) => (
              <Fragment key={`${model} ${String(version)}`}>
                {index > 0 && ", "}
                <Link to="/models/$name/$version" params={{ name: model, version: String(version) }}><bdi>{model}</bdi> v{version}</Link>
                {aliases.map((alias) => <Fragment key={alias}> <AliasChip alias={alias} /></Fragment>)}
              </Fragment>
            ))}
          </>
        )}
      </p>
    </section>
  );
}

/** More than this one reads in the tab. */
const MOST = 6;

function Names({ artifacts }: { artifacts: readonly RunArtifact[] }) {
  return (
    <>
      {artifacts.slice(0, MOST).map(({ id, project, name, version }, index) => (
        <Fragment key={id}>
          {index > 0 && ", "}
          <ArtifactLink artifact={{ project, name, version }} />
        </Fragment>
      ))}
      {artifacts.length > MOST && ` and ${String(artifacts.length - MOST)} more`}
    </>
  );
}

const Arrow = ({ words }: { words: string }) => <span className="muted"><span aria-hidden="true">─▶</span><span className="visually-hidden">{words}</span></span>;
