/**
 * What steers a terminal, or shows nothing: control characters (an escape moves the cursor, `\u009b` begins a sequence
 * too), what turns the direction of writing round, what has no width. Joiners are left where they join what is written
 * with them: letters of other scripts, and emoji.
 */
const steering =
  /(?![\n\t])\p{Cc}|(?!(?<=[[\p{L}\p{M}]--\p{Script=Latin}]|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)[\u200c\u200d](?=\p{L}|\p{Extended_Pictographic}))[\p{Cf}--[\u0600-\u0605\u06dd\u070f\u08e2]]|[\u2028\u2029\p{Cs}]/gv;

/** What a title, a file name or a server's message holds may be meant for a terminal: it is shown as what it is. */
export const harmless = (text: string): string =>
  text.replaceAll(steering, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });

/** The same of JSON, where nothing is lost: they are written as escapes. */
export const harmlessJson = (json: string): string =>
  json.replaceAll(steering, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
