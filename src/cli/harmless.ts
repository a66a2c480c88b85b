/** What a title or a file name holds may be meant for a terminal: to move its cursor, or to hide what stands there. */
export const harmless = (text: string): string =>
  text.replaceAll(/(?![\n\t])\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
