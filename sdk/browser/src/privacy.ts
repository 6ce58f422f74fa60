import { TEXT_CHARS } from './limits.js';

const SENSITIVE =
  /token|secret|passw|pwd|passphrase|credential|auth(?!or)|jwt|session|signature|api.?key|e-?mail|phone|mobile|ssn|iban|card|cvv|cvc|birth|address|(first|last|full|user).?name|^(sid|sig|key|code|state|hash|ticket|invite|reset|nonce|otp|pin)$/i;
/** Something before and after an `@`. Written so that no text, however long, takes long. */
const EMAIL = /.(@|%40)./i;
const PAIR = /([?&#;])([^=?&#;]+)=([^?&#;]*)/g;

/**
 * An address fit to be kept: the values of parameters that look secret or personal by their name, and values that hold an
 * e-mail address or another address with such parameters, become `***`, in the query and in the fragment; a user and
 * password before the host are removed.
 */
export function maskUrl(url: string): string {
  return url
    .slice(0, TEXT_CHARS)
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1')
    .replace(PAIR, (pair, separator: string, name: string, value: string) => {
      const inner = decode(value);
      const masked = value && (SENSITIVE.test(decode(name)) || EMAIL.test(value) || (inner !== value && maskUrl(inner) !== inner));
      return masked ? `${separator}${name}=***` : pair;
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether the browser asks not to be tracked (Do Not Track, Global Privacy Control). */
export function asksForPrivacy(): boolean {
  const nav = navigator as Navigator & { globalPrivacyControl?: boolean };
  return nav.globalPrivacyControl === true || nav.doNotTrack === '1';
}
