/** What is being shared, from wherever: the frame shows the dialog for it. */

import { signal } from "../frame/signal";
import type { Embedded } from "./embedLink";

export const sharing = signal<Embedded | null>(null);

/** Whose read-only links are looked at: those of a project, maybe for one run of it. */
export type Linked = { project: string; run: { id: string; name: string } | null };

export const linking = signal<Linked | null>(null);

export const openLinks = (linked: Linked): void => { linking.set(linked); };
export const closeLinks = (): void => { linking.set(null); };

export const share = (embedded: Embedded): void => { sharing.set(embedded); };
export const endSharing = (): void => { sharing.set(null); };
