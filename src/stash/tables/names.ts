/** A table or column name, quoted: some are words of SQL (`groups`, `primary`). */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
