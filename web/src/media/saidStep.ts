import type { MediaGroup } from "../api";
import { formatCount } from "../format";

/** The step that something is of, and that it is not the one asked for where it is not. */
export function saidStep(group: Pick<MediaGroup, "step">, asked: number | null): string {
  const said = `step ${formatCount(group.step)}`;
  return asked === null || asked === group.step ? said : `${said}, the last before ${formatCount(asked)}`;
}
