/** Starts the dashboard. */

import "./tokens.css";
import "./base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startKeys } from "./frame/keys";
import { client } from "./queries";
import { router } from "./router";
import { startTheme } from "./theme";

const element = document.getElementById("root");
if (element === null) throw new Error('index.html must have an element with the id "root"');
startTheme();
startKeys();
createRoot(element).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
