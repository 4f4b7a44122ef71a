/** What is being shared, from wherever: the frame shows the dialog for it. */

import { signal } from "../frame/signal";
import type { Embedded } from "./embedLink";

export const sharing = signal<Embedded | null>(null);

export const share = (embedded: Embedded): void => { sharing.set(embedded); };
export const endSharing = (): void => { sharing.set(null); };
