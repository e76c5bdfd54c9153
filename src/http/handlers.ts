import { Injectable } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { refusalsDeclaredAt, type DeclaredRefusal } from '../error/refuses';
import { SIGNED_IN } from '../session/caller';

type Controller = abstract new (...services: never[]) => object;
type Handler = () => unknown;

/** What the decorators of all controllers say of their routes. */
@Injectable()
export class Handlers {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /**
   * What a route's documentation is made from.
   *
   * @param operationId of the OpenAPI document: the name of the route's method
   * @returns the refusals that its controller declares, then its own
   */
  refusalsOf(operationId: string): DeclaredRefusal[] {
    const places = this.all().filter(([, handler]) => handler.name === operationId);
    return places.flat().flatMap(refusalsDeclaredAt);
  }

  /**
   * What a request needs that no route takes: 401 comes before 405.
   *
   * @returns the paths of all routes that are `@SignedIn()`, as `/api/account/sessions/:id/`
   */
  pathsBehindToken(): string[] {
    return this.all()
      .filter(([controller, handler]) =>
        [controller, handler].some((it) => Reflect.getMetadata(SIGNED_IN, it) === true),
      )
      .flatMap(([controller, handler]) =>
        pathsAt(controller).flatMap((base) => pathsAt(handler).map((end) => joined(base, end))),
      );
  }

  private all(): [Controller, Handler][] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      const controller = metatype as Controller;
      const methods = controller.prototype as Record<string, Handler>;
      return this.scanner
        .getAllMethodNames(methods)
        .map((name) => methods[name]!)
        .filter((method) => Reflect.hasMetadata(PATH_METADATA, method))
        .map((handler): [Controller, Handler] => [controller, handler]);
    });
  }
}

function pathsAt(place: Controller | Handler): string[] {
  return [Reflect.getMetadata(PATH_METADATA, place) as string | string[]].flat();
}

/** As Nest joins them: with one slash between their parts. */
function joined(...paths: string[]): string {
  const parts = paths.flatMap((path) => path.split('/')).filter((part) => part !== '');
  return `/${parts.join('/')}/`;
}
