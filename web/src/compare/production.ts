/** The runs behind what is in production: what a comparison is often made against. */

import { useQuery } from "@tanstack/react-query";
import type { Model } from "../api";
import { reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { client, queries } from "../queries";

export const PRODUCTION = "production";

export type Holder = { model: string; version: number };

/** The version of each model of a project that is in production. */
export function useProduction(project: string): Holder[] {
  const models = useQuery(queries.models()).data?.models ?? [];
  return models.filter((model) => model.project === project).flatMap(holderOf);
}

const holderOf = ({ name, aliases }: Model): Holder[] => aliases.filter(({ alias }) => alias === PRODUCTION).map(({ version }) => ({ model: name, version }));

/** The run that made it; null, with a word about it, where there is none to compare with. */
export async function runOf({ model, version }: Holder): Promise<string | null> {
  try {
    const { run } = await client.fetchQuery(queries.modelVersion(model, version));
    if (run === null) toast({ text: `${model} v${String(version)} was uploaded by hand: there is no run to compare with.`, isBad: true });
    return run;
  } catch (error) {
    toast({ text: reasonOf(error), isBad: true });
    return null;
  }
}
