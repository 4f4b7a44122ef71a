/** Says what a promotion did, and for ten seconds how to take it back. */

import { type Moved, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { registryChanged } from "../queries";
import { movedText } from "./promotion";

const UNDO_MS = 10_000;
const WHY = "Undone right away";

export function announceMove(moved: Moved): void {
  const { replaced } = moved;
  toast({
    text: movedText(moved),
    about: aliasOf(moved),
    lastsMs: UNDO_MS,
    // without one that held the alias before, taking it back means that nothing holds it
    action: { label: "Undo", run: () => void undo(moved, replaced) },
  });
}

const aliasOf = ({ model, alias }: Moved) => `${model}@${alias}`;

async function undo(moved: Moved, replaced: number | null): Promise<void> {
  const { model, alias, version } = moved;
  try {
    if (replaced === null) {
      await api.removeAlias(model, alias, { replaces: version, reason: WHY });
      toast({ about: aliasOf(moved), text: `${model} ${alias}: removed from v${String(version)}` });
    } else {
      const back = await api.rollBack(model, alias, { reason: WHY, replaces: version, version: replaced });
      toast({ about: aliasOf(moved), text: `${movedText(back)}, undone` });
    }
  } catch (error) {
    toast({ text: `Not undone: ${reasonOf(error)}`, isBad: true, lastsMs: UNDO_MS });
  }
  await registryChanged();
}
