/**
 * What a version of a model has to pass: the rules as text, checked while one types, tried before they are kept.
 *
 * They are saved in place of the revision that was opened. Where somebody was faster, nothing is lost on either side: what
 * they wrote is shown beside one's own.
 */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError, type ModelDetail, type RuleSet, api, isNotFound, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { Button } from "../parts/Button";
import { CodeBlock } from "../parts/Code";
import { Menu } from "../parts/Menu";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries, registryChanged } from "../queries";
import { useRights } from "../rights";
import { RulesText } from "./RulesText";
import styles from "./RulesPage.module.css";
import { TryRules } from "./TryRules";
import { TEMPLATES, lineSpan, withRule } from "./rules";

export function RulesPage() {
  const { name } = useParams({ from: "/models/$name/rules" });
  const rules = useQuery(queries.rules(name));
  const model = useQuery(queries.model(name));
  const error = rules.error ?? model.error;
  if (isNotFound(error)) return <NotFound />;
  const crumbs = [
    { label: "Models", to: "/models" },
    { label: name, to: `/models/${encodeURIComponent(name)}` },
  ];
  return (
    <Page title={`Rules of ${name}`} heading={<>Rules of <bdi>{name}</bdi></>} here="Rules" crumbs={crumbs}>
      {error !== null && <Failure what="The rules could not be fetched." error={error} onRetry={() => void Promise.all([rules.refetch(), model.refetch()])} />}
      {error === null && (rules.data === undefined || model.data === undefined) && <Outline lines={8} />}
      {rules.data !== undefined && model.data !== undefined && <Loaded rules={rules.data} model={model.data} />}
    </Page>
  );
}

function Loaded({ rules, model }: { rules: RuleSet; model: ModelDetail }) {
  const [draft, setDraft] = useState(rules.text);
  // the revision that the draft was made from
  const [base, setBase] = useState(rules);
  const [isBusy, setIsBusy] = useState(false);
  const editor = useRef<HTMLTextAreaElement>(null);
  const reason = useRights(model.project)("admin");
  const isChanged = draft !== base.text;
  if (rules.revision !== base.revision && !isChanged) {
    setBase(rules);
    setDraft(rules.text);
  }
  const other = rules.revision !== base.revision && rules.text !== draft ? rules : null;
  const settled = useSettled(draft);
  const check = useQuery({ queryKey: ["models", model.name, "rules", "check", settled], queryFn: ({ signal }) => api.checkRules(model.name, settled, { signal }), placeholderData: (before) => before });
  const problems = check.data?.problems ?? [];
  const save = async () => {
    setIsBusy(true);
    try {
      const kept = await api.changeRules(model.name, { text: draft, revision: base.revision });
      setBase(kept);
      client.setQueryData(queries.rules(model.name).queryKey, kept);
      toast({ text: `Rules of ${model.name} saved` });
      await registryChanged();
    } catch (error) {
      if (error instanceof ApiError && error.code === "rules_changed") await client.invalidateQueries({ queryKey: queries.rules(model.name).queryKey });
      toast({ text: reasonOf(error), isBad: true });
    }
    setIsBusy(false);
  };
  const show = (line: number) => {
    editor.current?.focus();
    editor.current?.setSelectionRange(...lineSpan(draft, line));
  };
  return (
    <>
      <p className={styles["intro"]}>
        A version has to pass these before a protected alias points at it.{" "}
        {base.changed_ms !== null && <span className="muted">Revision {base.revision}, <Ago ms={base.changed_ms} /> by <bdi>{base.changed_by}</bdi>.</span>}
        {reason !== undefined && <span className="muted"> {reason}</span>}
      </p>
      {other !== null && <Other rules={other} onTake={() => { setBase(other); setDraft(other.text); }} onKeep={() => { setBase(other); }} />}
      <div className={styles["columns"]}>
        <section aria-label="Text of the rules">
          <div className={styles["tools"]}>
            <Menu
              label="Add rule"
              entries={TEMPLATES.map(({ label, text }) => ({ kind: "do", label, reason, onSelect: () => { setDraft(withRule(draft, text)); } }))}
            >
              Add rule ▾
            </Menu>
            <Button reason={reason} data-look="primary" disabled={isBusy || !isChanged || problems.length > 0 || other !== null} onClick={() => void save()}>Save</Button>
            {isChanged && <button type="button" onClick={() => { setDraft(base.text); }}>Discard</button>}
            <span className="muted">{isChanged ? "not saved" : ""}</span>
          </div>
          <RulesText ref={editor} text={draft} isReadOnly={reason !== undefined} problems={problems} onChange={setDraft} />
        </section>
        <section aria-label="What is understood" className={styles["understood"]}>
          {problems.length > 0 ? <Problems problems={problems} onShow={show} /> : <Understood check={check.data ?? rules} />}
          {check.error !== null && <p role="alert">{reasonOf(check.error)}</p>}
          <TryRules model={model} text={draft} protectedAliases={(check.data ?? rules).protected.map(({ alias }) => alias)} isUnderstood={problems.length === 0} />
        </section>
      </div>
      <p><Link to="/models/$name" params={{ name: model.name }}>Back to the model</Link></p>
    </>
  );
}

const REST_MS = 300;

/** The value, once it has not changed for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => { setSettled(value); }, REST_MS);
    return () => { clearTimeout(timer); };
  }, [value]);
  return settled;
}

type Problem = { line: number; rule: string | null; message: string };

function Problems({ problems, onShow }: { problems: readonly Problem[]; onShow: (line: number) => void }) {
  return (
    <div role="alert">
      <h2>Not understood</h2>
      <ul aria-label="Problems" className={styles["list"]}>
        {problems.map(({ line, rule, message }) => (
          <li key={`${String(line)} ${message}`}>
            <button type="button" data-look="link" onClick={() => { onShow(line); }}>Line {line}</button>
            {rule !== null && <>, <bdi>{rule.startsWith("rule ") ? rule : `rule ${rule}`}</bdi></>}: {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Understood({ check }: { check: Pick<RuleSet, "protected" | "rules"> }) {
  return (
    <>
      <h2>Understood as</h2>
      <ul aria-label="Protected aliases" className={styles["list"]}>
        {check.protected.map(({ alias, approvals }) => (
          <li key={alias}><strong><bdi>{alias}</bdi></strong> is protected; {approvalsText(approvals)}</li>
        ))}
      </ul>
      {check.rules.length === 0 ? (
        <p className="muted">No rule: every version passes.</p>
      ) : (
        <ol aria-label="Rules" className={styles["list"]}>
          {check.rules.map(({ name, says, line, aliases }) => (
            <li key={`${String(line)} ${name}`}><bdi>{says}</bdi>{aliases.length > 0 && <span className="muted">, for {aliases.join(", ")}</span>}</li>
          ))}
        </ol>
      )}
    </>
  );
}

function approvalsText(count: number | null): string {
  if (count === null) return "another person approves, as soon as there is one";
  if (count === 0) return "nobody has to approve";
  return count === 1 ? "another person approves" : `${String(count)} other people approve`;
}

function Other({ rules, onTake, onKeep }: { rules: RuleSet; onTake: () => void; onKeep: () => void }) {
  return (
    <div role="alert" className={styles["other"]}>
      <p><bdi>{rules.changed_by}</bdi> saved other rules meanwhile. Yours are not saved.</p>
      <CodeBlock text={rules.text} label={`What ${rules.changed_by ?? "another"} wrote`} />
      <p>
        <button type="button" onClick={onTake}>Take theirs</button> <button type="button" onClick={onKeep}>Keep mine, to save in their place</button>
      </p>
    </div>
  );
}
