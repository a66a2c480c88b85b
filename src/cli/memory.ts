import { readFileSync } from 'node:fs';

/**
 * The most memory this process has had in RAM so far, in MB (2^20 bytes).
 *
 * Linux starts a child's `maxRSS` at that of its parent (measured: 577 MB for a child of 43 MB), which would
 * charge a benchmark's memory to us; the kernel's own high-water mark of the address space does not.
 */
export function peakRssMb(): number {
  return Math.round((highWaterMark() ?? process.resourceUsage().maxRSS) / 1024);
}

/** In kB; undefined where there is no /proc. */
function highWaterMark(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return line ? Number(line[1]) : undefined;
}
