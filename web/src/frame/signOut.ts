/** Signing this browser out. */

import { api } from "../api";
import { client } from "../queries";

export async function signOut(): Promise<void> {
  await api.signOut();
  await client.resetQueries();
}
