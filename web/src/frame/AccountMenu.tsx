/** Looks, keys, the models on a narrow screen, and signing out. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useWaiting } from "../models/waiting";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { queries } from "../queries";
import { density, singleKeys, theme } from "../settings";
import { chooseDensity, chooseTheme } from "../theme";
import { openKeys } from "./overlays";
import { signOut } from "./signOut";

export function AccountMenu() {
  const me = useQuery(queries.me());
  const waiting = useWaiting().length;
  const navigate = useNavigate();
  const chosen = theme.use();
  const rows = density.use();
  const hasKeys = singleKeys.use();
  const entries: MenuEntry[] = [
    { kind: "do", label: "Projects", onSelect: () => void navigate({ to: "/" }) },
    { kind: "do", label: waiting === 0 ? "Models" : `Models (${String(waiting)} waiting for you)`, onSelect: () => void navigate({ to: "/models" }) },
    { kind: "do", label: "Audit trail", onSelect: () => void navigate({ to: "/audit" }) },
    { kind: "line" },
    { kind: "heading", label: "Theme" },
    ...(["system", "light", "dark"] as const).map(
      (name): MenuEntry => ({ kind: "choice", label: `${capital(name)} theme`, isChosen: chosen === name, onSelect: () => { chooseTheme(name); } }),
    ),
    { kind: "line" },
    { kind: "heading", label: "Rows" },
    ...(["compact", "comfortable"] as const).map(
      (name): MenuEntry => ({ kind: "choice", label: `${capital(name)} rows`, isChosen: rows === name, onSelect: () => { chooseDensity(name); } }),
    ),
    { kind: "line" },
    { kind: "choice", label: "Single-key shortcuts", isChosen: hasKeys, onSelect: () => { singleKeys.set(!hasKeys); } },
    { kind: "do", label: "All settings", onSelect: () => void navigate({ to: "/settings" }) },
    { kind: "do", label: "All keys", hint: "?", onSelect: openKeys },
  ];
  if (me.data?.needs_key === true) entries.push({ kind: "line" }, { kind: "do", label: me.data.is_visitor ? "Leave the shared link" : `Sign out ${me.data.name}`, onSelect: () => void signOut() });
  return (
    <Menu label="Settings" look="icon" entries={entries}>
      <Icon name="sliders" />
    </Menu>
  );
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
