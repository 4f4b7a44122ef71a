/** Rows of a long list by pages, those that are to be seen and no others. */

import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Asking } from "../api";

export const PAGE = 100;

type Fetch<Page> = (offset: number, limit: number, asking: Asking) => Promise<Page>;

export type Pages<Page, Row> = { head: Page | undefined; error: Error | null; isFetching: boolean; retry: () => void; rowAt: (index: number) => Row | undefined; onRange: (first: number, last: number) => void };

/** `key` names everything that the rows depend on. While others are fetched, the page that there was stays. */
export function usePages<Page, Row>(key: readonly unknown[], fetch: Fetch<Page>, rowsOf: (page: Page) => readonly Row[], isEnabled = true): Pages<Page, Row> {
  const [range, setRange] = useState({ first: 0, last: 0 });
  const options = (page: number) => ({
    queryKey: ["rows", ...key, page] as const,
    queryFn: ({ signal }: { signal: AbortSignal }) => fetch(page * PAGE, PAGE, { signal }),
    enabled: isEnabled,
    staleTime: Infinity,
    retry: false,
  });
  const head = useQuery({ ...options(0), placeholderData: keepPreviousData });
  const numbers = numbersBetween(range.first, range.last);
  const others = useQueries({ queries: numbers.map(options) });
  const rowAt = (index: number): Row | undefined => {
    const page = Math.floor(index / PAGE);
    const found = page === 0 ? head.data : others[numbers.indexOf(page)]?.data;
    return found === undefined ? undefined : rowsOf(found)[index % PAGE];
  };
  const onRange = (first: number, last: number) => {
    const next = { first: Math.floor(first / PAGE), last: Math.floor(last / PAGE) };
    if (next.first !== range.first || next.last !== range.last) setRange(next);
  };
  const failed = others.find(({ error }) => error !== null);
  return { head: head.data, error: head.error ?? failed?.error ?? null, isFetching: head.isFetching, retry: () => { void (head.error !== null ? head : failed)?.refetch(); }, rowAt, onRange };
}

const numbersBetween = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index).filter((page) => page > 0);
