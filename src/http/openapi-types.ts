import type { OpenAPIObject } from '@nestjs/swagger';

/** Parts of an OpenAPI document, of which @nestjs/swagger exports only the whole. */
export type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['get']>;
export type Response = Extract<NonNullable<Operation['responses']['default']>, { description: string }>;
export type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];
export type ObjectSchema = Exclude<Schema, { $ref: string }>;
