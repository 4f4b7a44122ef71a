/** Starts the dashboard. */

import "./tokens.css";
import "./base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, Suspense, lazy } from "react";
import { createRoot } from "react-dom/client";
import { keepDoor } from "./door";
import { startKeys } from "./frame/keys";
import { startPalette } from "./frame/overlays";
import { client } from "./queries";
import { startRights } from "./rights";
import { router } from "./router";
import { isEmbedded } from "./share/embedLink";
import { startTheme } from "./theme";

const EmbedPage = lazy(() => import("./embed/EmbedPage").then((module) => ({ default: module.EmbedPage })));

const element = document.getElementById("root");
if (element === null) throw new Error('index.html must have an element with the id "root"');
startTheme();
// a frame in another page has no keys, palette or other pages: nothing but its charts
const isFramed = isEmbedded(location.pathname);
if (!isFramed) {
  keepDoor();
  startKeys();
  startRights();
  startPalette();
}
createRoot(element).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      {isFramed ? (
        <Suspense>
          <EmbedPage />
        </Suspense>
      ) : (
        <RouterProvider router={router} />
      )}
    </QueryClientProvider>
  </StrictMode>,
);
