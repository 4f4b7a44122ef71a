/** What one may choose of the dashboard, who one is to the server, and what the server is. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import { api, reasonOf } from "../api";
import { SmoothingField } from "../charts/SmoothingField";
import { readSmoothing, writeSmoothing } from "../charts/smoothing";
import { formatBytes } from "../format";
import { Page } from "../frame/Page";
import { signOut } from "../frame/signOut";
import { queries } from "../queries";
import { density, motion, singleKeys, startingAxis, startingSmoothing, theme, tileWidth } from "../settings";
import { chooseDensity, chooseMotion, chooseTheme } from "../theme";
import styles from "./SettingsPage.module.css";

export function SettingsPage() {
  return (
    <Page title="Settings" heading="Settings" crumbs={[]}>
      <div className={styles["sections"]}>
        <Appearance />
        <Charts />
        <Key />
        <About />
      </div>
    </Page>
  );
}

function Section({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {note !== undefined && <p className="muted">{note}</p>}
      {children}
    </section>
  );
}

type ChoiceProps<T extends string> = { label: string; value: T; choices: readonly (readonly [T, string])[]; onChoose: (value: T) => void };

function Choice<T extends string>({ label, value, choices, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset>
      <legend>{label}</legend>
      {choices.map(([one, word]) => (
        <label key={one}>
          <input type="radio" name={label} checked={one === value} onChange={() => { onChoose(one); }} /> {word}
        </label>
      ))}
    </fieldset>
  );
}

function Appearance() {
  const hasKeys = singleKeys.use();
  const isStill = motion.use() === "reduced";
  return (
    <Section title="Appearance" note="Kept in this browser.">
      <Choice label="Theme" value={theme.use()} choices={[["system", "As the system"], ["light", "Light"], ["dark", "Dark"]]} onChoose={chooseTheme} />
      <Choice label="Rows" value={density.use()} choices={[["compact", "Compact"], ["comfortable", "Comfortable"]]} onChoose={chooseDensity} />
      <label>
        <input type="checkbox" checked={isStill} onChange={() => { chooseMotion(isStill ? "system" : "reduced"); }} /> Move nothing, even where the system would
      </label>
      <label>
        <input type="checkbox" checked={hasKeys} onChange={() => { singleKeys.set(!hasKeys); }} /> <span>Single keys do things (<kbd>?</kbd> lists them)</span>
      </label>
    </Section>
  );
}

function Charts() {
  const smoothing = readSmoothing(startingSmoothing.use());
  return (
    <Section title="Charts" note="X axis and smoothing are what a project starts with that you have not looked at yet; each view has its own after that.">
      <Choice label="Width of tiles" value={tileWidth.use()} choices={[["small", "Small"], ["medium", "Medium"], ["large", "Large"]]} onChoose={tileWidth.set} />
      <Choice label="X axis to start with" value={startingAxis.use()} choices={[["step", "Step"], ["relative_time", "Relative time"], ["time", "Wall time"]]} onChoose={startingAxis.set} />
      <SmoothingField label="Smoothing to start with" value={smoothing} onChange={(next) => { startingSmoothing.set(writeSmoothing(next) ?? ""); }} />
    </Section>
  );
}

function Key() {
  const me = useQuery(queries.me()).data;
  if (me === undefined) return null;
  return (
    <Section title="Key">
      {me.needs_key ? (
        <>
          <p>
            This browser is signed in as <strong><bdi>{me.name}</bdi></strong>. The key itself is not kept here: a cookie that scripts cannot read stands for it.
          </p>
          <button type="button" onClick={() => void signOut()}>Sign out</button>
        </>
      ) : (
        <p>
          This server asks for no key; what is done here is done by <strong><bdi>{me.name}</bdi></strong>.
        </p>
      )}
    </Section>
  );
}

function About() {
  const server = useQuery(queries.server()).data;
  const storage = useQuery(queries.storage());
  const health = useQuery({ queryKey: ["health"], queryFn: api.health, refetchInterval: 15_000 });
  const word = health.isPending ? "asking…" : health.error === null ? "It answers" : reasonOf(health.error);
  return (
    <Section title="About">
      <dl>
        <dt>Version</dt>
        <dd>{server?.version ?? "…"}</dd>
        <dt>Server</dt>
        <dd><span role="status">{word}</span></dd>
        {storage.error !== null && (
          <>
            <dt>Storage</dt>
            <dd><span role="alert">{reasonOf(storage.error)}</span></dd>
          </>
        )}
        {storage.data !== undefined && (
          <>
            <dt>Database</dt>
            <dd>{storage.data.database}, schema {storage.data.schema}, {formatBytes(storage.data.database_bytes)}</dd>
            <dt>Files</dt>
            <dd>{formatBytes(storage.data.file_bytes)} of artifacts and media</dd>
          </>
        )}
      </dl>
    </Section>
  );
}
