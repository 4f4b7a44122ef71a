/**
 * The way in through a provider of identities, where the server has one.
 *
 * The browser goes there and comes back to the page that it left. What failed stands in the address's fragment then.
 */

import { useEffect, useState } from "react";
import { api, reasonOf } from "../api";

const MARK = "#oidc=";

const FAILURES: Readonly<Record<string, string>> = {
  came_twice: "Somebody came in for the first time at the same moment. Sign in again.",
  denied: "The provider has not let you in.",
  domain_not_allowed: "People of your address may not enter this server. Ask one of its admins for an invitation.",
  inactive: "You may not enter this server any more. One of its admins can change that.",
  provider_away: "The provider cannot be asked right now. Try again soon.",
  stale_attempt: "That took too long, or was begun in another browser. Begin it again.",
};

/** What failed when the browser came back, as a sentence; null where nothing did. The address forgets it by that. */
export function takeFailure(): string | null {
  if (!location.hash.startsWith(MARK)) return null;
  const code = location.hash.slice(MARK.length);
  history.replaceState(history.state, "", `${location.pathname}${location.search}`);
  return FAILURES[code] ?? "What the provider sent proves nothing. Try again, or ask an admin of this server.";
}

export function ProviderButton({ onFailure }: { onFailure: (sentence: string) => void }) {
  const [provider, setProvider] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => {
    let isHere = true;
    void api.server().then((facts) => { if (isHere) setProvider(facts.provider ?? null); }, () => undefined);
    return () => { isHere = false; };
  }, []);
  if (provider === null) return null;
  const go = async () => {
    setIsBusy(true);
    try {
      const { url } = await api.beginOidc(`${location.pathname}${location.search}${location.hash}`);
      location.assign(url);
    } catch (failure) {
      onFailure(reasonOf(failure));
      setIsBusy(false);
    }
  };
  return <button type="button" disabled={isBusy} onClick={() => void go()}>Sign in with {provider}</button>;
}
