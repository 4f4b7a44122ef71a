/** Artifact versions into the trash and out of it, told in a toast that takes it back. */

import { api, reasonOf } from "../api";
import { correctionMade } from "../corrections/made";
import { formatBytes, plural } from "../format";
import { toast } from "../frame/Toasts";

const AT_ONCE = 200;
const UNDO_MS = 10_000;

type Wanted = { project: string; ids: readonly number[]; reason: string; isEvenIfRead: boolean };

/** Raises what the server answers, once what had gone before that is told. */
export async function moveToTrash({ project, ids, reason, isEvenIfRead }: Wanted): Promise<void> {
  const moved: number[] = [];
  let [bytes, keptCount] = [0, 0];
  try {
    for (const versions of portions(ids)) {
      const answer = await api.deleteVersions(project, { versions, reason, even_if_read: isEvenIfRead });
      const kept = new Set(answer.kept.map(({ id }) => id));
      moved.push(...versions.filter((id) => !kept.has(id)));
      bytes += answer.size_bytes;
      keptCount += kept.size;
    }
  } finally {
    if (moved.length > 0) {
      const rest = keptCount === 0 ? "" : `; ${plural(keptCount, "version")} that something keeps stayed`;
      toast({
        text: `Moved ${plural(moved.length, "version")} (${formatBytes(bytes)}) to the trash${rest}`,
        about: "versions",
        lastsMs: UNDO_MS,
        action: { label: "Undo", run: () => void restore(project, moved) },
      });
    }
    await correctionMade();
  }
}

/** Says how it went; whether it went well. */
export async function restore(project: string, ids: readonly number[]): Promise<boolean> {
  let count = 0;
  try {
    for (const versions of portions(ids)) count += (await api.restoreVersions(project, { versions })).count;
    toast({ text: `${plural(count, "version")} came back from the trash`, about: "versions" });
    return true;
  } catch (error) {
    toast({ text: `${count > 0 ? `Only ${plural(count, "version")} came back` : "Nothing came back"}: ${reasonOf(error)}`, about: "versions", isBad: true });
    return false;
  } finally {
    await correctionMade();
  }
}

const portions = (ids: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, portion) => ids.slice(portion * AT_ONCE, (portion + 1) * AT_ONCE));
