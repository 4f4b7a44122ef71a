/** What only a server that has people sign in has; on others it says how to turn that on. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Me } from "../api";
import { CodeBlock } from "../parts/Code";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import { Section } from "./Section";

type Props = { title: string; note: string; /** Whether it is for the admins of the server alone. */ isForAdmins?: boolean; children: (me: Me) => ReactNode };

export function OnlySignedIn({ title, note, isForAdmins = false, children }: Props) {
  const { data: me, error, refetch } = useQuery(queries.me());
  const isUnknown = me?.needs_key === true && !me.is_signed_in;
  // who one is, is public; what one may do is not: asking for it has one sign in
  useQuery({ ...queries.roles(), enabled: isUnknown });
  return (
    <Section title={title} note={note}>
      {error !== null && <Failure what="Who you are could not be fetched." error={error} onRetry={() => void refetch()} />}
      {(me === undefined || isUnknown) && error === null && <Outline />}
      {me?.needs_key === false && (
        <>
          <p>This server asks nobody to sign in: whoever reaches it may do everything, as <strong><bdi>{me.name}</bdi></strong>. To have people, passwords and keys, start it so:</p>
          <CodeBlock text="tracker server --auth" label="Command that has people sign in" />
        </>
      )}
      {me?.needs_key === true && !isUnknown && (isForAdmins && !me.is_admin ? <p>Only an admin of this server sees this, signed in by name and password. You are <strong><bdi>{me.name}</bdi></strong>.</p> : children(me))}
    </Section>
  );
}
