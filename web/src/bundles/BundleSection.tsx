/** What a bundle says of itself: its forms, roles, references and signature, and what verifying it found. */

import type { BundleField, BundleForm, BundleReport, BundleState, Manifest, ModelVersionDetail, Signature, Verification } from "../api";
import { fileAddress } from "../api";
import { formatBytes, formatMoment, formatNumber, plural } from "../format";
import { CodeBlock, CopyButton } from "../parts/Code";
import { Ago } from "../parts/Time";
import { useFew } from "../parts/useFew";
import { Fact, Remote } from "../run/Environment";
import facts from "../run/Environment.module.css";
import pages from "../models/ModelsPage.module.css";
import styles from "./Bundle.module.css";
import { verifyLine } from "./lines";
import { FORMS, KINDS, differenceText, filesWithoutRole, lockOf, measuredOf, shapeText, verdictOf } from "./words";

type Props = { version: ModelVersionDetail; manifest: Manifest; state: BundleState; verifications: readonly Verification[] };

export function BundleSection({ version, manifest, state, verifications }: Props) {
  return (
    <section className={pages["part"]} aria-label="Bundle">
      <h2>Bundle</h2>
      <div className={styles["parts"]}>
        <Bar state={state} />
        <Proof version={version} manifest={manifest} state={state} />
        <Facts version={version} manifest={manifest} />
        <Forms forms={manifest.forms ?? []} />
        <Roles manifest={manifest} />
        <References references={manifest.references ?? []} />
        {manifest.signature !== null && manifest.signature !== undefined && <SignatureTable signature={manifest.signature} />}
        <Lock forms={manifest.forms ?? []} />
        <Verifications verifications={verifications} />
      </div>
    </section>
  );
}

/** Why it cannot be promoted, whoever asks. */
function Bar({ state: { barred_by } }: { state: BundleState }) {
  if (barred_by === null) return null;
  return <p className={styles["bar"]} role="note"><span aria-hidden="true">✕ </span><strong>Cannot be promoted.</strong> <bdi>{asSentence(barred_by)}</bdi></p>;
}

const asSentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** What the newest verification found wrong, or how to have one. */
function Proof({ version, manifest, state: { proof } }: { version: ModelVersionDetail; manifest: Manifest; state: BundleState }) {
  const line = verifyLine({ ...version, isPickle: isPickleAlone(manifest) });
  if (proof === null) {
    return (
      <div className={styles["proof"]}>
        <p>Nobody has verified it yet. This runs its example in an environment of its lock and compares what comes out:</p>
        <CodeBlock text={line} label="Command that verifies this version" />
      </div>
    );
  }
  if (proof.outcome === "pass") return null;
  return (
    <div className={styles["proof"]}>
      {(proof.message ?? "") !== "" && <p className={styles["bad"]}><bdi>{proof.message}</bdi></p>}
      <Problems problems={proof.problems ?? []} />
      <CodeBlock text={line} label="Command that verifies this version" />
    </div>
  );
}

function Problems({ problems }: { problems: NonNullable<Verification["problems"]> }) {
  const { shown, more } = useFew(problems, 10);
  if (problems.length === 0) return null;
  return (
    <>
      <ul aria-label="Files that have changed" className={styles["problems"]}>
        {shown.map(({ path, message }) => <li key={path}><bdi className="mono">{path}</bdi> <span className="muted"><bdi>{message}</bdi></span></li>)}
      </ul>
      {more}
    </>
  );
}

/** A pickle is loaded by whoever says so alone; a bundle with another form needs none. */
export const isPickleAlone = ({ forms = [] }: Manifest): boolean => forms.length > 0 && forms.every(({ kind }) => kind === "pickle");

function Facts({ version, manifest }: { version: ModelVersionDetail; manifest: Manifest }) {
  const { example, files = [], references = [] } = manifest;
  return (
    <dl className={facts["facts"]}>
      <Fact name="Kind">{KINDS[manifest.kind]}</Fact>
      <Fact name="Python">{manifest.python}</Fact>
      <Fact name="Files">{plural(files.length, "file")}{references.length > 0 && `, ${plural(references.length, "reference")}`}</Fact>
      <Fact name="Example">
        {example === null || example === undefined ? <span className="muted">none is stored</span> : (
          <span className="sentence">
            <a href={fileAddress(version.artifact_version_id, example.input)} download>input</a>, <a href={fileAddress(version.artifact_version_id, example.output)} download>output</a>{" "}
            <span className="muted">equal within {formatNumber(example.absolute ?? 1e-5)} + {formatNumber(example.relative ?? 1e-4)} × |stored|</span>
          </span>
        )}
      </Fact>
    </dl>
  );
}

function Forms({ forms }: { forms: readonly BundleForm[] }) {
  const { shown, more } = useFew(forms, 20);
  return (
    <section aria-label="Forms">
      <h3>Forms, the preferred first</h3>
      {forms.length === 0 ? <p className="muted">None: it has files alone, and nothing says how they run.</p> : (
        <Scroll label="Table of forms">
          <thead><tr><th scope="col">Form</th><th scope="col">Made of</th><th scope="col" className={styles["numeric"]}>Differs by</th><th scope="col">Notes</th></tr></thead>
          <tbody>
            {shown.map((form, index) => (
              <tr key={`${form.kind} ${String(index)}`}>
                <th scope="row">{FORMS[form.kind].name}</th>
                <td className="mono"><bdi>{form.file ?? form.entry}</bdi>{form.file !== null && form.file !== undefined && form.entry !== null && form.entry !== undefined && <>, <bdi>{form.entry}</bdi></>}</td>
                <td className={styles["numeric"]}>{differenceText(form.max_difference)}</td>
                <td><span className="muted">{FORMS[form.kind].note}</span>{(form.notes ?? "") !== "" && <p><bdi>{form.notes}</bdi></p>}</td>
              </tr>
            ))}
          </tbody>
        </Scroll>
      )}
      {more}
    </section>
  );
}

function Roles({ manifest }: { manifest: Manifest }) {
  const roles = Object.entries(manifest.roles ?? {}).sort(([, a], [, b]) => Number(a.length > 0) - Number(b.length > 0));
  const others = filesWithoutRole(manifest);
  const { shown, more } = useFew(roles, 50);
  if (roles.length === 0) return null;
  return (
    <section aria-label="Roles">
      <h3>Roles</h3>
      <Scroll label="Table of roles">
        <thead><tr><th scope="col">Role</th><th scope="col">Files</th></tr></thead>
        <tbody>
          {shown.map(([role, paths]) => (
            <tr key={role} data-lacks={paths.length === 0}>
              <th scope="row"><bdi>{role}</bdi></th>
              <td>{paths.length === 0 ? <span className={styles["bad"]}><span aria-hidden="true">✕ </span>no file: it cannot be promoted, and what asks for this role finds nothing</span> : <Paths paths={paths} />}</td>
            </tr>
          ))}
          {others.length > 0 && <tr><th scope="row"><span className="muted">no role</span></th><td><Paths paths={others} /></td></tr>}
        </tbody>
      </Scroll>
      {more}
    </section>
  );
}

function Paths({ paths }: { paths: readonly string[] }) {
  const { shown, more } = useFew(paths, 5);
  return (
    <ul className={styles["paths"]}>
      {shown.map((path) => <li key={path} className="mono"><bdi>{path}</bdi></li>)}
      {more !== null && <li>{more}</li>}
    </ul>
  );
}

function References({ references }: { references: NonNullable<Manifest["references"]> }) {
  const { shown, more } = useFew(references, 20);
  if (references.length === 0) return null;
  return (
    <section aria-label="References">
      <h3>References</h3>
      <p className="muted small">Files that lie elsewhere. The server never opens them; verifying holds them against what is written here.</p>
      <Scroll label="Table of references">
        <thead><tr><th scope="col">File</th><th scope="col">Lies at</th><th scope="col" className={styles["numeric"]}>Size</th><th scope="col">ETag</th><th scope="col">sha256</th></tr></thead>
        <tbody>
          {shown.map(({ path, uri, size_bytes, etag, sha256 }) => (
            <tr key={path}>
              <th scope="row" className="mono"><bdi>{path}</bdi></th>
              <td className={styles["breaks"]}><Remote address={uri} /></td>
              <td className={styles["numeric"]}>{size_bytes === null || size_bytes === undefined ? <NotKnown /> : formatBytes(size_bytes)}</td>
              <td className="mono">{etag === null || etag === undefined ? <NotKnown /> : <bdi title={etag}>{short(etag)}</bdi>}</td>
              <td className="mono">{sha256 === null || sha256 === undefined ? <NotKnown /> : <span title={sha256}>{sha256.slice(0, 12)}… <CopyButton text={sha256} label={`Copy digest of ${path}`} /></span>}</td>
            </tr>
          ))}
        </tbody>
      </Scroll>
      {more}
    </section>
  );
}

const short = (text: string) => (text.length > 24 ? `${text.slice(0, 20)}…` : text);

const NotKnown = () => <span className="muted">not known</span>;

function SignatureTable({ signature: { inputs, outputs, is_batched = false } }: { signature: Signature }) {
  return (
    <section aria-label="Signature">
      <h3>Signature</h3>
      <Scroll label="Table of the signature">
        <thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Shape</th><th scope="col">Description</th></tr></thead>
        <Fields title="takes" fields={inputs} />
        <Fields title="gives" fields={outputs} />
      </Scroll>
      <p className="muted small">A name in a shape is a size that is free and the same wherever it stands. {is_batched && "The first axis counts examples: requests may be run together."}</p>
    </section>
  );
}

function Fields({ title, fields }: { title: string; fields: readonly BundleField[] }) {
  const { shown, more } = useFew(fields, 50);
  return (
    <tbody>
      <tr><th scope="rowgroup" colSpan={4} className={styles["group"]}>{title}{fields.length === 0 && " nothing"}</th></tr>
      {shown.map(({ name, dtype, shape, description }) => (
        <tr key={name}>
          <th scope="row" className="mono"><bdi>{name}</bdi></th>
          <td>{dtype}</td>
          <td><bdi>{shapeText(shape)}</bdi></td>
          <td className={styles["breaks"]}><bdi>{description}</bdi></td>
        </tr>
      ))}
      {more !== null && <tr><td colSpan={4}>{more}</td></tr>}
    </tbody>
  );
}

function Lock({ forms }: { forms: readonly BundleForm[] }) {
  const lines = lockOf(forms);
  if (lines.length === 0) return null;
  return (
    <details>
      <summary>Lock: {plural(lines.length, "package")}</summary>
      <CodeBlock text={lines.map(({ line, of }) => (of.length === 0 ? line : `${line}  # ${of.join(", ")}`)).join("\n")} label="Package lock" />
    </details>
  );
}

function Verifications({ verifications }: { verifications: readonly Verification[] }) {
  const { shown, more } = useFew(verifications, 5);
  if (verifications.length === 0) return null;
  return (
    <section aria-label="Verifications">
      <h3>Verifications</h3>
      <Scroll label="Table of verifications">
        <thead>
          <tr>
            <th scope="col">Result</th><th scope="col">When</th><th scope="col">Form</th>
            {["Load", "p50", "p99", "Peak memory", "Differs by"].map((name) => <th key={name} scope="col" className={styles["numeric"]}>{name}</th>)}
            <th scope="col">On</th>
          </tr>
        </thead>
        <tbody>{shown.map((one) => <VerificationRow key={one.id} verification={one} />)}</tbody>
      </Scroll>
      {more}
    </section>
  );
}

function VerificationRow({ verification }: { verification: Verification }) {
  const { tone, sign, word } = verdictOf(verification);
  const { load, p50, p99, memory, difference } = measuredOf(verification);
  const { time_ms, actor, form, python, platform } = verification;
  return (
    <tr>
      <th scope="row"><span className={styles["badge"]} data-tone={tone} title={verification.message}><span aria-hidden="true">{sign} </span>{word}</span></th>
      <td className="muted" title={formatMoment(time_ms)}><Ago ms={time_ms} />, <bdi>{actor}</bdi></td>
      <td>{form === null || form === undefined ? <span className="muted">files alone</span> : FORMS[form].name}</td>
      {[load, p50, p99, memory, difference].map((text, index) => <td key={index} className={styles["numeric"]}>{text ?? <span className="muted">–</span>}</td>)}
      <td className="muted"><bdi>{[python === null || python === undefined ? null : `Python ${python}`, platform].filter((one) => one !== null && one !== undefined).join(", ")}</bdi></td>
    </tr>
  );
}

function Scroll({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className={pages["scroll"]} tabIndex={0} role="region" aria-label={label}>
      <table className={`${pages["table"] ?? ""} ${styles["table"] ?? ""}`}>{children}</table>
    </div>
  );
}

/** Of a version that is a bundle. */
export type WholeReport = BundleReport & { manifest: Manifest; state: BundleState };

export const hasManifest = (report: BundleReport | undefined): report is WholeReport => report !== undefined && report.manifest !== null && report.state !== null;
