/** What surrounds every page: the sign-in where one is needed, news, the palette, and errors nobody expected. */

import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouter } from "@tanstack/react-router";
import { Suspense, lazy, useState } from "react";
import type { Me } from "../api";
import { door, openDoor } from "../door";
import { Failure } from "../parts/Note";
import { client, queries } from "../queries";
import { KeysDialog } from "./KeysDialog";
import { Page } from "./Page";
import { SignIn } from "./SignIn";
import { Toasts } from "./Toasts";
import { useKeys } from "./keys";
import { closeLinks, endSharing, linking, sharing } from "../share/sharing";
import { closeOverlay, openKeys, overlay } from "./overlays";

const ShareDialog = lazy(() => import("../share/ShareDialog").then((module) => ({ default: module.ShareDialog })));
const LinksDialog = lazy(() => import("../share/LinksDialog").then((module) => ({ default: module.LinksDialog })));
const Palette = lazy(() => import("./Palette").then((module) => ({ default: module.Palette })));

export function App() {
  const owner = useOwner();
  const isClosed = door.use() === "closed";
  const open = overlay.use();
  const shared = sharing.use();
  const linked = linking.use();
  useKeys([{ key: "?", label: "Show all keys", run: openKeys }]);
  const enter = (me: Me) => {
    if (owner !== null && owner !== me.name) {
      // what the page holds is for somebody else
      window.location.reload();
      return;
    }
    client.setQueryData(queries.me().queryKey, me);
    openDoor();
  };
  if (isClosed && owner === null) return <SignIn onSignedIn={enter} />;
  return (
    <>
      <Outlet />
      {isClosed && <SignIn owner={owner} onSignedIn={enter} />}
      <Toasts />
      {shared !== null && (
        <Suspense>
          <ShareDialog shared={shared} onClose={endSharing} />
        </Suspense>
      )}
      {linked !== null && (
        <Suspense>
          <LinksDialog linked={linked} onClose={closeLinks} />
        </Suspense>
      )}
      {open === "palette" && (
        <Suspense>
          <Palette onClose={closeOverlay} />
        </Suspense>
      )}
      {open === "keys" && <KeysDialog onClose={closeOverlay} />}
    </>
  );
}

/** Who has been signed in since the page was opened, whatever has become of the session; null for nobody yet. */
function useOwner(): string | null {
  const me = useQuery(queries.me()).data;
  const [owner, setOwner] = useState<string | null>(null);
  if (owner === null && me?.is_signed_in === true && me.needs_key) setOwner(me.name);
  return owner;
}

export function NotFound() {
  return (
    <Page title="Not found" heading="There is no such page" crumbs={[]}>
      <p className="muted">The address may be mistyped, or what it named was deleted. Everything there is starts at Projects and Models above.</p>
    </Page>
  );
}

/** One broken page never leaves an empty window. */
export function Broken({ error }: { error: unknown }) {
  const router = useRouter();
  return (
    <Page title="Something broke" heading="This page broke" crumbs={[]}>
      <Failure what="The page could not be shown." error={error} onRetry={() => void router.invalidate()} />
    </Page>
  );
}
