/** What changed between two versions, in words. Pure. */

import type { ChangeTotals } from "../api";
import { formatBytes, formatCount, plural } from "../format";

/** "+1,204 −12 ~3": added, removed and changed, with their bytes in words for who does not see signs. */
export function totalsText({ added, added_bytes, removed, removed_bytes, changed, changed_bytes, replaced_bytes, unsized }: ChangeTotals): string {
  if (added + removed + changed === 0) return "Nothing differs: both have the same files.";
  const parts = [
    added > 0 ? `${formatCount(added)} added (${formatBytes(added_bytes)})` : null,
    removed > 0 ? `${formatCount(removed)} removed (${formatBytes(removed_bytes)})` : null,
    changed > 0 ? `${formatCount(changed)} changed (${formatBytes(replaced_bytes)} → ${formatBytes(changed_bytes)})` : null,
    unsized > 0 ? `without ${plural(unsized, "size")} that nobody knows` : null,
  ];
  return parts.filter((part) => part !== null).join(" · ");
}
