/** Which run to compare with: one that lies near, or any by its id. */

import { useState } from "react";
import type { RunDetail } from "../api";
import { useOtherRuns } from "./otherRuns";

type Props = { run: RunDetail; label: string; none: string; chosen: string | null; onChoose: (id: string | null) => void };

const ANY = "any";

export function OtherRunField({ run, label, none, chosen, onChoose }: Props) {
  const choices = useOtherRuns(run);
  const [isTyping, setIsTyping] = useState(false);
  const isListed = chosen === null || choices.some(({ id }) => id === chosen);
  return (
    <>
      <select
        aria-label={label}
        value={isTyping ? ANY : (chosen ?? "")}
        onChange={({ target: { value } }) => {
          setIsTyping(value === ANY);
          if (value !== ANY) onChoose(value === "" ? null : value);
        }}
      >
        <option value="">{none}</option>
        {!isListed && <option value={chosen}>run {chosen}</option>}
        {choices.map(({ id, label: words }) => <option key={id} value={id}>{words}</option>)}
        <option value={ANY}>any run…</option>
      </select>
      {isTyping && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            // an address that was copied ends in the id
            const id = String(new FormData(event.currentTarget).get("run")).trim().split("/").at(-1) ?? "";
            if (id === "") return;
            setIsTyping(false);
            onChoose(id);
          }}
        >
          <input name="run" aria-label="Id or address of a run" placeholder="Id or address" autoFocus size={18} />
        </form>
      )}
    </>
  );
}
