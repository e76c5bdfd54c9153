import { Controller, Get, Header, Injectable, Req, Res } from '@nestjs/common';
import { ApiExcludeController, type OpenAPIObject } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { dump } from 'js-yaml';
import { ClientSettings } from '../client/client-settings';
import { docsPrefix, openApiFile, pathOf } from '../client/request-path';
import { docsFile, docsFiles, docsPage } from './docs-page';

/** The OpenAPI document, which is made once all controllers are known. */
@Injectable()
export class ApiDocument {
  private made?: OpenAPIObject;

  /** To be called once, before the service listens. */
  set(document: OpenAPIObject): void {
    this.made = document;
  }

  /** @throws if it is asked for before it is made */
  get(): OpenAPIObject {
    if (this.made === undefined) throw new Error('the OpenAPI document is not made yet');
    return this.made;
  }
}

/** Swagger UI and the OpenAPI document, unless `API_DOCS` is off. */
@ApiExcludeController()
@Controller()
export class DocsController {
  private readonly policy: string;

  constructor(
    private readonly document: ApiDocument,
    { publicUrl }: ClientSettings,
  ) {
    // `Execute` calls the server that the document names.
    const callable = publicUrl === undefined ? "'self'" : `'self' ${new URL(publicUrl).origin}`;
    this.policy =
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src ${callable}; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  }

  @Get([`${docsPrefix}/`, `${docsPrefix}/index.html`])
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    reply.header('Content-Security-Policy', this.policy);
    return docsPage(pathOf(request).endsWith('/docs') ? './docs/' : './');
  }

  @Get(docsFiles.map((name) => `${docsPrefix}/${name}`))
  @Header('Cache-Control', 'public, max-age=3600')
  file(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Buffer {
    const { type, bytes } = docsFile(docsFiles.find((name) => request.routeOptions.url?.includes(`/${name}`))!);
    reply.header('Content-Type', type);
    return bytes;
  }

  @Get(`${openApiFile}.json`)
  json(): OpenAPIObject {
    return this.document.get();
  }

  @Get(`${openApiFile}.yaml`)
  @Header('Content-Type', 'text/yaml; charset=utf-8')
  yaml(): string {
    return dump(this.document.get(), { skipInvalid: true, noRefs: true });
  }
}
