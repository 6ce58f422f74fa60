import { lazy } from "react";
import type { ComponentType, LazyExoticComponent } from "react";

/** A page whose code is loaded when it is first shown, or before, when it is likely to be shown next. */
export interface LazyPage {
  Page: LazyExoticComponent<ComponentType>;
  preload: () => void;
}

export function lazyPage(load: () => Promise<{ default: ComponentType }>): LazyPage {
  // The browser keeps what it has loaded, so asking twice costs nothing.
  return { Page: lazy(load), preload: () => void load().catch(() => undefined) };
}
