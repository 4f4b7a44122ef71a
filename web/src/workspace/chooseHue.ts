/** The colour of a run as a person chooses it. The server keeps it, so that it is the same on every page. */

import { type RunRow, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { client, runChanged } from "../queries";
import { noteAct } from "../views/acts";
import { takeNews } from "./runs";

/** Null is the colour that the run was given. Tells how it went and offers the way back, also by `Ctrl Z`. */
export async function chooseHue(row: RunRow, hue: number | null, isUndo = false): Promise<void> {
  try {
    const { hue: now, is_hue_chosen } = await api.changeRun(row.id, { hue });
    const changed = { ...row, hue: now, is_hue_chosen };
    takeNews(row.project, [changed], []);
    void runChanged(row.id);
    void client.invalidateQueries({ queryKey: ["newest", row.project] });
    const back = () => { noteAct(null); void chooseHue(changed, row.is_hue_chosen ? row.hue : null, !isUndo); };
    noteAct(isUndo ? null : back);
    toast({ text: hue === null ? `${row.name} has its own colour again` : `${row.name} has another colour`, about: "undo", lastsMs: 10_000, action: { label: isUndo ? "Redo" : "Undo", run: back } });
  } catch (error) {
    toast({ text: `Not coloured: ${reasonOf(error)}`, isBad: true });
  }
}
