/**
 * Moves an alias back to a version that held it before: the comparison with the versions exchanged, and a reason.
 *
 * No gate and no approval stands in the way: that version has been there already.
 */

import { useQuery } from "@tanstack/react-query";
import { ApiError, api } from "../api";
import { toast } from "../frame/Toasts";
import { Outline } from "../parts/Note";
import { queries, registryChanged } from "../queries";
import { Comparison, WillCall } from "./Comparison";
import { ReasonDialog } from "./ReasonDialog";
import { movedText } from "./promotion";

type Props = { project: string; model: string; alias: string; from: number; to: number; onClose: () => void };

export function RollBackDialog({ project, model, alias, from, to, onClose }: Props) {
  const found = useQuery(queries.promotion(model, { alias, version: to }));
  const rollBack = async (reason: string) => {
    try {
      const moved = await api.rollBack(model, alias, { reason, replaces: from, version: to });
      toast({ about: `${model}@${alias}`, text: `${movedText(moved)}, rolled back` });
    } catch (failure) {
      // the page below then shows who holds it now
      if (failure instanceof ApiError && failure.code === "alias_moved") await registryChanged();
      throw failure;
    }
    await registryChanged();
  };
  return (
    <ReasonDialog title={`Roll ${alias} back to v${String(to)}`} label={`Roll back to v${String(to)}`} width="wide" act={rollBack} onClose={onClose}>
      <p>
        <strong>{model}</strong> {alias} is v{from} now and will be v{to} again, which has held it before. It is not held up by gates or approvals.
      </p>
      {found.isPending && <Outline />}
      {found.data !== undefined && <Comparison preview={found.data} project={project} />}
      {found.data !== undefined && <WillCall preview={found.data} />}
    </ReasonDialog>
  );
}
