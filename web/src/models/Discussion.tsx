/** What was said about a proposal and decided, oldest first, and a field to say more. */

import { type FormEvent, useState } from "react";
import { type ProposalDetail, type Remark, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Button } from "../parts/Button";
import { Markdown } from "../parts/Markdown";
import { Ago } from "../parts/Time";
import { client, queries } from "../queries";
import { useRights } from "../rights";
import styles from "./ProposalPage.module.css";

export function Discussion({ proposal }: { proposal: ProposalDetail }) {
  return (
    <section className={styles["part"]} aria-label="Discussion">
      <h2>Discussion</h2>
      {proposal.remarks.length === 0 && <p className="muted">Nobody has said anything yet.</p>}
      <ol className={styles["remarks"]} aria-label="Remarks">
        {proposal.remarks.map((remark) => <Said key={remark.id} remark={remark} />)}
      </ol>
      <CommentForm proposal={proposal} />
    </section>
  );
}

const ACTS: Record<Remark["kind"], string> = { comment: "said", approved: "approved", rejected: "rejected it", withdrawn: "withdrew it", promoted: "promoted it" };

function Said({ remark: { kind, author, time_ms, text, counts } }: { remark: Remark }) {
  return (
    <li className={styles["remark"]}>
      <p>
        <strong><bdi>{author}</bdi></strong> {ACTS[kind]} <span className="muted"><Ago ms={time_ms} /></span>
        {kind === "approved" && !counts && <span className={styles["stale"]}> does not count: the alias has moved since</span>}
      </p>
      {text !== "" && <Markdown text={text} />}
    </li>
  );
}

function CommentForm({ proposal: { model, number, project } }: { proposal: ProposalDetail }) {
  const [text, setText] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const reason = useRights(project)("editor");
  const send = async () => {
    if (text.trim() === "" || isBusy) return;
    setIsBusy(true);
    try {
      const proposal = await api.commentOn(model, number, { text: text.trim() });
      client.setQueryData(queries.proposal(model, number).queryKey, proposal);
      setText("");
    } catch (error) {
      toast({ text: reasonOf(error), isBad: true });
    }
    setIsBusy(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason === undefined) void send();
  };
  return (
    <form className={styles["comment"]} onSubmit={submit}>
      <textarea rows={3} maxLength={20_000} aria-label="Comment in Markdown" placeholder="Markdown is understood" value={text} onChange={(event) => { setText(event.target.value); }} />
      <div><Button reason={reason} disabled={text.trim() === "" || isBusy} onClick={() => void send()}>Comment</Button></div>
    </form>
  );
}
