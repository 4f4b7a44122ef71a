/** The way to the grouping of a workspace; it says by what runs are grouped. */

import { Suspense, lazy, useState } from "react";
import type { Keys } from "../api";
import { useCommands } from "../frame/commands";
import { useKeys } from "../frame/keys";
import { type Grouping, grouped, isGrouped, keyLabel } from "./grouping";

const GroupDialog = lazy(() => import("./GroupDialog").then((module) => ({ default: module.GroupDialog })));

export type GroupChange = (change: (now: Grouping) => Grouping) => void;

export function GroupButton({ grouping, keys, onChange }: { grouping: Grouping; keys: Keys | undefined; onChange: GroupChange }) {
  const [isOpen, setIsOpen] = useState(false);
  useKeys([{ key: "g", label: "Group runs", run: () => { setIsOpen(true); } }]);
  useCommands(() => (keys?.config ?? []).map(({ key }) => ({ kind: "command", label: `Group by ${key}`, isTyped: true, run: () => { onChange((now) => grouped(now, { by: [`config.${key}`], except: null })); } })));
  const words = describeGrouping(grouping);
  return (
    <>
      <button type="button" aria-pressed={isGrouped(grouping)} aria-haspopup="dialog" title={`${words === "" ? "Group runs" : `Grouped by ${words}`} (g)`} onClick={() => { setIsOpen(true); }}>
        <span className="clip">Group{words !== "" && `: ${words}`}</span>
      </button>
      {isOpen && (
        <Suspense>
          <GroupDialog {...{ grouping, keys, onChange }} onClose={() => { setIsOpen(false); }} />
        </Suspense>
      )}
    </>
  );
}

const describeGrouping = ({ by, except }: Grouping) => (except === null ? by.map(keyLabel).join(", ") : except.length === 0 ? "all config" : `all but ${except.map(keyLabel).join(", ")}`);
