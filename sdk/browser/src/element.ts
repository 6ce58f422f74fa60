/** What autocapture says of an element: enough to know it again, nothing that a visitor typed. */
import { ELEMENT_CHARS, ELEMENT_PROPERTIES, RAW_TEXT_CHARS, SELECTOR_DEPTH } from './limits.js';
import type { Properties } from './page.js';
import { maskUrl } from './privacy.js';

/** Elements that do something when they are clicked. Of inputs these are buttons: the others hold what visitors type. */
const INTERACTIVE =
  'a[href],area[href],button,summary,input[type=button],input[type=submit],input[type=reset],input[type=image],[role=button],[role=link],[role=tab],[role=menuitem]';
/** Whoever puts one of these on an element keeps it, and all that is in it, out of autocapture. */
const IGNORED = '[data-observe-ignore],.observe-ignore';
/** What holds, or may hold, what visitors type; and text that nobody sees. */
const UNREAD = 'input,textarea,select,option,datalist,output,script,style,noscript,template,[contenteditable]:not([contenteditable=false])';
/** The attributes that are read, and what they become. */
const ATTRIBUTES = { id: '$el_id', class: '$el_classes', name: '$el_name', type: '$el_type', role: '$el_role', 'aria-label': '$el_label' };
const OWN = 'data-observe-';

/** Twelve digits and more, however grouped, look like a card or an account. */
const CARD = /\d(?:[\s.-]{0,2}\d){11,}/g;
/** Written so that no text, however long, takes long: words are short of white space, and cut before. */
const EMAIL = /[^\s@<>()"']{1,64}@[^\s@<>()"']{1,255}/g;

/**
 * Text fit to be kept: white space is one space, what looks like a card number or an e-mail address becomes `***`, and
 * it is cut.
 */
export function maskText(text: string): string {
  let raw = text.slice(0, RAW_TEXT_CHARS);
  // The digits at the cut may be the first ones of a longer number.
  if (text.length > RAW_TEXT_CHARS) raw = raw.replace(/[\d\s.-]+$/, '');
  return raw.replace(CARD, '***').replace(EMAIL, '***').replace(/\s+/g, ' ').trim().slice(0, ELEMENT_CHARS);
}

/** The elements an event came through, innermost first, also out of shadow trees. */
export function pathOf(event: Event): Element[] {
  return event.composedPath().filter((target): target is Element => target instanceof Element);
}

/** Whether the page asks to leave this alone, or the visitor is typing here. */
export function isIgnored(path: readonly Element[]): boolean {
  return path.some((element) => matches(element, IGNORED) || attribute(element, 'type')?.toLowerCase() === 'password');
}

/** The innermost element of a path that does something when it is clicked. */
export function interactiveOf(path: readonly Element[]): Element | undefined {
  return path.find((element) => matches(element, INTERACTIVE));
}

/** Whether the visitor types here. */
export function isEditable(path: readonly Element[]): boolean {
  return path.some((element) => matches(element, UNREAD) && !matches(element, INTERACTIVE));
}

/** The innermost link of a path. */
export function linkOf(path: readonly Element[]): Element | undefined {
  return path.find((element) => matches(element, 'a[href],area[href]'));
}

/** Where a link leads, absolute; undefined where it is no link or no address. */
export function targetOf(link: Element): URL | undefined {
  const href = attribute(link, 'href');
  if (href === null) return undefined;
  try {
    return new URL(href, document.baseURI);
  } catch {
    return undefined;
  }
}

/** Describes an element; `path` begins with it. Its text is read only where it is something to press. */
export function describe(path: readonly Element[], withText: boolean): Properties {
  const element = path[0]!;
  const own = ownProperties(path);
  const properties: Properties = { ...own, $el_tag: tagOf(element), $el_selector: selectorOf(path) };
  for (const [name, property] of Object.entries(ATTRIBUTES)) {
    const value = attribute(element, name);
    if (value) properties[property] = maskText(value);
  }
  const href = targetOf(element);
  // Of other schemes nothing more is said: they hold addresses of people, and code.
  if (href) properties['$el_href'] = /^https?:$/.test(href.protocol) ? maskUrl(href.href) : href.protocol;
  const text = withText && !isEditable(path) ? maskText(textOf(element)) : '';
  if (text) properties['$el_text'] = text;
  return properties;
}

/** `data-observe-plan="pro"` is the property `plan`, for the element and all that is in it; the innermost wins. */
function ownProperties(path: readonly Element[]): Properties {
  const properties: Properties = {};
  let count = 0;
  for (const element of path) {
    for (const name of Element.prototype.getAttributeNames.call(element)) {
      const property = name.startsWith(OWN) && name.slice(OWN.length).replace(/-/g, '_');
      if (!property || Object.prototype.hasOwnProperty.call(properties, property) || ++count > ELEMENT_PROPERTIES) continue;
      properties[property] = attribute(element, name)!.slice(0, ELEMENT_CHARS);
    }
  }
  return properties;
}

/** The text in an element without what visitors type, what nobody sees, and what is ignored. Reads no more than is kept. */
function textOf(element: Element): string {
  let text = '';
  const read = (node: Node): void => {
    for (let child = node.firstChild; child && text.length <= RAW_TEXT_CHARS; child = child.nextSibling) {
      if (child instanceof Text) text += child.data.slice(0, RAW_TEXT_CHARS + 1);
      else if (child instanceof Element && !matches(child, UNREAD) && !matches(child, IGNORED)) read(child);
    }
  };
  read(element);
  return text;
}

/** A short path of tags, ids and classes, outermost first; it stops at an id that a person chose. */
function selectorOf(path: readonly Element[]): string {
  const steps: string[] = [];
  for (const element of path.slice(0, SELECTOR_DEPTH)) {
    const id = attribute(element, 'id');
    const tag = tagOf(element);
    // Numbers in an id come from programs, and another render has others.
    if (id && /^[a-z][a-z_-]*\d?$/i.test(id)) {
      steps.unshift(`${tag}#${id}`);
      break;
    }
    const [first] = (attribute(element, 'class') ?? '').trim().split(/\s+/);
    steps.unshift(tag + (first && /^[a-z][\w-]*$/i.test(first) ? `.${first}` : '') + placeOf(element));
    if (tag === 'body') break;
  }
  return maskText(steps.join(' > '));
}

/** `:nth-of-type(n)` where there are more of its kind beside it. */
function placeOf(element: Element): string {
  let before = 0;
  for (let it = element.previousElementSibling; it; it = it.previousElementSibling) if (tagOf(it) === tagOf(element)) before++;
  let after = element.nextElementSibling;
  while (after && tagOf(after) !== tagOf(element)) after = after.nextElementSibling;
  return before || after ? `:nth-of-type(${before + 1})` : '';
}

// Fields of a form are properties of it by their name, so one called `matches` hides the method: it is taken from the prototype.
function matches(element: Element, selector: string): boolean {
  return Element.prototype.matches.call(element, selector);
}

function tagOf(element: Element): string {
  return String(Object.getOwnPropertyDescriptor(Element.prototype, 'localName')!.get!.call(element));
}

function attribute(element: Element, name: string): string | null {
  return Element.prototype.getAttribute.call(element, name);
}
