/** Whether the window has room for one thing beside another. */

import { useSyncExternalStore } from "react";

const NARROW = window.matchMedia("(max-width: 700px)");

const subscribe = (listener: () => void) => {
  NARROW.addEventListener("change", listener);
  return () => { NARROW.removeEventListener("change", listener); };
};

export const useIsNarrow = (): boolean => useSyncExternalStore(subscribe, () => NARROW.matches);
