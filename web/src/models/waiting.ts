/** Which proposals wait for who looks at the page: of others, in projects where one may promote. */

import { useQuery } from "@tanstack/react-query";
import type { Me, Proposal, Roles } from "../api";
import { queries } from "../queries";
import { reasonAgainst, roleIn } from "../rights";

export function useWaiting(): Proposal[] {
  const me = useQuery(queries.me()).data;
  // where nobody signs in nobody approves; and whoever is on the way in by a link is nobody yet
  const isAsked = me !== undefined && me.needs_key && me.is_signed_in && me.is_visitor !== true;
  const roles = useQuery({ ...queries.roles(), enabled: isAsked }).data;
  const open = useQuery({ ...queries.openProposals(), enabled: isAsked }).data?.proposals ?? [];
  return isAsked && roles !== undefined ? waitingFor(me, roles, open) : [];
}

/** Nobody approves what they have proposed themselves. */
export const waitingFor = (me: Pick<Me, "name">, roles: Roles, proposals: readonly Proposal[]): Proposal[] =>
  proposals.filter(({ state, created_by, project }) => state === "open" && created_by !== me.name && reasonAgainst(roleIn(roles, project), "promoter") === undefined);
