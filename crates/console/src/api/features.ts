// What this server can do, read from its own description: the console shows no button that has no route.
import { signal } from '@preact/signals';

interface Description {
  paths: Record<string, Record<string, Operation> | undefined>;
  components?: { schemas?: Record<string, Schema> };
}
interface Operation {
  parameters?: { name: string }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}
interface Schema {
  $ref?: string;
  properties?: Record<string, unknown>;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

export interface Features {
  /** Orders by a part of a number, reference, name, e-mail or phone. */
  orderSearch: boolean;
  /** Refunds that name items and put pieces back into stock. */
  itemRefunds: boolean;
  orderExport: boolean;
  apiKeys: boolean;
  webhooks: boolean;
}

const NONE: Features = { orderSearch: false, itemRefunds: false, orderExport: false, apiKeys: false, webhooks: false };

/** How long the description may take. */
const DESCRIPTION_MS = 30_000;

export const features = signal<Features>(NONE);

export async function readFeatures(): Promise<void> {
  try {
    const response = await fetch('/openapi.json', { credentials: 'omit', signal: AbortSignal.timeout(DESCRIPTION_MS) });
    features.value = featuresOf((await response.json()) as Description);
  } catch {
    // Without the description the console does what every edition of the API can do.
    features.value = NONE;
  }
}

export function featuresOf(api: Description): Features {
  const has = (path: string, method = 'get'): boolean => api.paths[path]?.[method] !== undefined;
  const parameters = api.paths['/v1/orders']?.['get']?.parameters ?? [];
  const refund = api.paths['/v1/payments/{transactionId}/refunds']?.['post']?.requestBody?.content?.['application/json'];
  return {
    orderSearch: parameters.some((it) => it.name === 'q'),
    itemRefunds: hasMember(api, refund?.schema, 'items', 4),
    orderExport: has('/v1/orders/export'),
    apiKeys: has('/v1/api-keys'),
    webhooks: has('/v1/webhook-endpoints'),
  };
}

function hasMember(api: Description, schema: Schema | undefined, member: string, depth: number): boolean {
  if (schema === undefined || depth === 0) return false;
  if (schema.$ref) return hasMember(api, api.components?.schemas?.[schema.$ref.split('/').pop() ?? ''], member, depth - 1);
  const parts = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  return schema.properties?.[member] !== undefined || parts.some((it) => hasMember(api, it, member, depth - 1));
}
