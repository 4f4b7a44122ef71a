/**
 * A form of a bundle's signature, filled with its stored example, that asks a served model and shows what it answers.
 *
 * The model is asked by this browser, not by the tracking server: at the address of a process that says it serves this
 * model, or at one that is typed in.
 */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useRef, useState } from "react";
import type { BundleField, Manifest, ModelVersionDetail, Signature } from "../api";
import { formatDuration, plural } from "../format";
import { CodeBlock, CopyButton } from "../parts/Code";
import styles from "./Bundle.module.css";
import { isPickleAlone } from "./BundleSection";
import { useConsumers } from "./RunningNow";
import { type Answer, type Outcome, ask, explain, predictionsAt } from "./asking";
import { exampleQuery } from "./example";
import { type Texts, blankOf, expectedOf, kindOf, readInputs, rows, textsOf } from "./inputs";
import { SERVED_AT, serveLine } from "./lines";
import { servesOf } from "./running";

export function TryIt({ version, manifest }: { version: ModelVersionDetail; manifest: Manifest }) {
  const { signature } = manifest;
  if (signature === null || signature === undefined) return <p className="muted">It says nothing of its inputs, so there is no form to ask it with.</p>;
  return <Form version={version} manifest={manifest} signature={signature} />;
}

type Props = { version: ModelVersionDetail; manifest: Manifest; signature: Signature };
type Shown = { url: URL; outcome: Outcome } | null;

function Form({ version, manifest, signature }: Props) {
  const example = useQuery(exampleQuery(version, manifest)).data;
  const stored = textsOf(signature, example);
  const [typed, setTyped] = useState<Texts>(new Map());
  const textOf = (field: BundleField) => typed.get(field.name) ?? stored.get(field.name) ?? blankOf(field);
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());
  const [shown, setShown] = useState<Shown>(null);
  const asking = useRef<AbortController>(null);
  const [isBusy, setIsBusy] = useState(false);
  const place = usePlace(version);
  const form = useRef<HTMLFormElement>(null);

  const fail = (found: ReadonlyMap<string, string>) => {
    setErrors(found);
    const first = signature.inputs.findIndex(({ name }) => found.has(name));
    form.current?.querySelectorAll<HTMLElement>("[data-input]")[first]?.focus();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const read = readInputs(signature, new Map(signature.inputs.map((field) => [field.name, textOf(field)])));
    if (read.kind === "wrong") {
      fail(read.errors);
      return;
    }
    setErrors(new Map());
    if (place.url === null) {
      place.field.current?.focus();
      return;
    }
    const controller = new AbortController();
    asking.current = controller;
    setIsBusy(true);
    const outcome = await ask(place.url, read.inputs, (place.token ?? "").trim(), controller.signal);
    setIsBusy(false);
    if (controller.signal.aborted) return;
    setShown({ url: place.url, outcome });
    if (outcome.kind === "refused" && outcome.status === 401) place.setToken(place.token ?? "");
    const named = outcome.kind === "refused" ? fieldOf(outcome.field, signature) : undefined;
    if (outcome.kind === "refused" && named !== undefined) fail(new Map([[named, outcome.message]]));
  };
  const change = (name: string, text: string) => {
    setTyped(new Map(typed).set(name, text));
    setErrors(new Map([...errors].filter(([field]) => field !== name)));
  };
  return (
    <form ref={form} className={styles["try"]} aria-label="Ask the model" noValidate onSubmit={(event) => void submit(event)}>
      <Place place={place} version={version} manifest={manifest} />
      {signature.inputs.map((field) => <Input key={field.name} field={field} text={textOf(field)} error={errors.get(field.name)} onChange={(text) => { change(field.name, text); }} />)}
      <div className={styles["acts"]}>
        <button type="submit" data-look="primary" disabled={isBusy}>Send</button>
        {isBusy && <button type="button" onClick={() => { asking.current?.abort(); }}>Cancel</button>}
        {typed.size > 0 && <button type="button" data-look="link" onClick={() => { setTyped(new Map()); setErrors(new Map()); }}>{stored.size > 0 ? "Back to the stored example" : "Start over"}</button>}
      </div>
      <div role="status" aria-label="Answer" className={styles["answer"]}>
        {isBusy ? <p className="muted">Asking…</p> : shown !== null && errors.size === 0 && <Told shown={shown} version={version} manifest={manifest} />}
      </div>
    </form>
  );
}

/** The input that a server named: `x`, or a place within it. */
const fieldOf = (name: string | null, { inputs }: Signature): string | undefined =>
  name === null ? undefined : (inputs.find((one) => one.name === name) ?? inputs.find((one) => name.startsWith(`${one.name}[`) || name === `input.${one.name}`))?.name;

const ELSEWHERE = "";

/** Where to ask: a process that serves the model, or what was typed. */
function usePlace(version: ModelVersionDetail) {
  const consumers = useConsumers(version.model);
  const serves = servesOf(consumers ?? [], version.version);
  const [chosen, setChosen] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const [given, setGiven] = useState<{ origin: string; token: string } | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const address = chosen !== null && (chosen === ELSEWHERE || serves.some((one) => one.address === chosen)) ? chosen : (serves[0]?.address ?? ELSEWHERE);
  const url = predictionsAt(address === ELSEWHERE ? typed : address);
  // one that was given for a server is not sent to another
  const token = given !== null && given.origin === url?.origin ? given.token : null;
  const setToken = (text: string) => { setGiven(url === null ? null : { origin: url.origin, token: text }); };
  return { serves, isKnown: consumers !== undefined, address, setChosen, typed, setTyped, token, setToken, field, url };
}

/** So many are offered; others are reached by their address. */
const MOST_SERVES = 50;

function Place({ place, version, manifest }: { place: ReturnType<typeof usePlace>; version: ModelVersionDetail; manifest: Manifest }) {
  const { serves, isKnown, address, typed, field, url } = place;
  const id = useId();
  const isWrong = typed !== "" && url === null;
  const addresses = serves.filter((one, index) => serves.findIndex((other) => other.address === one.address) === index).slice(0, MOST_SERVES);
  return (
    <>
      {isKnown && serves.length === 0 && (
        <div className={styles["proof"]}>
          <p>Nobody serves this model now. Started so, it appears here by itself:</p>
          <CodeBlock text={serveLine({ ...version, isPickle: isPickleAlone(manifest), origin: window.location.origin })} label="Command that serves this model" />
        </div>
      )}
      <div className={styles["place"]}>
        {serves.length > 0 && (
          <label>
            Ask{" "}
            <select value={address} onChange={(event) => { place.setChosen(event.target.value); }}>
              {addresses.map((one) => <option key={one.id} value={one.address}>{`${one.address} · v${String(one.version)} · ${one.ref} on ${one.host}`}</option>)}
              <option value={ELSEWHERE}>another address</option>
            </select>
          </label>
        )}
        {address === ELSEWHERE && (
          <label>
            {serves.length > 0 ? "Address" : "or ask at the address"}{" "}
            <input ref={field} type="url" inputMode="url" placeholder={SERVED_AT} value={typed} aria-invalid={isWrong} aria-describedby={isWrong ? id : undefined} onChange={(event) => { place.setTyped(event.target.value); }} />
          </label>
        )}
        {place.token !== null && (
          <label>
            Token of the served model{" "}
            <input type="password" autoComplete="off" value={place.token} onChange={(event) => { place.setToken(event.target.value); }} />
          </label>
        )}
        {isWrong && <span id={id} className={styles["bad"]}>A page can ask http:// and https:// addresses.</span>}
      </div>
    </>
  );
}

function Input({ field, text, error, onChange }: { field: BundleField; text: string; error: string | undefined; onChange: (text: string) => void }) {
  const id = useId();
  const kind = kindOf(field);
  const given = { id, "data-input": true, "aria-invalid": error !== undefined, "aria-describedby": `${id}-about ${id}-error` };
  const lines = Math.min(10, Math.max(kind === "array" || kind === "json" ? 2 : 1, text.split("\n").length));
  return (
    <div className={styles["input"]}>
      <label htmlFor={id} className="mono"><bdi>{field.name}</bdi></label>
      <span id={`${id}-about`} className="muted small"><bdi>{expectedOf(field)}</bdi>{(field.description ?? "") !== "" && <> · <bdi>{field.description}</bdi></>}</span>
      {kind === "boolean" ? (
        <select {...given} value={text} onChange={(event) => { onChange(event.target.value); }}>
          <option value="false">false</option>
          <option value="true">true</option>
        </select>
      ) : kind === "number" ? (
        <input {...given} inputMode={field.dtype.includes("int") ? "numeric" : "decimal"} autoComplete="off" value={text} onChange={(event) => { onChange(event.target.value); }} />
      ) : (
        <textarea {...given} rows={lines} spellCheck={kind === "text"} className={kind === "text" ? undefined : "mono"} value={text} onChange={(event) => { onChange(event.target.value); }} />
      )}
      <span id={`${id}-error`} className={styles["bad"]} role="alert">{error}</span>
    </div>
  );
}

function Told({ shown: { url, outcome }, version, manifest }: { shown: NonNullable<Shown>; version: ModelVersionDetail; manifest: Manifest }) {
  if (outcome.kind === "answered") return <Answered answer={outcome.answer} version={version} />;
  if (outcome.kind === "refused") return <p className={styles["bad"]}><bdi>{outcome.message}</bdi> <span className="muted">({outcome.status} from {url.host})</span></p>;
  const { says, command } = explain(outcome.why, url, window.location.origin, serveLine({ ...version, isPickle: isPickleAlone(manifest), origin: window.location.origin }));
  return (
    <>
      <p className={styles["bad"]}>{says}</p>
      {command !== null && <CodeBlock text={command} label="The way out" />}
    </>
  );
}

function Answered({ answer: { output, model, version: number, tookMs }, version }: { answer: Answer; version: ModelVersionDetail }) {
  const isOther = (model !== null && model !== version.model) || (number !== null && number !== version.version);
  return (
    <>
      <p>
        {number === null ? "It" : <>{isOther && model !== null && model !== version.model && <><bdi>{model}</bdi> </>}<strong>v{number}</strong></>} answered in {formatDuration(tookMs)}.
        {isOther && <span className={styles["warn"]}> That is not the version of this page, v{version.version}.</span>}
      </p>
      {Object.entries(output).map(([name, value]) => <Output key={name} name={name} value={value} />)}
    </>
  );
}

/** More of one output than this nobody reads here. */
const MOST_SHOWN = 10_000;

function Output({ name, value }: { name: string; value: unknown }) {
  const text = rows(value);
  return (
    <div className={styles["output"]}>
      <h4 className="mono"><bdi>{name}</bdi> <CopyButton text={text} label={`Copy ${name}`} /></h4>
      <pre tabIndex={0} aria-label={`Output ${name}`}>{text.slice(0, MOST_SHOWN)}</pre>
      {text.length > MOST_SHOWN && <p className="muted small">The first {plural(MOST_SHOWN, "character")} of {plural(text.length, "character")}; Copy takes all.</p>}
    </div>
  );
}
