/** What surrounds every page: the sign-in where a key is needed, news, the palette, and errors nobody expected. */

import { Outlet, useRouter } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useState } from "react";
import { SIGNED_OUT } from "../api";
import { Failure } from "../parts/Note";
import { KeysDialog } from "./KeysDialog";
import { Page } from "./Page";
import { SignIn } from "./SignIn";
import { Toasts } from "./Toasts";
import { useKeys } from "./keys";
import { endSharing, sharing } from "../share/sharing";
import { closeOverlay, openKeys, overlay } from "./overlays";

const ShareDialog = lazy(() => import("../share/ShareDialog").then((module) => ({ default: module.ShareDialog })));
const Palette = lazy(() => import("./Palette").then((module) => ({ default: module.Palette })));

export function App() {
  const [isSignedOut, setIsSignedOut] = useState(false);
  const open = overlay.use();
  const shared = sharing.use();
  useEffect(() => {
    const ask = () => { setIsSignedOut(true); };
    window.addEventListener(SIGNED_OUT, ask);
    return () => { window.removeEventListener(SIGNED_OUT, ask); };
  }, []);
  useKeys([{ key: "?", label: "Show all keys", run: openKeys }]);
  if (isSignedOut) return <SignIn onSignedIn={() => { setIsSignedOut(false); }} />;
  return (
    <>
      <Outlet />
      <Toasts />
      {shared !== null && (
        <Suspense>
          <ShareDialog shared={shared} onClose={endSharing} />
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
