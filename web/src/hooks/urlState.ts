/** How one value lives in the query string. */
export interface Param<T> {
  /** The value when the query string says nothing, or nonsense. */
  fallback: T;
  /** Reads the text; undefined when it is no legal value. */
  read: (text: string) => T | undefined;
  /** Writes the value. A value written like the fallback is left out of the address. */
  write: (value: T) => string;
}

/** A named set of parameters. */
export type Shape = Record<string, Param<never> | Param<any>>; // eslint-disable-line @typescript-eslint/no-explicit-any
/** The values of a set of parameters. */
export type Values<S extends Shape> = { [K in keyof S]: S[K] extends Param<infer T> ? T : never };

/** Any text. */
export function textParam(fallback = ""): Param<string> {
  return { fallback, read: (text) => text, write: (value) => value };
}

/** One of a few words. */
export function choiceParam<const T extends string>(choices: readonly T[], fallback: NoInfer<T>): Param<T> {
  return { fallback, read: (text) => choices.find((choice) => choice === text), write: (value) => value };
}

/** A whole number. */
export function integerParam(fallback: number): Param<number> {
  return { fallback, read: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined), write: String };
}

/** A yes or no. */
export function flagParam(fallback = false): Param<boolean> {
  return {
    fallback,
    read: (text) => (text === "1" ? true : text === "0" ? false : undefined),
    write: (value) => (value ? "1" : "0"),
  };
}

/** A list of texts; each is escaped, so that any text may stand in it. */
export function listParam(fallback: readonly string[] = []): Param<readonly string[]> {
  return {
    fallback,
    read: (text) => {
      try {
        return text === "" ? [] : text.split(",").map(decodeURIComponent);
      } catch {
        return undefined;
      }
    },
    write: (value) => value.map(encodeURIComponent).join(","),
  };
}

/** Anything that JSON can hold; `parse` judges what was read and answers undefined for what it does not know. */
export function jsonParam<T>(fallback: T, parse: (value: unknown) => T | undefined): Param<T> {
  return {
    fallback,
    read: (text) => {
      try {
        return parse(JSON.parse(text));
      } catch {
        return undefined;
      }
    },
    write: (value) => JSON.stringify(value),
  };
}

/** Reads all parameters out of a query string. */
export function readParams<S extends Shape>(search: string, shape: S): Values<S> {
  const query = new URLSearchParams(search);
  const values: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(shape)) {
    const text = query.get(name);
    values[name] = (text === null ? undefined : param.read(text)) ?? param.fallback;
  }
  return values as Values<S>;
}

/** Writes a change into a query string; parameters of others are kept. */
export function writeParams<S extends Shape>(search: string, shape: S, change: Partial<Values<S>>): string {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    const param = shape[name] as Param<unknown> | undefined;
    if (!param || value === undefined) continue;
    const text = param.write(value);
    if (text === param.write(param.fallback)) query.delete(name);
    else query.set(name, text);
  }
  return query.toString();
}
