/** What a page has fetched, followed by asking again: the server answers without a body where nothing is new (304). */

import type { QueryKey } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError } from "../api";
import { client } from "../queries";
import { useRounds } from "./rounds";

type Followed<Data> = {
  queryKey: QueryKey;
  fetch: (signal: AbortSignal) => Promise<Data>;
  running?: number;
  /** Somebody looks on until something is there. */
  isEager?: boolean;
  /** Called when there is something new. */
  onNews?: (data: Data) => void;
};

/** What is equal stays the same object, so that nothing is drawn anew and no text or menu is lost. */
export function useFollowed<Data>({ queryKey, fetch, running = 0, isEager = false, onNews }: Followed<Data>): void {
  const about = JSON.stringify(queryKey);
  useRounds({
    about: useMemo(() => about, [about]),
    running,
    isEager,
    waitMs: FIRST_PAUSE_MS,
    ask: async (signal) => {
      const before = client.getQueryData<Data>(queryKey);
      if (before === undefined) return NOTHING; // the page itself asks for it
      const data = await fetch(signal).catch((error: unknown) => {
        if (!isRefusal(error)) throw error;
        void client.invalidateQueries({ queryKey }); // the page says what is wrong
        return undefined;
      });
      if (signal.aborted || data === undefined) return NOTHING;
      const started = performance.now();
      const now = client.setQueryData<Data>(queryKey, data);
      const isNews = now !== before;
      if (isNews) onNews?.(data);
      return { isNews, costMs: performance.now() - started };
    },
  });
}

/** The page has just fetched. */
const FIRST_PAUSE_MS = 2000;
const NOTHING = { isNews: false, costMs: 0 };

/** The server was there and said no: it may have been deleted. */
const isRefusal = (error: unknown) => error instanceof ApiError && error.status >= 400 && error.status < 500;
