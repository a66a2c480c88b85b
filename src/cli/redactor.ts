/**
 * Takes known secrets out of every line that leaves the process. Whoever learns a secret adds it here first,
 * so that no message, event or stack can carry it, whoever wrote them.
 */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** Shorter ones stay: taking `a` out of every line would tell the secret and spoil the line. */
  static readonly shortest = 4;

  add(secret: string | undefined): void {
    if (secret === undefined || secret.length < Redactor.shortest) return;
    // As it may be quoted inside JSON, or escaped inside an address.
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
      this.#secrets.add(form);
    }
  }

  clean(text: string): string {
    // The longest first: one may be the beginning of another.
    const secrets = [...this.#secrets].sort((a, b) => b.length - a.length);
    for (const secret of secrets) text = text.replaceAll(secret, '***');
    // Passwords inside addresses are found by their place: one such as `stowage` is also an ordinary word.
    return text
      .replace(/(:\/\/)[^/@\s"']*@/g, '$1***@')
      .replace(/([?&]apikey=)[^&#\s"']*/gi, '$1***');
  }
}
