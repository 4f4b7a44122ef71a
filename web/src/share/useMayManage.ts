/** Whether one may decide who sees a project: on a server that asks nobody to sign in there is nothing to decide. */

import { useQuery } from "@tanstack/react-query";
import { queries } from "../queries";

export function useMayManage(project: string): boolean {
  const isAsked = useQuery(queries.me()).data?.needs_key === true;
  const roles = useQuery({ ...queries.roles(), enabled: isAsked }).data;
  return roles !== undefined && (roles.everywhere ?? roles.projects[project]) === "admin";
}
