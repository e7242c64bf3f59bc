/** Every page by its path, each loaded when it is wanted. */
import type { ComponentType } from "react";

export const PAGES: Record<string, () => Promise<{ default: ComponentType }>> = {
  "/": () => import("./page/overview"),
  "/live": () => import("./page/live"),
  "/breakdown": () => import("./page/breakdown"),
  "/videos": () => import("./page/videos"),
  "/video": () => import("./page/video"),
  "/views": () => import("./page/views"),
  "/view": () => import("./page/view"),
  "/errors": () => import("./page/errors"),
  "/alerts": () => import("./page/alerts"),
  "/setup": () => import("./page/setup"),
  "/shares": () => import("./page/shares"),
};

/** Somebody is about to go there. */
export const preload = (path: string): void => void PAGES[path]?.().catch(() => undefined);
