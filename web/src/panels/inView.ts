/** The panels of a view as they stand in the address: they are read by who draws them (`state.ts`), and fetched with that. */

import type { Search } from "../address";

export type PanelTexts = { panels: string; scatter: string; parallel: string };

export const readPanelTexts = (search: Search): PanelTexts => ({ panels: search["panels"] ?? "", scatter: search["scatter"] ?? "", parallel: search["parallel"] ?? "" });

export const writePanelTexts = ({ panels, scatter, parallel }: PanelTexts): Search => ({ panels: panels || undefined, scatter: scatter || undefined, parallel: parallel || undefined });
