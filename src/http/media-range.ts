/** One entry of an `Accept` header (RFC 9110 section 12.5.1), without its other parameters. */
interface MediaRange {
  type: string;
  quality: number;
}

export const json = 'application/json';
export const problemJson = 'application/problem+json';

function mediaRanges(accept: string): MediaRange[] {
  return accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 };
  });
}

/** Whether a caller with this `Accept` can be answered at all. As in REST framework, `q` does not count here. */
export function acceptsJson(accept = '*/*'): boolean {
  const known = ['*/*', 'application/*', json, problemJson];
  return mediaRanges(accept).some(({ type }) => known.includes(type));
}

/** Whether errors should be problem details (RFC 9457): they are asked for by name, and plain JSON not rather. */
export function prefersProblems(accept = '*/*'): boolean {
  const ranges = mediaRanges(accept);
  const quality = (...types: string[]) =>
    types.flatMap((wanted) => ranges.find(({ type }) => type === wanted) ?? [])[0]?.quality ?? 0;
  const plain = quality(json, 'application/*', '*/*');
  return quality(problemJson) > 0 && quality(problemJson) >= plain;
}
