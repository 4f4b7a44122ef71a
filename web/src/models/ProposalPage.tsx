/**
 * A proposal to promote: what it would change, what the gates say, what others say, and who approves.
 *
 * An approval is sent with the holder that was seen here: where that has moved since, it is refused and nothing happened.
 */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type ProposalDetail, api, isNotFound, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { Button } from "../parts/Button";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries, registryChanged } from "../queries";
import { useRights } from "../rights";
import { AliasChip } from "./AliasChip";
import { Comparison, Gates, Replaces, WillCall } from "./Comparison";
import { Discussion } from "./Discussion";
import styles from "./ProposalPage.module.css";
import { ReasonDialog } from "./ReasonDialog";
import { announceMove } from "./announceMove";
import { barOf, gateSentence, isPassed } from "./promotion";

export function ProposalPage() {
  const { name, number: given } = useParams({ from: "/models/$name/proposals/$number" });
  const number = Number(given);
  const query = useQuery({ ...queries.proposal(name, number), enabled: Number.isInteger(number) });
  if (!Number.isInteger(number) || isNotFound(query.error)) return <NotFound />;
  const crumbs = [
    { label: "Models", to: "/models" },
    { label: name, to: `/models/${encodeURIComponent(name)}` },
  ];
  const title = `Proposal ${String(number)}`;
  return (
    <Page title={`${title} of ${name}`} heading={query.data === undefined ? title : <>Proposal {number}: <bdi>{name}</bdi> v{query.data.version} to {query.data.alias}</>} here={title} crumbs={crumbs}>
      {query.error !== null && query.data === undefined && <Failure what="The proposal could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline lines={8} />}
      {query.data !== undefined && <Loaded proposal={query.data} />}
    </Page>
  );
}

function Loaded({ proposal }: { proposal: ProposalDetail }) {
  const { preview } = proposal;
  const [isOverriding, setIsOverriding] = useState(false);
  return (
    <div className={styles["page"]}>
      <Standing proposal={proposal} />
      <blockquote className={styles["why"]} aria-label="Reason">{proposal.reason}</blockquote>
      {preview !== null && (
        <>
          <p className={styles["replaces"]}><Replaces preview={preview} /></p>
          <Comparison preview={preview} project={proposal.project} />
          <Gates preview={preview}>
            {!isPassed(preview.gates) && <Override project={proposal.project} value={isOverriding} onChange={setIsOverriding} />}
          </Gates>
          <Approvals proposal={proposal} />
          <WillCall preview={preview} />
          <Acts proposal={proposal} isOverriding={isOverriding} />
        </>
      )}
      <Discussion proposal={proposal} />
    </div>
  );
}

const WORDS = { open: "open", promoted: "promoted", rejected: "rejected", withdrawn: "withdrawn" } as const;

function Standing({ proposal }: { proposal: ProposalDetail }) {
  const { state, created_by, created_ms, closed_by, closed_ms, entry } = proposal;
  return (
    <p className={`sentence ${styles["standing"] ?? ""}`} aria-label="State" role="status">
      <span className={styles["state"]} data-state={state}>{WORDS[state]}</span>
      <span>
        <bdi>{created_by}</bdi> asks for <Version proposal={proposal} version={proposal.version} /> to hold <AliasChip alias={proposal.alias} />
      </span>
      {state === "open" ? (
        <span className="muted">waiting since <Ago ms={created_ms} /></span>
      ) : (
        <span className="muted">
          {state === "promoted" && entry !== null && <>{proposal.alias} moved {entry.from_version !== null && <>from <Version proposal={proposal} version={entry.from_version} /> </>}to <Version proposal={proposal} version={entry.to_version ?? proposal.version} />, </>}
          {WORDS[state]} by <bdi>{closed_by}</bdi> {closed_ms !== null && <Ago ms={closed_ms} />}
        </span>
      )}
    </p>
  );
}

const Version = ({ proposal, version }: { proposal: ProposalDetail; version: number }) => (
  <Link to="/models/$name/$version" params={{ name: proposal.model, version: String(version) }}>v{version}</Link>
);

function Override({ project, value, onChange }: { project: string; value: boolean; onChange: (value: boolean) => void }) {
  const reason = useRights(project)("admin");
  return (
    <p>
      <label>
        <input type="checkbox" checked={value} disabled={reason !== undefined} onChange={(event) => { onChange(event.target.checked); }} />{" "}
        Promote anyway
      </label>{" "}
      <span className="muted">{reason ?? "You are asked why; the reason stands in the audit trail, with what the gates said."}</span>
    </p>
  );
}

function Approvals({ proposal: { approvals, needed, remarks, preview } }: { proposal: ProposalDetail }) {
  const given = remarks.filter(({ kind, counts }) => kind === "approved" && counts).map(({ author }) => author);
  const may = preview?.approval.may.filter((name) => !given.includes(name)) ?? [];
  return (
    <section className={styles["part"]} aria-label="Approval">
      <h2>Approval</h2>
      <p>
        {needed === 0 ? "Nobody else has to approve" : `${String(approvals)} of ${String(needed)} given`}{given.length > 0 && <>, by <bdi>{given.join(", ")}</bdi></>}.
        {approvals < needed && (may.length === 0 ? " Nobody else may approve yet." : <> Asked from: <bdi>{may.join(", ")}</bdi>.</>)}
      </p>
    </section>
  );
}

type Asked = "reject" | "withdraw" | "anyway" | null;

function Acts({ proposal, isOverriding }: { proposal: ProposalDetail; isOverriding: boolean }) {
  const { model, number, preview, refusal } = proposal;
  const [asked, setAsked] = useState<Asked>(null);
  const [isBusy, setIsBusy] = useState(false);
  const withheld = useRights(proposal.project);
  const me = useQuery(queries.me()).data?.name;
  const isLast = proposal.approvals + 1 >= proposal.needed;
  const gates = preview?.gates ?? null;
  const isAnyway = isLast && isOverriding && !isPassed(gates);
  const hindrance = (preview === null ? null : barOf(preview)) ?? preview?.obstacle ?? (isLast && !isPassed(gates) && !isAnyway ? gateSentence(gates) : undefined);
  const approve = async (override: boolean, text: string) => {
    take(await api.approve(model, number, { replaces: preview?.holder?.version ?? null, override, text }));
    await registryChanged();
  };
  const press = async () => {
    setIsBusy(true);
    await approve(false, "").catch((error: unknown) => {
      toast({ text: reasonOf(error), isBad: true });
      return client.invalidateQueries({ queryKey: queries.proposal(model, number).queryKey });
    });
    setIsBusy(false);
  };
  const decide = async (how: typeof api.reject, text: string) => {
    take(await how(model, number, { text }));
    await registryChanged();
  };
  const close = () => { setAsked(null); };
  return (
    <div className={styles["acts"]}>
      <Button reason={refusal ?? hindrance} data-look="primary" disabled={isBusy} onClick={() => { if (isAnyway) setAsked("anyway"); else void press(); }}>
        {isAnyway ? "Promote anyway…" : proposal.needed === 0 ? "Promote" : isLast ? "Approve and promote" : "Approve"}
      </Button>
      <Button reason={withheld("promoter")} onClick={() => { setAsked("reject"); }}>Reject…</Button>
      <Button reason={me === proposal.created_by ? undefined : withheld("promoter")} onClick={() => { setAsked("withdraw"); }}>Withdraw…</Button>
      {(refusal ?? hindrance) !== undefined && <Why>{refusal ?? hindrance}</Why>}
      {asked === "anyway" && (
        <ReasonDialog title="Promote although a gate does not pass" label="Approve and promote anyway" act={(text) => approve(true, text)} onClose={close}>
          <p>{gateSentence(gates)} What they said stands in the audit trail, with your reason.</p>
        </ReasonDialog>
      )}
      {asked === "reject" && <ReasonDialog title={`Reject proposal ${String(number)}`} label="Reject" act={(text) => decide(api.reject, text)} onClose={close} />}
      {asked === "withdraw" && <ReasonDialog title={`Withdraw proposal ${String(number)}`} label="Withdraw" act={(text) => decide(api.withdraw, text)} onClose={close} />}
    </div>
  );
}

const Why = ({ children }: { children: ReactNode }) => <span className="muted">{children}</span>;

/** Shows what came of an act, and offers the way back where an alias has moved. */
function take(proposal: ProposalDetail): void {
  const { model, alias, number, state, entry } = proposal;
  client.setQueryData(queries.proposal(model, number).queryKey, proposal);
  if (state === "promoted" && entry !== null) announceMove({ model, alias, version: proposal.version, replaced: entry.from_version, entry });
}
