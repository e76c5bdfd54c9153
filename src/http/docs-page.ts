import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const types = { css: 'text/css', js: 'text/javascript', png: 'image/png' } as const;

const packageFolder = dirname(require.resolve('swagger-ui-dist/package.json'));
const packageFiles = ['swagger-ui.css', 'index.css', 'swagger-ui-bundle.js', 'favicon-16x16.png', 'favicon-32x32.png'];

/** Run by the page; a file of its own, as the page may run no inline script. */
const start = `const url = new URL('../openapi.json', document.currentScript.src).href;
window.onload = () => {
  window.ui = SwaggerUIBundle({
    url,
    dom_id: '#swagger-ui',
    deepLinking: true,
    persistAuthorization: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
  });
};
`;
const startFile = 'swagger-ui-start.js';

/** All that the page loads beside the OpenAPI document. */
export const docsFiles: readonly string[] = [...packageFiles, startFile];

/** @returns the bytes of one of `docsFiles`, and their media type */
export function docsFile(name: string): { type: string; bytes: Buffer } {
  const ending = name.slice(name.lastIndexOf('.') + 1) as keyof typeof types;
  const bytes = name === startFile ? Buffer.from(start) : readFileSync(join(packageFolder, name));
  return { type: `${types[ending]}${ending === 'png' ? '' : '; charset=utf-8'}`, bytes };
}

/**
 * Swagger UI.
 *
 * @param base where the files are, as seen from the page; ends in a slash
 */
export function docsPage(base: string): string {
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <title>Hodi</title>
    <link rel="stylesheet" href="${base}swagger-ui.css">
    <link rel="stylesheet" href="${base}index.css">
    <link rel="icon" type="image/png" href="${base}favicon-32x32.png" sizes="32x32">
    <link rel="icon" type="image/png" href="${base}favicon-16x16.png" sizes="16x16">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${base}swagger-ui-bundle.js"></script>
    <script src="${base}${startFile}"></script>
  </body>
</html>
`;
}
