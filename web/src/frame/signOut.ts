/** Signing this browser out. Nothing of what it has fetched or shown stays: the page begins anew, at its address. */

import { api, reasonOf } from "../api";
import { toast } from "./Toasts";

export async function signOut(): Promise<void> {
  try {
    await api.signOut();
  } catch (error) {
    toast({ text: `Not signed out: ${reasonOf(error)}`, isBad: true });
    return;
  }
  window.location.reload();
}
