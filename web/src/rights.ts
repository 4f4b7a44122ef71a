/**
 * What one may do in a project, as far as the page knows. The server decides: what is not known here is not withheld.
 *
 * What one may not do stays where it is, and says why not.
 */

import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { REFUSED, type Role, type Roles } from "./api";
import { own as ownOf } from "./own";
import { client, queries } from "./queries";

/** Each includes those before it. */
export const ROLES: readonly Role[] = ["viewer", "editor", "promoter", "admin"];

const withArticle = (role: Role): string => `${/^[ae]/.test(role) ? "an" : "a"} ${role}`;

/** Why one may not do what takes a role; undefined where one may. */
export type Withheld = (needed: Role) => string | undefined;

export function useRights(project: string): Withheld {
  const roles = useQuery(queries.roles()).data;
  const own = roles === undefined ? null : roleIn(roles, project);
  return useCallback((needed) => reasonAgainst(own, needed), [own]);
}

/** Null where one has none, or does not know. */
export const roleIn = ({ everywhere, projects }: Roles, project: string): Role | null => greater(everywhere, ownOf(projects, project) ?? null);

/** `own` null: not known. */
export function reasonAgainst(own: Role | null, needed: Role): string | undefined {
  if (own === null || ROLES.indexOf(own) >= ROLES.indexOf(needed)) return undefined;
  return `You are ${withArticle(own)} of this project; ${withArticle(needed)} may do this.`;
}

const greater = (one: Role | null, other: Role | null): Role | null => (ROLES.indexOf(other ?? "viewer") > ROLES.indexOf(one ?? "viewer") ? other : (one ?? other));

/** Somebody may have taken a role away since the page asked. */
export function startRights(): void {
  window.addEventListener(REFUSED, () => void client.invalidateQueries({ queryKey: queries.roles().queryKey }));
}
