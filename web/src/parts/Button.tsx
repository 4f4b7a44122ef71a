/** A button that can be there and not be for everybody: then it says why, to whoever points at it, reaches it or presses it. */

import type { ComponentProps } from "react";
import { toast } from "../frame/Toasts";

/** `reason` is why one may not press it. */
type Props = ComponentProps<"button"> & { reason: string | undefined };

export function Button({ reason, ...given }: Props) {
  if (reason === undefined) return <button type="button" {...given} />;
  return <button {...given} type="button" aria-disabled title={reason} onClick={() => { tellReason(reason); }} />;
}

export function tellReason(reason: string): void {
  toast({ text: reason, about: "reason", isBad: true });
}
