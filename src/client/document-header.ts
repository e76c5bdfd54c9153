import { ApiHeader, type ApiHeaderOptions } from '@nestjs/swagger';

/**
 * For a decorator that reads a header into a parameter: documents the header at each route that has such a parameter.
 *
 * @example
 * ```ts
 * createParamDecorator(read, [documentHeader({ name: 'Accept-Language' })])
 * ```
 */
export function documentHeader(header: ApiHeaderOptions): ParameterDecorator {
  return (target, method) => {
    if (method === undefined) return;
    ApiHeader({ required: false, ...header })(target, method, Object.getOwnPropertyDescriptor(target, method)!);
  };
}
