/** Light, dark, or as the system says. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
const KEY = "firstframe.theme";
const CHANGED = "themechange";
const dark = matchMedia("(prefers-color-scheme: dark)");

export const chosen = (): Theme => (localStorage.getItem(KEY) as Theme | null) ?? "system";
export const isDark = (): boolean => (chosen() === "system" ? dark.matches : chosen() === "dark");

export function apply(): void {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
}

export function choose(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  apply();
  dispatchEvent(new Event(CHANGED));
}

function listen(hear: () => void): () => void {
  const both = () => {
    apply();
    hear();
  };
  dark.addEventListener("change", both);
  addEventListener(CHANGED, both);
  return () => {
    dark.removeEventListener("change", both);
    removeEventListener(CHANGED, both);
  };
}

export function useTheme(): { theme: Theme; dark: boolean } {
  const key = useSyncExternalStore(listen, () => `${chosen()} ${isDark()}`);
  const [theme, is] = key.split(" ");
  return { theme: theme as Theme, dark: is === "true" };
}
