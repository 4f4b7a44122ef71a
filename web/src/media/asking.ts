/** What is seen of names at a step: panels that come into sight together ask together. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { type Media, type MediaGroup, api } from "../api";

const MOST_NAMES = 50;
const GATHERED_MS = 15;

type Waiting = { name: string; resolve: (groups: MediaGroup[]) => void; reject: (error: unknown) => void };
type Batch = { project: string; runs: readonly string[]; step: number | null; waiting: Waiting[] };

const batches = new Map<string, Batch>();

function askAt(project: string, runs: readonly string[], name: string, step: number | null): Promise<MediaGroup[]> {
  return new Promise((resolve, reject) => {
    const key = JSON.stringify([project, runs, step]);
    const batch = batches.get(key) ?? { project, runs, step, waiting: [] };
    batch.waiting.push({ name, resolve, reject });
    if (batch.waiting.length === 1) window.setTimeout(() => { void send(key, batch); }, GATHERED_MS);
    batches.set(key, batch);
    if (batch.waiting.length === MOST_NAMES) batches.delete(key);
  });
}

async function send(key: string, batch: Batch): Promise<void> {
  if (batches.get(key) === batch) batches.delete(key);
  const { project, runs, step, waiting } = batch;
  try {
    const { groups } = await api.mediaAt(project, { runs: [...runs], names: [...new Set(waiting.map(({ name }) => name))], step });
    for (const { name, resolve } of waiting) resolve(groups.filter((group) => group.name === name));
  } catch (error) {
    for (const { reject } of waiting) reject(error);
  }
}

/** `count` is how many there are as far as the page knows: with another one it asks again. What was there stays till then. */
export const mediaAt = (project: string, runs: readonly string[], name: string, step: number | null, count: number) =>
  queryOptions({ queryKey: ["media at", project, runs, name, step, count], queryFn: () => askAt(project, runs, name, step), placeholderData: keepPreviousData });

/** All pieces of a group, whose first are there. */
export const allOfGroup = (group: MediaGroup) =>
  queryOptions({
    queryKey: ["media group", group.run, group.name, group.step, group.count],
    queryFn: async ({ signal }) => {
      const found: Media[] = [];
      let cursor: string | undefined;
      do {
        const page = await api.mediaPage(group.run, { name: group.name, from_step: group.step, to_step: group.step, limit: 200, ...(cursor === undefined ? {} : { cursor }) }, { signal });
        found.push(...page.media);
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined && found.length < MOST_SHOWN);
      return found;
    },
  });

/** Of one name at one step; a page of more would be slow, and nobody looks at them. */
export const MOST_SHOWN = 2000;
