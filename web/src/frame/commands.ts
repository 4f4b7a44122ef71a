/** What the pages that are open offer to `Ctrl K`, beside the keys that they offer: see `keys.ts`. */

import { useEffect, useRef } from "react";

/** `isTyped`: there may be thousands of its kind, so that it is offered to who has begun to type. */
export type Command = { kind: string; label: string; hue?: number; isTyped?: boolean; run: () => void };

type Offer = () => readonly Command[];

const active = new Set<{ current: Offer }>();

/** What can be done now. */
export const commandsNow = (): Command[] => [...active].flatMap((offer) => offer.current());

/** Offers what the function returns at the moment when somebody asks, while the component is there. */
export function useCommands(offer: Offer): void {
  const ref = useRef(offer);
  useEffect(() => {
    ref.current = offer;
  });
  useEffect(() => {
    active.add(ref);
    return () => void active.delete(ref);
  }, []);
}
