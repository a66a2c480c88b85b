/**
 * Whether these bytes are a web page, whatever they are called: a login, an error, something else behind the address. A
 * drawing (SVG) may be a picture, though Stash itself takes one that begins with a comment for a page.
 */
export const isWebPage = (bytes: Uint8Array): boolean =>
  /^\ufeff?\s*(<!--[\s\S]*?-->\s*)*<(!doctype\s+html|html|head|body|script|iframe|title|meta)[\s>]/i.test(
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).toString(),
  );
