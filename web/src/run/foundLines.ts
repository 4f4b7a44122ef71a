/** Which of all printed lines fit a search: the server looks, a hundred thousand lines at a time, and goes on as more come. */

import { useEffect, useRef, useState } from "react";
import { type ConsoleSearch, api, reasonOf } from "../api";

export type FoundLines = { numbers: readonly number[]; searched: number; error: string | null };

const NOTHING: FoundLines = { numbers: [], searched: 0, error: null };
/** While one types, nothing is asked. */
const REST_MS = 200;

/** Null asks for nothing. What was found of the search before is forgotten as soon as there is another one. */
export function useFoundLines(run: string, search: Omit<ConsoleSearch, "start"> | null, total: number): FoundLines {
  const key = search === null ? null : JSON.stringify(search);
  const [found, setFound] = useState<FoundLines & { key: string | null }>({ ...NOTHING, key: null });
  const progress = useRef<FoundLines & { key: string | null }>({ ...NOTHING, key: null });
  useEffect(() => {
    if (key === null) return;
    if (progress.current.key !== key) progress.current = { ...NOTHING, key };
    const abort = new AbortController();
    const asked = JSON.parse(key) as Omit<ConsoleSearch, "start">;
    const go = async () => {
      let isAll = progress.current.searched >= total;
      while (!isAll) {
        const answer = await api.searchConsole(run, { ...asked, start: progress.current.searched }, { signal: abort.signal });
        if (abort.signal.aborted) return;
        progress.current = { key, numbers: [...progress.current.numbers, ...answer.numbers], searched: answer.next_start, error: null };
        setFound(progress.current);
        isAll = answer.is_all;
      }
    };
    const timer = setTimeout(() => {
      go().catch((error: unknown) => {
        if (!abort.signal.aborted) setFound({ ...progress.current, key, error: reasonOf(error) });
      });
    }, progress.current.searched === 0 ? REST_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [run, key, total]);
  return found.key === key ? found : NOTHING;
}
