import type { AnyRefusal } from './refusal';

type RefusalClass = new (...values: never[]) => AnyRefusal;

/** A refusal that a route sends, for its documentation. */
export interface DeclaredRefusal {
  /** The class alone, or one such refusal where its values are the route's own. */
  refusal: RefusalClass | AnyRefusal;
  /** In one sentence, where the route can say more than the refusal itself. */
  when?: string;
}

const REFUSES = 'hodi:refuses';

/**
 * Says which refusals a route, or every route of a controller, sends. Their documented replies are made from it. On a
 * parameter it says what reading that parameter may refuse. What every route of a kind sends (401 behind a token, 429, 415,
 * …) is documented by rule in `src/http/refusal-rules.ts`.
 *
 * @example
 * ```ts
 * @Refuses(InvalidOtp, { refusal: NotFound, when: 'There was no such request.' })
 * ```
 */
export function Refuses(
  ...refusals: (RefusalClass | DeclaredRefusal)[]
): ClassDecorator & MethodDecorator & ParameterDecorator {
  const declared = refusals.map((it) => ('refusal' in it ? it : { refusal: it }));
  return (target: object, method?: string | symbol) => {
    const place = method === undefined ? target : (target as Record<string | symbol, object>)[method]!;
    // Decorators of parameters come before those of their method, and the last one of several first.
    Reflect.defineMetadata(REFUSES, [...declared, ...refusalsDeclaredAt(place)], place);
  };
}

/**
 * @param place a controller's class, or one of its methods
 * @returns in the order in which they stand there
 */
export function refusalsDeclaredAt(place: object): readonly DeclaredRefusal[] {
  return (Reflect.getOwnMetadata(REFUSES, place) as DeclaredRefusal[] | undefined) ?? [];
}
