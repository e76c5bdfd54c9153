/** GSM 7-bit default alphabet, 3GPP TS 23.038 section 6.2.1. */
const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Section 6.2.1.1: each takes two places. */
const extension = new Set('\f^{}\\[~]|€');

export interface SmsSize {
  alphabet: 'GSM-7' | 'UCS-2';
  /** What an operator is charged for. */
  segments: number;
  /** UTF-8: what an Android app's share of a text is measured in. */
  bytes: number;
}

/** Septets or UTF-16 units that go into a text of one segment, and into each of several (3GPP TS 23.040 section 9.2.3.24.1). */
const room = { 'GSM-7': { alone: 160, joined: 153 }, 'UCS-2': { alone: 70, joined: 67 } };

export function sizeOf(text: string): SmsSize {
  const { alphabet } = measured(text);
  return { alphabet, segments: segmentsOf(text).length, bytes: Buffer.byteLength(text) };
}

/** The text cut into segments, never within a character. */
export function segmentsOf(text: string): string[] {
  const { alphabet, characters } = measured(text);
  const total = characters.reduce((sum, { size }) => sum + size, 0);
  if (total <= room[alphabet].alone) return [text];
  const segments = [''];
  let left = room[alphabet].joined;
  for (const { character, size } of characters) {
    if (size > left) {
      segments.push('');
      left = room[alphabet].joined;
    }
    segments[segments.length - 1] += character;
    left -= size;
  }
  return segments;
}

function measured(text: string) {
  const all = [...text];
  const alphabet = all.every((it) => basic.has(it) || extension.has(it)) ? ('GSM-7' as const) : ('UCS-2' as const);
  const sizeOf = (it: string) => (alphabet === 'UCS-2' ? it.length : extension.has(it) ? 2 : 1);
  return { alphabet, characters: all.map((character) => ({ character, size: sizeOf(character) })) };
}
