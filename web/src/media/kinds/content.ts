/** The bytes of a piece of media, as much of them as may be shown; fetched once, for what is stored never changes. */

import { useQuery } from "@tanstack/react-query";
import { api } from "../../api";

/** `isCut` where the whole is longer than what is here. */
export type Content = { bytes: ArrayBuffer; isCut: boolean };

export const useContent = (address: string | null, sizeBytes: number, mostBytes: number) =>
  useQuery({
    queryKey: ["media content", address, mostBytes],
    queryFn: async ({ signal }): Promise<Content> => ({ bytes: await api.contentOf(address ?? "", mostBytes, { signal }), isCut: sizeBytes > mostBytes }),
    enabled: address !== null,
    staleTime: Infinity,
  });
