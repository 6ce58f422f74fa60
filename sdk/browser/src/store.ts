/** Text by name, shared by all tabs of an origin where the browser allows it, else kept for this page alone. */
export interface Store {
  get(name: string): string | null;
  set(name: string, value: string): void;
  remove(name: string): void;
  /** All names that begin with the prefix. */
  names(prefix: string): string[];
}

/**
 * Opens localStorage, or memory alone where that is asked for. Reading it can throw (sandboxed frames, blocked storage) and
 * so can writing (full); what cannot be written is kept in memory, and memory wins when it is read back. A full storage can
 * still be read: ids that are in it stay what they are.
 */
export function openStore(memoryOnly?: boolean): Store {
  const memory = new Map<string, string>();
  let local: Storage | null | undefined;
  try {
    if (!memoryOnly) local = window.localStorage;
  } catch {
    // Memory alone, then.
  }
  return {
    get(name) {
      try {
        return memory.get(name) ?? local?.getItem(name) ?? null;
      } catch {
        return null;
      }
    },
    set(name, value) {
      try {
        if (local) {
          local.setItem(name, value);
          memory.delete(name);
          return;
        }
      } catch {
        // Full: fall through to memory.
      }
      memory.set(name, value);
    },
    remove(name) {
      memory.delete(name);
      try {
        local?.removeItem(name);
      } catch {
        // Nothing can be done, and nothing depends on it.
      }
    },
    names(prefix) {
      let names = [...memory.keys()];
      try {
        if (local) names = names.concat(Object.keys(local));
      } catch {
        // Memory alone, then.
      }
      return names.filter((name) => name.startsWith(prefix));
    },
  };
}

/** Reads JSON that may be missing, broken or of another shape; null then. */
export function readJson<T>(store: Store, name: string): Partial<T> | null {
  try {
    const value: unknown = JSON.parse(store.get(name) ?? 'null');
    return value && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
