import { patternOf } from '../model/secrets.ts';

/**
 * Takes known secrets out of every line that leaves the process. Whoever learns a secret adds it here first,
 * so that no message, event or stack can carry it, whoever wrote them.
 */
export class Redactor {
  readonly #secrets = new Map<string, RegExp>();
  /** The longest first: one may be the beginning of another. */
  #patterns: RegExp[] = [];

  /** Shorter ones stay: taking `a` out of every line would tell the secret and spoil the line. */
  static readonly shortest = 4;

  add(secret: string | undefined): void {
    if (secret === undefined || secret.length < Redactor.shortest) return;
    if (this.#secrets.has(secret)) return;
    this.#secrets.set(secret, patternOf(secret));
    this.#patterns = [...this.#secrets]
      .sort(([a], [b]) => b.length - a.length)
      .map(([, pattern]) => pattern);
  }

  clean(text: string): string {
    for (const pattern of this.#patterns) text = text.replace(pattern, '***');
    // Passwords inside addresses are found by their place: one such as `stowage` is also an ordinary word.
    return text
      .replace(/(:\/\/)[^/@\s"']*@/g, '$1***@')
      .replace(/([?&]apikey=)[^&#\s"']*/gi, '$1***');
  }
}
